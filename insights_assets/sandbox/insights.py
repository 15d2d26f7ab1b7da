"""Answers an insights question from the facts: sums over windows, and unique reach that does not add up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from insights_assets.sandbox.action_rows import split_windows
from insights_assets.sandbox.objects import Ad, AdSet, Campaign
from insights_assets.sandbox.restatement import Reported, report
from insights_assets.sandbox.status import created_day
from insights_assets.sandbox.world import AccountWorld

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEVELS: Final = ("account", "campaign", "adset", "ad")
# Audiences of siblings overlap: a group reaches fewer people than its parts have together.
OVERLAP: Final = {"adset": 0.85, "campaign": 0.8, "account": 0.75}


@dataclass(frozen=True)
class Question:
    """What is asked of one account.

    Attributes:
        level: One of `LEVELS`.
        since: First day number.
        until: Last day number.
        increment: Days in each window; 0 for one window over all days.
        windows: Attribution windows wanted beside the default.
        keep: Which ads count at all.
        show: Which entities of the level have rows.
    """

    level: str
    since: int
    until: int
    increment: int
    windows: tuple[str, ...]
    keep: Callable[[Ad], bool]
    show: Callable[[Campaign | AdSet | Ad], bool]


@dataclass(frozen=True)
class Answer:
    """Rows as arrays: one entry for each entity and window with delivery.

    Attributes:
        made: The account.
        question: What was asked.
        entities: The entities of the level; None stands for the account.
        entity: Index into `entities` of each row.
        first: First day number of each row's window.
        last: Last day number of each row's window.
        sums: Added columns of each row; `reach` among them is unique over the window.
        tired: Mean fatigue of each row.
    """

    made: AccountWorld
    question: Question
    entities: list[Campaign | AdSet | Ad | None]
    entity: Ints
    first: Ints
    last: Ints
    sums: dict[str, Ints]
    tired: Floats

    def __len__(self) -> int:
        return int(self.entity.size)

    def only(self, rows: NDArray[np.bool_]) -> "Answer":
        """The rows that a mask keeps."""
        sums = {name: values[rows] for name, values in self.sums.items()}
        parts = (self.entity[rows], self.first[rows], self.last[rows])
        return Answer(self.made, self.question, self.entities, *parts, sums, self.tired[rows])


class Change(Protocol):
    """A planted departure from the facts."""

    def reported(self, made: AccountWorld, seen: Reported, today: int) -> Reported:
        """The cells as they are told."""

    def answered(self, answer: Answer) -> Answer:
        """The rows as they are told."""


def answer(made: AccountWorld, question: Question, now: datetime, changes: Sequence[Change] = ()) -> Answer:
    """Computes all rows of a question as reported at `now`, changed by what is planted."""
    today = made.today(now)
    until = min(question.until, today)
    kept = np.array([question.keep(ad) and created_day(ad) <= today for ad in made.ads], dtype=bool)
    seen = _only(report(made, question.since, until, now), kept)
    for change in changes:
        seen = change.reported(made, seen, today)
    columns = dict(seen.columns)
    if question.windows:
        columns |= split_windows(columns, seen.dither)
    span = question.increment or max(until - question.since + 1, 1)
    window = (seen.day - question.since) // span
    count = max(0, -(-(until - question.since + 1) // span))
    entities, of_ad = _entities(made, question.level)
    size = len(entities) * count
    key = of_ad[seen.ad] * count + window
    totals = {name: _sum(key, values, size) for name, values in columns.items()}
    totals["reach"] = UniqueReach(made, seen, question.since, span, count).at(question.level).ravel()
    tired = np.bincount(key, weights=seen.tired * columns["impressions"], minlength=size)
    shown = np.array([entity is None or question.show(entity) for entity in entities], dtype=bool)
    rows = np.flatnonzero((totals["impressions"] > 0) & np.repeat(shown, count))
    first = question.since + (rows % max(count, 1)) * span
    told = Answer(
        made=made,
        question=question,
        entities=entities,
        entity=rows // max(count, 1),
        first=first,
        last=np.minimum(first + span - 1, until),
        sums={name: values[rows] for name, values in totals.items()},
        tired=tired[rows] / np.maximum(totals["impressions"][rows], 1),
    )
    for change in changes:
        told = change.answered(told)
    return told


def _only(seen: Reported, kept: NDArray[np.bool_]) -> Reported:
    mask = kept[seen.ad] if seen.ad.size else np.zeros(0, dtype=bool)
    columns = {name: values[mask] for name, values in seen.columns.items()}
    return Reported(seen.ad[mask], seen.day[mask], columns, seen.tired[mask], seen.dither[mask])


def _sum(key: Ints, values: Ints, size: int) -> Ints:
    # Sums stay far below 2**53, so adding in floats is exact.
    return np.rint(np.bincount(key, weights=values, minlength=size)).astype(np.int64)


def _entities(made: AccountWorld, level: str) -> tuple[list[Campaign | AdSet | Ad | None], Ints]:
    """The entities of a level, and for each ad the index of the one it belongs to."""
    if level == "ad":
        return list(made.ads), np.arange(len(made.ads), dtype=np.int64)
    if level == "account":
        return [None], np.zeros(len(made.ads), dtype=np.int64)
    if level == "adset":
        owners: list[Campaign | AdSet | Ad | None] = list(made.adsets)
        return owners, np.array([made.adsets.index(ad.adset) for ad in made.ads], dtype=np.int64)
    owners = list(made.campaigns)
    return owners, np.array([made.campaigns.index(ad.adset.campaign) for ad in made.ads], dtype=np.int64)


class UniqueReach:
    """Unique people by entity and window, from a saturation model.

    Over a window an ad reaches N * (1 - exp(-sum of daily reach / N)) of an audience of N, and a group reaches its
    children's people the same way. The result is clamped between the largest part and the sum of the parts, over
    both days and children, which is what real unique counts obey.

    Args:
        made: The account.
        seen: Reported cells.
        since: First day number.
        span: Days in a window.
        count: How many windows.
    """

    def __init__(self, made: AccountWorld, seen: Reported, since: int, span: int, count: int) -> None:
        self.made, self.seen, self.since, self.span, self.count = made, seen, since, span, count
        self.days = span * count
        self.audience = np.array([ad.audience for ad in made.ads])

    def at(self, level: str) -> Ints:
        """Unique reach at a level, shape (entities, windows)."""
        daily = self._daily()
        reach = daily if self.span == 1 else self._over_days(daily, self.audience)
        owners = np.arange(len(self.made.ads))
        sizes: Floats = self.audience
        for group in ("adset", "campaign", "account"):
            if LEVELS.index(group) < LEVELS.index(level):
                break
            entities, of_ad = _entities(self.made, group)
            # Parent of each entity of the level below, by way of any one of its ads.
            parent = np.zeros(int(owners.max()) + 1 if owners.size else 0, dtype=np.int64)
            parent[owners] = of_ad
            below = np.zeros(parent.size)
            below[: sizes.size] = sizes[: parent.size]
            overlap = np.float64(OVERLAP[group])
            sizes = (np.bincount(parent, weights=below, minlength=len(entities)) * overlap).astype(np.float64)
            daily_up = self._over_children(daily, parent, sizes)
            if self.span == 1:
                reach = daily_up
            else:
                reach = self._within_days(self._over_children(reach[: parent.size], parent, sizes), daily_up)
            daily, owners = daily_up, of_ad
        return reach

    def _daily(self) -> Ints:
        result = np.zeros((len(self.made.ads), self.days), dtype=np.int64)
        result[self.seen.ad, self.seen.day - self.since] = self.seen.columns["reach"]
        return result

    def _by_window(self, daily: Ints) -> Ints:
        return daily.reshape(daily.shape[0], self.count, self.span)

    def _over_days(self, daily: Ints, audience: Floats) -> Ints:
        total = self._by_window(daily).sum(axis=2)
        return self._within_days(_saturate(total, audience[:, None]), daily)

    def _within_days(self, reach: Ints, daily: Ints) -> Ints:
        parts = self._by_window(daily)
        return np.clip(reach, parts.max(axis=2, initial=0), parts.sum(axis=2))

    def _over_children(self, reach: Ints, parent: Ints, audience: Floats) -> Ints:
        shape = (audience.size, reach.shape[1])
        total = np.zeros(shape, dtype=np.int64)
        largest = np.zeros(shape, dtype=np.int64)
        np.add.at(total, parent, reach[: parent.size])
        np.maximum.at(largest, parent, reach[: parent.size])
        return np.clip(_saturate(total, audience[:, None]), largest, total)


def _saturate(total: Ints, audience: Floats) -> Ints:
    people = np.maximum(audience, 1.0)
    unique: Ints = np.floor(-people * np.expm1(-total / people)).astype(np.int64)
    return unique
