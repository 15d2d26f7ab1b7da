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
        One row a group, sorted: `by`, currency, creatives and ads (distinct), totals, result_family, ratios of sums,
        and avg_* of `AVERAGED`: plain averages over the group's creatives of each one's own ratio. No row without
        delivery.
    """
    kept = frame.filter(pl.col("date").is_between(since, until))
    if types is not None:
        kept = kept.filter(pl.col("creative_type").is_in(list(types)))
    if statuses is not None:
        kept = kept.filter(pl.col("status").is_in(list(statuses)))
    group = [*dict.fromkeys([*by, "currency"])]
    each = [*dict.fromkeys([*group, *CREATIVE])]
    # In order: the mean of the same numbers in another order differs in its last digit, and looks restated.
    own = kept.group_by(each).agg(ratios(AVERAGED)).sort(each)
    averages = own.group_by(group, maintain_order=True).agg(
        pl.col(name).mean().alias(f"avg_{name}") for name in AVERAGED
    )
    counted = kept.group_by(group).agg(pl.struct(CREATIVE).n_unique().cast(pl.Int64).alias("creatives"))
    shown = (
        kept.select(*group, "ad_ids")
        .explode("ad_ids", empty_as_null=False, keep_nulls=False)
        .group_by(group)
        .agg(pl.col("ad_ids").n_unique().cast(pl.Int64).alias("ads"))
    )
    totals = kept.group_by(group).agg(*sums(), *([] if "result_family" in group else [single_family()]), *ratios())
    rows = counted
    for part in (shown, totals, averages):
        rows = rows.join(part, on=group, how="left", nulls_equal=True)
    return rows.sort(group)


def weekly_aggregates(frame: pl.DataFrame) -> pl.DataFrame:
    """Compute the rows of `creative_aggregates` from rows of `creative_performance`."""
    if frame.is_empty():
        return CREATIVE_AGGREGATES.empty()
    by = ("account_id", "week", "creative_type", "status")
    days = frame["date"].unique().sort()
    return CREATIVE_AGGREGATES.conform(aggregate(frame, days[0], days[-1], by=by))
