"""Finds objects of an account."""

from collections.abc import Sequence

from insights_assets.sandbox.filters import Entity
from insights_assets.sandbox.objects import Ad, AdSet, Campaign, Creative, Video
from insights_assets.sandbox.status import created_day
from insights_assets.sandbox.videos import videos_of
from insights_assets.sandbox.world import AccountWorld


def creative_ids(entities: Sequence[Entity | Creative | Video]) -> list[str]:
    """Ids of the creatives among the entities, and of those that ads show."""
    creatives = [
        item if isinstance(item, Creative) else item.creative if isinstance(item, Ad) else None for item in entities
    ]
    return [item.id for item in creatives if item is not None]


def find(made: AccountWorld, object_id: str, today: int) -> Entity | Creative | Video | None:
    """An object by its id; None when there is none, not yet, or no more."""
    groups: tuple[tuple[Campaign | AdSet | Ad, ...], ...] = (made.campaigns, made.adsets, made.ads)
    for group in groups:
        for item in group:
            if item.id == object_id:
                return item if created_day(item) <= today else None
    for creative in made.creatives:
        if creative.id == object_id:
            return creative
        for video in videos_of(creative):
            if video.id == object_id:
                return None if video.home == "deleted" else video
    return None
