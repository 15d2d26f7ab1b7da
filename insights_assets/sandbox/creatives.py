"""The JSON of creatives, one shape for each type."""

from datetime import UTC, datetime, time
from typing import Any, Final

from insights_assets.sandbox.objects import Creative, Video
from insights_assets.sandbox.videos import CARDS_WITH_VIDEO, video_id, videos_of
from insights_assets.sandbox.world import AccountWorld

LANDING = "https://example.invalid/shop"
URL_DAYS: Final = 14
VIDEO_URL_DAYS: Final = 5


def _video(creative: Creative) -> dict[str, Any]:
    data = {
        "video_id": video_id(creative),
        "message": creative.name,
        "title": creative.name,
        "call_to_action": {"type": "SHOP_NOW", "value": {"link": LANDING}},
    }
    return {
        "object_type": "VIDEO",
        "video_id": data["video_id"],
        "object_story_spec": {"page_id": creative.page_id, "video_data": data},
    }


def _image(creative: Creative) -> dict[str, Any]:
    link = {"link": LANDING, "message": creative.name, "image_hash": f"{int(creative.id):032x}"}
    return {
        "object_type": "SHARE",
        "image_hash": link["image_hash"],
        "object_story_spec": {"page_id": creative.page_id, "link_data": link},
    }


def _carousel(creative: Creative) -> dict[str, Any]:
    # A card shows a picture of the library or a video; a video's card has a picture too, but no hash of its own.
    shown = {part: {"image_hash": f"{int(creative.id) + part:032x}"} for part in range(1, 5)}
    shown |= {p: {"video_id": video.id} for p, video in zip(CARDS_WITH_VIDEO, videos_of(creative), strict=False)}
    children = [
        {
            "link": f"{LANDING}/{part}",
            "name": f"{creative.name} {part}",
            "description": f"{creative.name}, card {part}",
            "picture": f"https://example.invalid/cards/{creative.id}-{part}.jpg",
            **what,
        }
        for part, what in shown.items()
    ]
    link = {"link": LANDING, "message": creative.name, "child_attachments": children, "multi_share_optimized": True}
    return {"object_type": "SHARE", "object_story_spec": {"page_id": creative.page_id, "link_data": link}}


def _dynamic(creative: Creative) -> dict[str, Any]:
    feed = {
        "images": [{"hash": f"{int(creative.id) + part:032x}"} for part in range(3)],
        "videos": [
            {"video_id": video.id, "thumbnail_url": f"https://example.invalid/feeds/{video.id}.jpg"}
            for video in videos_of(creative)
        ],
        "titles": [{"text": creative.name}],
        "bodies": [{"text": f"{creative.name} body"}],
        "link_urls": [{"website_url": LANDING}],
        "ad_formats": ["AUTOMATIC_FORMAT"],
    }
    return {
        "object_type": "SHARE",
        "asset_feed_spec": feed,
        "object_story_spec": {"page_id": creative.page_id},
    }


def _post(_: Creative) -> dict[str, Any]:
    return {"object_type": "STATUS"}


def _catalogue(creative: Creative) -> dict[str, Any]:
    template = {"link": LANDING, "message": "{{product.name}}", "name": "{{product.price}}"}
    return {
        "object_type": "SHARE",
        "product_set_id": f"8{creative.id[1:16]}",
        "object_story_spec": {"page_id": creative.page_id, "template_data": template},
    }


SHAPES = {
    "video": _video,
    "image": _image,
    "carousel": _carousel,
    "dynamic": _dynamic,
    "post": _post,
    "catalogue": _catalogue,
}


def signed(url: str, made: AccountWorld, today: int, days: int = URL_DAYS) -> str:
    """A url that works for some days from the one on which it is served, as Meta's content network signs them."""
    end = datetime.combine(made.date_of(today + days), time(), UTC)
    return f"{url}?oh=00_{today:x}&oe={int(end.timestamp()):X}"


def creative_json(made: AccountWorld, creative: Creative, today: int) -> dict[str, Any]:
    """All fields of a creative as served on a day; None where its type has no such field."""
    empty = dict.fromkeys(
        ("video_id", "image_hash", "object_story_spec", "asset_feed_spec", "product_set_id", "template_url", "url_tags")
    )
    return {
        **empty,
        "id": creative.id,
        "account_id": made.account.account_id,
        "name": creative.name,
        "title": creative.name,
        "body": f"{creative.name} body",
        "status": "ACTIVE",
        "actor_id": creative.page_id,
        "call_to_action_type": "SHOP_NOW",
        "effective_object_story_id": creative.post_id,
        "object_story_id": creative.post_id if creative.kind == "post" else None,
        "thumbnail_url": signed(f"https://example.invalid/thumbnails/{creative.id}.jpg", made, today),
        "image_url": signed(f"https://example.invalid/images/{creative.id}.jpg", made, today),
        "link_url": LANDING,
        "instagram_permalink_url": None,
        **SHAPES[creative.kind](creative),
    }


def video_json(made: AccountWorld, video: Video, today: int) -> dict[str, Any]:
    """All fields of a video as served on a day; its source is signed for a shorter time than pictures are."""
    return {
        "id": video.id,
        "title": video.creative.name,
        "description": None,
        "length": 15.0,
        "source": signed(f"https://example.invalid/videos/{video.id}.mp4", made, today, VIDEO_URL_DAYS),
        "picture": signed(f"https://example.invalid/videos/{video.id}.jpg", made, today),
        "status": {"video_status": "ready"},
    }
