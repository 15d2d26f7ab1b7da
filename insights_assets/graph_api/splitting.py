"""What one report asks for, and how to ask for less: by time, then by entities, then by fields."""

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from insights_assets.graph_api.errors import GraphApiError
from insights_assets.graph_api.periods import Period
from insights_assets.graph_api.questions import Level, insight_params

logger = logging.getLogger(__name__)

EntityIds = Callable[[], Iterable[str]]

# What a row can do without, heaviest first: eight arrays of video actions, then four windows of every action.
WINDOWS_FIELD: Final = "action_attribution_windows"
HEAVY: Final = (
    (
        "video_play_actions",
        "video_p25_watched_actions",
        "video_p50_watched_actions",
        "video_p75_watched_actions",
        "video_p95_watched_actions",
        "video_p100_watched_actions",
        "video_thruplay_watched_actions",
        "video_avg_time_watched_actions",
    ),
    (WINDOWS_FIELD,),
    ("outbound_clicks", "quality_ranking", "engagement_rate_ranking", "conversion_rate_ranking"),
)


@dataclass(frozen=True, slots=True)
class Ask:
    """One insights question.

    Attributes:
        account: Account id with its prefix.
        level: What a row is about.
        fields: Fields wanted; those that do not exist at the level are left out of the request.
        windows: Attribution windows of the actions.
        period: Days asked for.
        step: ``time_increment`` in days.
        ids: Only these entities of the level; None for all.
        dropped: Fields that were wanted and given up.
    """

    account: str
    level: Level
    fields: tuple[str, ...]
    windows: tuple[str, ...]
    period: Period
    step: int
    ids: tuple[str, ...] | None = None
    dropped: tuple[str, ...] = ()

    def params(self) -> dict[str, str]:
        """The request's parameters but for its page size."""
        params = insight_params(self.level, self.windows, self.fields, ids=self.ids)
        return {**params, "time_increment": str(self.step), "time_range": self.period.parameter()}

    def without(self, names: Iterable[str]) -> "Ask":
        """The same question without some fields, which are marked as dropped."""
        gone = frozenset(names)
        lost = [name for name in self.fields if name in gone]
        windows = self.windows
        if WINDOWS_FIELD in gone and windows:
            lost, windows = [*lost, WINDOWS_FIELD], ()
        kept = tuple(name for name in self.fields if name not in gone)
        return replace(self, fields=kept, windows=windows, dropped=(*self.dropped, *lost))

    def __str__(self) -> str:
        which = "" if self.ids is None else f" of {len(self.ids)} entities"
        return f"{self.level} report of {self.account} for {self.period}{which}"


def narrower(ask: Ask, entity_ids: EntityIds) -> list[Ask] | None:
    """Smaller questions that together ask for the same rows.

    Args:
        ask: The question that was too large.
        entity_ids: Gives the ids of every entity of the level; asked only when one increment alone is too large.

    Returns:
        Halves by time, else by entities, else the same question with fewer fields; None when nothing is left to drop.

    Raises:
        GraphApiError: No entity is known although one increment has too much data for one answer: to go on would lose
            its rows without a word.
    """
    halves = ask.period.halves(ask.step)
    if halves is not None:
        return [replace(ask, period=half) for half in halves]
    if ask.level != "account":
        ids = ask.ids if ask.ids is not None else tuple(dict.fromkeys(entity_ids()))
        if not ids:
            raise _no_entities(ask)
        if len(ids) > 1:
            middle = len(ids) // 2
            return [replace(ask, ids=part) for part in (ids[:middle], ids[middle:])]
        ask = replace(ask, ids=ids)
    for group in HEAVY:
        lesser = ask.without(group)
        if lesser.dropped != ask.dropped:
            logger.warning("%s: too large still, so %s are left out", ask, json.dumps(lesser.dropped))
            return [lesser]
    return None


def _no_entities(ask: Ask) -> GraphApiError:
    return GraphApiError(
        "one increment is too large for one answer, but the account lists no entity to split it by",
        error_type="data",
        attempted=f"The {ask}",
        advice="Check that the token may list the account's ads, then run it again; nothing of it was kept.",
    )
