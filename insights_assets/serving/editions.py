"""A report of a day, week or year: what is read for it, for some accounts, as of an instant.

Belongs here: which days each part reads. Does not belong here: words (`digest.py`), the page (`report.py`), files
(`files.py`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import polars as pl

from insights_assets.lake.store import Lake
from insights_assets.partitions import monday
from insights_assets.serving.comparison import Block, Comparison, compare, late, steps
from insights_assets.serving.creatives import RankedCreative, ranked_creatives
from insights_assets.serving.findings import collect
from insights_assets.serving.model import ReportData
from insights_assets.serving.periods import Period, Span, period
from insights_assets.serving.totals import Totals, entity_totals, read_totals, read_until
from insights_assets.serving.trust import Scope
from insights_assets.serving.year import Concentration, concentration, ranked_weeks
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.entities import ADS

MAX_COURSES = 4
TREND_DAYS = 28
EVERY: Mapping[str, str] = {"daily": "1d", "weekly": "1w", "yearly": "1mo"}


@dataclass(frozen=True)
class Course:
    """The course of one currency and result family: `steps` by day, week or month (`comparison.steps`)."""

    currency: str
    family: str
    steps: pl.DataFrame = field(repr=False)
    partial: frozenset[date]
    best: pl.DataFrame | None = field(default=None, repr=False)
    worst: pl.DataFrame | None = field(default=None, repr=False)
    unranked: int = 0
    spread: Concentration | None = None


@dataclass(frozen=True)
class Edition:
    """One report. `names` of accounts by id; `ad_names` of the ads that a year lists; `courses` of the largest spends.

    `creatives` are a week's best and worst: a day has too few results to tell, a year's are long gone. `chosen` are the
    accounts that were asked for; None: all.
    """

    comparison: Comparison
    data: ReportData
    courses: tuple[Course, ...]
    names: Mapping[str, str]
    ad_names: Mapping[str, str]
    chosen: tuple[str, ...] | None
    creatives: tuple[RankedCreative, ...] = ()

    @property
    def period(self) -> Period:
        """The days it is about."""
        return self.comparison.period


def make_edition(
    lake: Lake, kind: str, *, now: datetime, day: date | None = None, accounts: Collection[str] | None = None
) -> Edition:
    """Read everything a report says.

    Args:
        lake: where the tables are.
        kind: daily, weekly or yearly.
        now: the instant of the report, with a time zone.
        day: a day of the period; None: `periods.period` says which.
        accounts: account ids; None for all.

    Raises:
        InputError: no day of the period is over.
    """
    today = now.astimezone(UTC).date()
    found = period(kind, today, day)
    registry = lake.read(ACCOUNTS, accounts=accounts)
    earliest = min(span.since for b in found.baselines for span in b.spans)
    totals = read_totals(Scope(lake, accounts, min(earliest, _trend(found).since), found.span.until))
    zones = dict.fromkeys(totals.delivery["account_id"].unique(), "UTC")
    zones |= dict(registry.select("account_id", "timezone_name").iter_rows())
    behind = late(found, totals, read_until(lake, zones, totals.delivery, found.span.until))
    # One account that misses the last day halves a day's sums, and is nothing in a year's.
    counted = totals if kind == "yearly" else totals.without([a for a, _ in behind])
    comparison = compare(found, counted, behind)
    scope = Scope(lake, accounts, found.span.since, found.span.until)
    courses = _courses(scope, comparison, counted)
    data = collect(
        lake,
        accounts=accounts,
        since=found.since,
        until=_context_end(found, today),
        now=now,
        day=found.span.until if kind == "daily" else None,
    )
    return Edition(
        comparison=comparison,
        data=data,
        courses=courses,
        names={a.account_id: a.name for a in data.accounts},
        ad_names=_ad_names(lake, courses),
        chosen=None if accounts is None else tuple(sorted(accounts)),
        creatives=ranked_creatives(scope, found.span) if kind == "weekly" else (),
    )


def _trend(found: Period) -> Span:
    """Days of the curves: four weeks of days, the context's weeks, or the year and the one before it."""
    if found.kind == "daily":
        return Span(found.span.until - timedelta(days=TREND_DAYS - 1), found.span.until)
    if found.kind == "weekly":
        return Span(found.since, found.span.until)
    return Span(date(found.span.since.year - 1, 1, 1), found.span.until)


def _context_end(found: Period, today: date) -> date:
    """The period's end; beside the newest whole week also the running one, marked."""
    newest = found.kind == "weekly" and found.span.until >= monday(today) - timedelta(days=1)
    return today if newest else found.span.until


def _courses(scope: Scope, found: Comparison, totals: Totals) -> tuple[Course, ...]:
    """Of the family blocks with the most spend in each currency, one currency after the other."""
    blocks: dict[str, list[Block]] = {}
    for block in found.totals:
        if block.family is not None and block["spend"].current:
            blocks.setdefault(block.currency, []).append(block)
    most = max(map(len, blocks.values()), default=0)
    turns = [of[n] for n in range(most) for of in blocks.values() if n < len(of)][:MAX_COURSES]
    yearly = found.period.kind == "yearly"
    ads = entity_totals(scope, found.period.span) if yearly and turns else None
    return tuple(_course(block, found.period, totals, ads) for block in turns)


def _course(block: Block, found: Period, totals: Totals, ads: pl.DataFrame | None) -> Course:
    family = block.family or ""
    own = totals.outcome.filter(pl.col("currency") == block.currency, pl.col("result_family") == family)
    stepped = steps(own, _trend(found), EVERY[found.kind])
    partial = _partial_steps(found, stepped, totals.first)
    if ads is None:
        return Course(block.currency, family, stepped, partial)
    best, worst, unranked = ranked_weeks(own, found.span)
    members = own.select("account_id").unique()
    spread = concentration(
        ads.filter(pl.col("result_family") == family)
        .join(members, on="account_id", how="semi")
        .group_by("account_id", "entity_id")
        .agg(pl.col("spend", "results").sum())
    )
    return Course(block.currency, family, stepped, partial, best, worst, unranked, spread)


def _partial_steps(found: Period, stepped: pl.DataFrame, first: date | None) -> frozenset[date]:
    """Steps of the curves that are not over, or begin before the history."""
    end = found.span.until
    running = None if found.whole else found.span.since
    if found.kind == "yearly":
        running = None if (end + timedelta(days=1)).day == 1 else end.replace(day=1)
    steps_of = stepped["step"].to_list()
    return frozenset(s for s in steps_of if s == running or (first is not None and s < first))


def _ad_names(lake: Lake, courses: Collection[Course]) -> dict[str, str]:
    """Newest name of the ads that are listed."""
    listed = [c.spread.top.select("account_id", "entity_id") for c in courses if c.spread]
    if not listed:
        return {}
    wanted = pl.concat(listed)
    rows = lake.rows(
        ADS,
        ("ad_id", "week", "name"),
        pl.col("ad_id").is_in(wanted["entity_id"].unique().to_list()),
        accounts=wanted["account_id"].unique().to_list(),
    )
    return dict(rows.sort("week").select("ad_id", "name").iter_rows())
