"""Ad creatives and what kind each is.

API page: https://developers.facebook.com/docs/marketing-api/reference/ad-creative
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from insights_assets.graph_api.entities import CreativeType
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
    effective_object_story_id: str | None
    product_set_id: str | None
    url: str | None
    dropped_fields: tuple[str, ...] = ()

    @property
    def creative_type(self) -> CreativeType:
        """Dynamic before carousel before video before image: a catalogue carousel is dynamic, a video has a picture."""
        story = self.object_story_spec
        link = _nested(story, "link_data")
        if self.asset_feed_spec or self.product_set_id or story.get("template_data"):
            return "dynamic"
        if link.get("child_attachments"):
            return "carousel"
        if story.get("video_data") or self.video_id or self.object_type == "VIDEO":
            return "video"
        has_image = bool(self.image_url or self.image_hash)
        if link or story.get("photo_data") or has_image or self.object_type == "PHOTO":
            return "image"
        # A shared post without a story or a picture can be anything; only the post itself would tell.
        return "image" if self.object_type == "SHARE" and self.thumbnail_url else "unknown"

    @classmethod
    def from_json(cls, source: object) -> Self:
        """Reads a creative node.

        Raises:
            MalformedRecordError: The id is missing or a field has another shape.
        """
        read = Fields("Creative", source)
        story = read.mapping("object_story_spec")
        return cls(
            id=read.required("id"),
            name=read.text("name") or "",
            title=read.text("title"),
            body=read.text("body"),
            object_type=read.text("object_type"),
            video_id=read.text("video_id"),
            image_url=read.text("image_url"),
            thumbnail_url=read.text("thumbnail_url"),
            image_hash=read.text("image_hash"),
            object_story_spec=story,
            asset_feed_spec=read.mapping("asset_feed_spec"),
            effective_object_story_id=read.text("effective_object_story_id"),
            product_set_id=read.text("product_set_id"),
            url=read.text("link_url") or read.text("object_url") or read.text("url") or _destination(story),
            dropped_fields=tuple(str(name) for name in read.rows(DROPPED)),
        )


def _nested(source: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = source.get(key)
    return value if isinstance(value, Mapping) else {}


def _destination(story: Mapping[str, Any]) -> str | None:
    """Where a click leads: the link, or the call to action's link of a video."""
    for part in ("link_data", "video_data", "template_data"):
        data = _nested(story, part)
        target = data.get("link") or _nested(_nested(data, "call_to_action"), "value").get("link")
        if isinstance(target, str):
            return target
    return None
