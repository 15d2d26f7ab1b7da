"""What a creative's specs say: its kind, where it was made, its cards and videos, and until when its urls work.

API pages: https://developers.facebook.com/docs/marketing-api/reference/ad-creative-object-story-spec and
https://developers.facebook.com/docs/marketing-api/reference/ad-asset-feed-spec
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal
from urllib.parse import parse_qs, urlsplit

CreativeType = Literal["video", "image", "carousel", "dynamic", "unknown"]
Origin = Literal["catalogue", "asset_feed", "existing_post", "story_spec", "unknown"]
Spec = Mapping[str, Any]

# A feed with this optimization only fits one picture to its placements; any other lets Meta choose among the assets.
PLACEMENT: Final = "PLACEMENT"


@dataclass(frozen=True, slots=True)
class Card:
    """One card of a carousel; ``picture_url`` expires, ``image_hash`` and ``video_id`` do not."""

    link: str | None
    name: str | None
    description: str | None
    image_hash: str | None
    picture_url: str | None
    video_id: str | None


@dataclass(frozen=True, slots=True)
class FeedVideo:
    """One video of an asset feed; ``thumbnail_url`` is the feed's own, where it names one, and expires."""

    video_id: str
    thumbnail_url: str | None


def nested(source: Spec, key: str) -> Spec:
    """An object inside a spec; empty when it is missing or something else."""
    value = source.get(key)
    return value if isinstance(value, Mapping) else {}


def feed_kind(feed: Spec) -> CreativeType | None:
    """What an asset feed makes; None when there is none.

    Meta chooses among the assets of a feed, so what is shown is dynamic. Where the feed only names the same picture or
    video cut for each placement, it is that picture or video.
    """
    if not feed:
        return None
    if feed.get("optimization_type") == PLACEMENT:
        images, videos, carousels = (bool(feed.get(name)) for name in ("images", "videos", "carousels"))
        kinds: list[CreativeType] = []
        kinds += ["image"] if images else []
        kinds += ["video"] if videos else []
        kinds += ["carousel"] if carousels else []
        if len(kinds) == 1:
            return kinds[0]
    return "dynamic"


def cards(story: Spec) -> tuple[Card, ...]:
    """The cards of a carousel, in their order; a catalogue's template has none of its own."""
    children = nested(story, "link_data").get("child_attachments")
    if not isinstance(children, list):
        return ()
    names = ("link", "name", "description", "image_hash", "picture", "video_id")
    return tuple(Card(*(_text(child.get(n)) for n in names)) for child in children if isinstance(child, Mapping))


def feed_videos(feed: Spec) -> tuple[FeedVideo, ...]:
    """The videos of an asset feed in their order, each once: one can be named for several placements."""
    listed = feed.get("videos")
    if not isinstance(listed, list):
        return ()
    entries = (entry for entry in listed if isinstance(entry, Mapping))
    videos = [FeedVideo(one, _text(e.get("thumbnail_url"))) for e in entries if (one := _text(e.get("video_id")))]
    first: dict[str, FeedVideo] = {}
    for video in videos:
        first.setdefault(video.video_id, video)
    return tuple(first.values())


def own_video(story: Spec, feed: Spec) -> str | None:
    """The one video that it is, where Meta names none: its story's, or a placement feed's first cut.

    Meta leaves ``video_id`` out of many creatives (github.com/facebook/facebook-nodejs-business-sdk/issues/273).
    """
    told = _text(nested(story, "video_data").get("video_id"))
    if told or feed_kind(feed) != "video":
        return told
    return next((video.video_id for video in feed_videos(feed)), None)


def expires_at(urls: Iterable[str | None]) -> datetime | None:
    """When the first of some urls stops working; None when none of them says.

    Meta's content network signs urls for a time: ``oe`` holds the end as hexadecimal Unix seconds, ``ext`` as decimal.
    """
    ends = [end for url in urls if url and (end := _end(url)) is not None]
    return min(ends, default=None)


def destination(story: Spec) -> str | None:
    """Where a click leads: the link, or the call to action's link of a video."""
    for part in ("link_data", "video_data", "template_data"):
        data = nested(story, part)
        target = data.get("link") or nested(nested(data, "call_to_action"), "value").get("link")
        if isinstance(target, str):
            return target
    return None


def _end(url: str) -> datetime | None:
    try:
        asked = parse_qs(urlsplit(url).query)
        for name, base in (("oe", 16), ("ext", 10)):
            if name in asked:
                return datetime.fromtimestamp(int(asked[name][0], base), UTC)
    except (ValueError, OverflowError, OSError):
        return None  # an address of another make
    return None


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None
