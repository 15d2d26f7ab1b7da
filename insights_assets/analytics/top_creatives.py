"""The best creatives by a metric, of those that have spent enough to be compared."""

from collections.abc import Collection
from datetime import date

import polars as pl

from insights_assets.analytics.creative_aggregates import aggregate
from insights_assets.tables.creative_performance import NO_CREATIVE

METRICS: dict[str, bool] = {
    "roas": True,
    "revenue": True,
    "orders": True,
    "results": True,
    "spend": True,
    "ctr": True,
    "link_ctr": True,
    "engagement_rate": True,
    "hook_rate": True,
    "hold_rate": True,
    "cpr": False,
    "cost_per_order": False,
    "cpc": False,
    "cpm": False,
}
"""Metric, and whether more of it is better."""
PER_FAMILY = ("results", "cpr")
"""A purchase and a click are not compared: ranked within a result family."""
LEAST_SHARE = 0.01


def top_creatives(
    frame: pl.DataFrame,
    metric: str,
    since: date,
    until: date,
    *,
    min_spend: float | None = None,
    limit: int = 10,
    types: Collection[str] | None = None,
    best: bool = True,
) -> pl.DataFrame:
    """Rank the creatives of each account by a metric over a range of days.

    Args:
        frame: rows of `creative_performance`.
        metric: one of `METRICS`.
        since: first day.
        until: last day.
        min_spend: least spend of a creative in the days, in the account's currency; None: 1 % of the account's. Without
            one a creative with one impression and one click leads every list (seed 003).
        limit: creatives of an account (and family, where results are ranked).
        types: creative types; None for all.
        best: the best first; else the worst.

    Returns:
        account_id, currency, result_family, rank (ties share the better one), creative_id, creative_type, metric,
        value, spend, impressions, clicks, results, orders, revenue. A creative without the metric is not ranked; costs
        without a result are none, so look at `spend_waste` for what spends without any. Ads without a known creative
        count for the account's spend; they are no creative that could be used again.

    Raises:
        ValueError: no such metric.
    """
    if metric not in METRICS:
        raise ValueError(f"There is no metric {metric!r}; there are {', '.join(METRICS)}.")
    rows = aggregate(frame, since, until, types, by=("account_id", "creative_id", "creative_type"))
    of_account = pl.col("spend").sum().over("account_id", "currency")
    enough = pl.col("spend") >= (LEAST_SHARE * of_account if min_spend is None else min_spend)
    per_family = metric in PER_FAMILY
    group = ["account_id", "currency", *(["result_family"] if per_family else [])]
    kept = rows.filter(enough, pl.col(metric).is_not_null(), pl.col("creative_id") != NO_CREATIVE)
    if per_family:
        kept = kept.filter(pl.col("result_family").is_not_null())
    rank = pl.col(metric).rank("min", descending=METRICS[metric] == best).over(group).cast(pl.Int64)
    return (
        kept.with_columns(rank.alias("rank"), pl.lit(metric).alias("metric"), pl.col(metric).alias("value"))
        .sort(*group, "rank", "spend", "creative_id", descending=[*[False] * (len(group) + 1), True, False])
        .filter(pl.int_range(pl.len()).over(group) < limit)
        .select(
            "account_id", "currency", "result_family", "rank", "creative_id", "creative_type", "metric",
            pl.col("value").cast(pl.Float64), "spend", "impressions", "clicks", "results", "orders", "revenue",
        )
    )  # fmt: skip
