"""Which videos the creatives of an account hold, and where each of them can be read.

Belongs here: their ids, and what the API does with each. Does not belong here: their JSON (`creatives.py`).
"""

from collections.abc import Iterable
from typing import Final

from insights_assets.sandbox.objects import Creative, Video

# Of ten creatives of the kind: carousels with videos on two cards, and feeds with a video that was deleted since.
VIDEO_CARDS_IN_TEN: Final = 5
DELETED_IN_TEN: Final = 3
CARDS_WITH_VIDEO: Final = (1, 3)


def videos_of(creative: Creative) -> tuple[Video, ...]:
    """The videos of a creative in its own order: of a feed first the library's; of a carousel, card by card.

    As with Meta, a feed holds videos that the account's library does not list, and so do cards made by a page; they are
    read by their own id. A deleted video stays in the specs of its creatives.
    """
    draw = int(creative.id) % 10
    if creative.kind == "video":
        return (Video(video_id(creative), creative),)
    if creative.kind == "dynamic":
        feed = (Video(video_id(creative), creative), Video(_another(creative, 1), creative, "page"))
        return (*feed, Video(_another(creative, 2), creative, "deleted")) if draw < DELETED_IN_TEN else feed
    if creative.kind == "carousel" and draw < VIDEO_CARDS_IN_TEN:
        return (Video(_another(creative, 1), creative), Video(_another(creative, 3), creative, "page"))
    return ()


def library(creatives: Iterable[Creative]) -> list[Video]:
    """What `advideos` lists."""
    return [video for one in creatives for video in videos_of(one) if video.home == "library"]


def video_id(creative: Creative) -> str:
    """Id of a creative's own video."""
    return f"7{creative.id[1:16]}"


def _another(creative: Creative, part: int) -> str:
    return f"7{creative.id[3:]}{part}"
