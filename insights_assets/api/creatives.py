"""Creatives of a period: a row each with exact figures, and totals over all that the filters leave. Pure.

Everything is added up from days (`analytics/creative_aggregates.py`), so any range is exact, on every page the same.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from insights_assets.analytics.creative_aggregates import aggregate
from insights_assets.problems import InputError

USUAL_DAYS: Final = 28
_EARLIEST: Final = date(1970, 1, 1)
ABOUT: Final = (
    "name",
    "title",
    "body",
    "link_url",
    "image_url",
    "thumbnail_url",
    "video_id",
    "video_url",
    "cards",
    "feed_videos",
    "urls_expire_at",
)


@dataclass(frozen=True)
class Choice:
    """Days, types and statuses (None: all); a creative's status is that of each day's week."""

    since: date
    until: date
    types: tuple[str, ...] | None = None
    statuses: tuple[str, ...] | None = None

    def aggregate(self, days: pl.DataFrame, by: Collection[str]) -> pl.DataFrame:
        """Add up the chosen rows."""
        return aggregate(days, self.since, self.until, self.types, self.statuses, by=tuple(by))


def chosen(
    days: pl.DataFrame, since: date | None, until: date | None, creative_type: str | None, status: str | None
) -> Choice:
    """What is asked for; the newest 28 days that there are when no day is named.

    Raises:
        InputError: the period ends before it begins.
    """
    newest = days["date"].max()
    last = until or (newest if isinstance(newest, date) else max(since or _EARLIEST, _EARLIEST))
    first = since or date.fromordinal(max(1, last.toordinal() - USUAL_DAYS + 1))
    if first > last:
        raise InputError(f"since {first} is after until {last}; swap them.")
    return Choice(first, last, (creative_type,) if creative_type else None, (status,) if status else None)


def of_period(days: pl.DataFrame, creatives: pl.DataFrame, choice: Choice) -> pl.DataFrame:
    """A row for each creative with delivery: exact figures, what it looks like, and its newest status.

    Args:
        days: `creative_performance` of an account.
        creatives: `creatives` of it.
        choice: what is asked for.
    """
    rows = choice.aggregate(days, ("account_id", "creative_id", "creative_type")).drop("creatives")
    newest = creatives.sort("week").unique("creative_id", keep="last").select("creative_id", *ABOUT)
    last = days.filter(pl.col("date") <= choice.until).sort("date").unique("creative_id", keep="last")
    rows = rows.join(newest, on="creative_id", how="left")
    return rows.join(last.select("creative_id", "status"), on="creative_id", how="left")


def totals(days: pl.DataFrame, choice: Choice, kept: pl.Series) -> list[dict[str, Any]]:
    """Totals and ratios of sums over the creatives that are kept, by currency."""
    own = days.filter(pl.col("creative_id").is_in(kept.implode()))
    return choice.aggregate(own, ()).to_dicts()
