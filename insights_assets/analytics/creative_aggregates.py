"""Creatives added up: exact for any days, types and statuses, from the daily facts.

Seed 004 stored totals of each range that somebody had asked for, and no other could be had. Days add up to any range.
"""

from collections.abc import Collection, Sequence
from datetime import date

import polars as pl

from insights_assets.analytics.creative_figures import ratios, single_family, sums
from insights_assets.tables.creative_aggregates import AVERAGED, CREATIVE_AGGREGATES

CREATIVE = ["account_id", "creative_id"]


def aggregate(
    frame: pl.DataFrame,
    since: date,
    until: date,
    types: Collection[str] | None = None,
    statuses: Collection[str] | None = None,
    *,
    by: Sequence[str] = ("account_id", "creative_type", "status"),
) -> pl.DataFrame:
    """Add up creatives over a range of days.

    Args:
        frame: rows of `creative_performance`.
        since: first day.
        until: last day, included.
        types: creative types; None for all.
        statuses: statuses, each creative's of the week of its day; None for all.
        by: columns of `frame` to group by, such as account_id, creative_id, creative_type, status, result_family, date,
            week; none for one total. Amounts are always kept apart by currency.

    Returns:
        One row a group, sorted: `by`, currency, ads (distinct), totals, result_family, ratios of sums, creatives, and
        avg_* of `AVERAGED`: plain averages over the group's creatives of each one's own ratio. No row without delivery.
    """
    kept = within(frame, since, until, types, statuses)
    group = [*dict.fromkeys([*by, "currency"])]
    each = [*dict.fromkeys([*group, *CREATIVE])]
    # In order: the mean of the same numbers in another order differs in its last digit, and looks restated.
    own = kept.group_by(each).agg(ratios(AVERAGED)).sort(each)
    averages = own.group_by(group, maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("creatives"), *(pl.col(name).mean().alias(f"avg_{name}") for name in AVERAGED)
    )
    return added_up(kept, group).join(averages, on=group, how="left", nulls_equal=True)


def within(
    frame: pl.DataFrame,
    since: date,
    until: date,
    types: Collection[str] | None = None,
    statuses: Collection[str] | None = None,
) -> pl.DataFrame:
    """Rows of `creative_performance` from a first to a last day, of some types and statuses (None: all)."""
    kept = [pl.col("date").is_between(since, until)]
    kept += [] if types is None else [pl.col("creative_type").is_in(list(types))]
    kept += [] if statuses is None else [pl.col("status").is_in(list(statuses))]
    return frame.filter(*kept)


def added_up(kept: pl.DataFrame, group: Sequence[str]) -> pl.DataFrame:
    """Add up rows of `creative_performance`: `group`, ads (distinct), sums, result_family, ratios of sums; sorted."""
    ads = pl.col("ad_ids").list.explode(empty_as_null=False, keep_nulls=False).n_unique().cast(pl.Int64).alias("ads")
    family = [] if "result_family" in group else [single_family()]
    return kept.group_by(group).agg(ads, *sums(), *family, *ratios()).sort(group)


def weekly_aggregates(frame: pl.DataFrame) -> pl.DataFrame:
    """Compute the rows of `creative_aggregates` from rows of `creative_performance`."""
    if frame.is_empty():
        return CREATIVE_AGGREGATES.empty()
    by = ("account_id", "week", "creative_type", "status")
    days = frame["date"].unique().sort()
    return CREATIVE_AGGREGATES.conform(aggregate(frame, days[0], days[-1], by=by))
