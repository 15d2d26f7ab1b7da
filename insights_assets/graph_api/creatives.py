"""Ad creatives and what kind each is.

API page: https://developers.facebook.com/docs/marketing-api/reference/ad-creative
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from insights_assets.graph_api import creative_specs
from insights_assets.graph_api.creative_specs import Card, CreativeType, FeedVideo, Origin
from insights_assets.graph_api.parsing import Fields

# Key of a row whose page could be read only without some fields; the API has no field of this name.
DROPPED: Final = "__dropped_fields__"


@dataclass(frozen=True, slots=True)
class Creative:
    """What people see. Image and thumbnail addresses expire; ``image_hash`` and ``video_id`` do not.

    ``dropped_fields`` names what Meta could not serve of a broken creative; its type is then a guess.
    """

    id: str
    name: str
    title: str | None
    body: str | None
    object_type: str | None
    video_id: str | None
    image_url: str | None
    thumbnail_url: str | None
    image_hash: str | None
    object_story_spec: dict[str, Any]
    asset_feed_spec: dict[str, Any]
    object_story_id: str | None
    effective_object_story_id: str | None
    product_set_id: str | None
    url: str | None
    dropped_fields: tuple[str, ...] = ()

    @property
    def creative_type(self) -> CreativeType:
        """Dynamic before carousel before video before image: a catalogue carousel is dynamic, a video has a picture.

        An existing post has no story of its own: its video or its picture tells.
        """
        story = self.object_story_spec
        link = creative_specs.nested(story, "link_data")
        if self.product_set_id or story.get("template_data"):
            return "dynamic"
        fed = creative_specs.feed_kind(self.asset_feed_spec)
        if fed:
            return fed
        if link.get("child_attachments"):
            return "carousel"
        if story.get("video_data") or self.video_id or self.object_type == "VIDEO":
            return "video"
        has_image = bool(self.image_url or self.image_hash)
        if link or story.get("photo_data") or has_image or self.object_type == "PHOTO":
            return "image"
        # A shared post without a story or a picture can be anything; only the post itself would tell.
        return "image" if self.object_type == "SHARE" and self.thumbnail_url else "unknown"

    @property
    def origin(self) -> Origin:
        """What it was made from: a catalogue, a feed of assets, a post that was there before, or a story of its own."""
        story = self.object_story_spec
        if self.product_set_id or story.get("template_data"):
            return "catalogue"
        if self.asset_feed_spec:
            return "asset_feed"
        if self.object_story_id:
            return "existing_post"
        if any(name.endswith("_data") for name in story):
            return "story_spec"
        # Every creative has an effective post once it ran; without a story to make it from, the post was there before.
        return "existing_post" if self.effective_object_story_id and not self.dropped_fields else "unknown"

    @property
    def cards(self) -> tuple[Card, ...]:
        """Cards of a carousel, in their order."""
        return creative_specs.cards(self.object_story_spec)

    @property
    def feed_videos(self) -> tuple[FeedVideo, ...]:
        """Videos of its asset feed, in their order."""
        return creative_specs.feed_videos(self.asset_feed_spec)

    @property
    def video_ids(self) -> frozenset[str]:
        """Every video in it: its own, those of its cards and those of its asset feed."""
        own = [self.video_id, *(card.video_id for card in self.cards)]
        return frozenset(one for one in own if one) | {video.video_id for video in self.feed_videos}

    def urls_expire_at(self, videos: Iterable[str | None] = ()) -> datetime | None:
        """When the first of its picture urls, or the given ones of its videos, stops working; None when none says."""
        return creative_specs.expires_at(
            [self.image_url, self.thumbnail_url, *videos, *(card.picture_url for card in self.cards)]
        )

    @classmethod
    def from_json(cls, source: object) -> Self:
        """Reads a creative node.

        Raises:
            MalformedRecordError: The id is missing or a field has another shape.
        """
        read = Fields("Creative", source)
        story, feed = read.mapping("object_story_spec"), read.mapping("asset_feed_spec")
        return cls(
            id=read.required("id"),
            name=read.text("name") or "",
            title=read.text("title"),
            body=read.text("body"),
            object_type=read.text("object_type"),
            video_id=read.text("video_id") or creative_specs.own_video(story, feed),
            image_url=read.text("image_url"),
            thumbnail_url=read.text("thumbnail_url"),
            image_hash=read.text("image_hash"),
            object_story_spec=story,
            asset_feed_spec=feed,
            object_story_id=read.text("object_story_id"),
            effective_object_story_id=read.text("effective_object_story_id"),
            product_set_id=read.text("product_set_id"),
            url=read.text("link_url")
            or read.text("object_url")
            or read.text("url")
            or creative_specs.destination(story),
            dropped_fields=tuple(str(name) for name in read.rows(DROPPED)),
        )
