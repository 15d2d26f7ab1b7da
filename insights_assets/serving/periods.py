"""Which days a report is about, and which days it holds them against.

Belongs here: calendar arithmetic. Does not belong here: rows (`totals.py`), sums (`comparison.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from insights_assets.problems import InputError

KINDS: Final = ("daily", "weekly", "yearly")
UNITS: Final[Mapping[str, str]] = {"daily": "day", "weekly": "week", "yearly": "year"}
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
MEDIAN_WEEKS = 4
CONTEXT_WEEKS = 16
"""Weeks up to its end of which a report shows findings, risks and curves; a year's would be a book."""


@dataclass(frozen=True)
class Span:
    """Days from `since` to `until`, both included."""

    since: date
    until: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.until - self.since).days + 1

    def back(self, by: timedelta) -> "Span":
        """As many days, earlier."""
        return Span(self.since - by, self.until - by)


@dataclass(frozen=True)
class Baseline:
    """What a period is held against: one span, or the median of several; `against` are the period's own days.

    `name` is for reading, `slug` for columns of a file.
    """

    name: str
    slug: str
    spans: tuple[Span, ...]
    against: Span


@dataclass(frozen=True)
class Period:
    """The days of a report. `whole` is false while days of its calendar day, week or year are still to come."""

    kind: str
    span: Span
    whole: bool
    baselines: tuple[Baseline, ...]

    @property
    def key(self) -> str:
        """Names the period: its first day; of a year, the year."""
        return str(self.span.since.year) if self.kind == "yearly" else self.span.since.isoformat()

    @property
    def since(self) -> date:
        """First day of the context: `CONTEXT_WEEKS` weeks up to the period's end."""
        return _monday(self.span.until) - (CONTEXT_WEEKS - 1) * WEEK


def period(kind: str, today: date, day: date | None = None) -> Period:
    """The period of a report.

    Args:
        kind: one of `KINDS`.
        today: the running day; it and later days are never part of a period.
        day: a day of the period. None: yesterday; for a week, a day of the last whole week; for a year, of
            yesterday's year up to yesterday.

    Raises:
        InputError: no day of that period is over.
    """
    yesterday = today - DAY
    asked = day or (today - WEEK if kind == "weekly" else yesterday)
    full = {"daily": Span(asked, asked), "weekly": _week(asked), "yearly": _year(asked.year)}[kind]
    if full.since > yesterday:
        raise InputError(
            f"The {UNITS[kind]} of {asked} has no day that is over yet; the newest such day is {yesterday}."
        )
    span = Span(full.since, min(full.until, yesterday))
    return Period(kind, span, span == full, _baselines(kind, span))


def from_history(found: Period, first: date | None) -> Period:
    """The period with what lies before the first stored day taken out of its baselines.

    A span of several that begins earlier is left out; of a single one the stored part is kept and held against the
    same days of the period, so that a year with half a year of history is not held against the half.
    """
    kept = [b for b in (_stored(each, first) for each in found.baselines) if b is not None] if first else []
    return Period(found.kind, found.span, found.whole, tuple(kept))


def _baselines(kind: str, span: Span) -> tuple[Baseline, ...]:
    if kind == "daily":
        return (
            Baseline("day before", "day_before", (span.back(DAY),), span),
            Baseline("same weekday last week", "week_before", (span.back(WEEK),), span),
        )
    if kind == "weekly":
        before = tuple(span.back(n * WEEK) for n in range(1, MEDIAN_WEEKS + 1))
        return (
            Baseline("week before", "week_before", before[:1], span),
            Baseline(f"median of the {MEDIAN_WEEKS} weeks before", "median", before, span),
        )
    year_before = Span(_earlier(span.since), _earlier(span.until))
    return (Baseline("same days of the year before", "year_before", (year_before,), span),)


def _stored(baseline: Baseline, first: date) -> Baseline | None:
    if len(baseline.spans) > 1:
        spans = tuple(s for s in baseline.spans if s.since >= first)
        name = f"median of the {len(spans)} weeks before"
        return Baseline(name, baseline.slug, spans, baseline.against) if len(spans) > 1 else None
    (span,) = baseline.spans
    if span.since >= first:
        return baseline
    if span.until < first or span.days <= WEEK.days:
        return None
    same = Span(baseline.against.since + (first - span.since), baseline.against.until)
    return Baseline(baseline.name, baseline.slug, (Span(first, span.until),), same)


def _week(day: date) -> Span:
    return Span(_monday(day), _monday(day) + timedelta(days=6))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _year(year: int) -> Span:
    return Span(date(year, 1, 1), date(year, 12, 31))


def _earlier(day: date) -> date:
    """The same day of the year before; 28 February for the 29th."""
    return day.replace(year=day.year - 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)
