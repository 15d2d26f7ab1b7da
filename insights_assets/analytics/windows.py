"""Calendar windows of weekly rows: medians, lags and slopes that look back, never ahead.

A window is a range of Mondays, not a number of rows: after a pause "last week" has no row and so no value (seed 000
took the row before, however old). Rows are (entity keys, `week`); each function returns one row for each row given.
"""

from collections.abc import Sequence

import polars as pl

BASELINE_WEEKS = 4
"""Seed 000's code and documentation; its settings row said 8, which averages over two creative lifetimes."""

MIN_BASELINE_WEEKS = 2
"""The median of one week is that week: seed 000 took any single noisy week as the whole baseline."""

SLOPE_WEEKS = 4
MIN_SLOPE_POINTS = 3
"""Two points have a slope without any evidence for a line."""


def trailing_medians(frame: pl.DataFrame, keys: Sequence[str], metrics: Sequence[str]) -> pl.DataFrame:
    """Median of each metric over the calendar weeks t-4 to t-1.

    Args:
        frame: (*keys, week, *metrics), one row an entity and week with delivery.
        keys: columns that name an entity.
        metrics: columns to take; nulls are left out of the median.

    Returns:
        (*keys, week, {metric}_baseline ..., baseline_weeks); a baseline is null with fewer than 2 weeks of that metric.
    """
    enough = [
        pl.when(pl.col(m).count() >= MIN_BASELINE_WEEKS).then(pl.col(m).median()).alias(f"{m}_baseline")
        for m in metrics
    ]
    return (
        frame.sort(*keys, "week")
        .rolling("week", period=f"{BASELINE_WEEKS}w", closed="left", group_by=list(keys))
        .agg(*enough, pl.len().cast(pl.Int64).alias("baseline_weeks"))
    )


def cost_baseline(frame: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Cost per result of the calendar weeks t-4 to t-1, by entity and family.

    Args:
        frame: (*keys, week, cost_spend, results); keys include the family, so other families' weeks do not count.
        keys: columns that name an entity and family.

    Returns:
        (*keys, week, cpr_baseline, results_baseline, baseline_spend, baseline_results, cpr_baseline_pooled). The
        median counts a week without results as infinitely costly (leaving it out would keep only the lucky weeks), so
        it is null when that makes it infinite. The pooled baseline is the ratio of sums. Baselines need 2 weeks.
    """
    cost = pl.when(pl.col("results") > 0).then(pl.col("cost_spend") / pl.col("results")).otherwise(float("inf"))
    enough = pl.len() >= MIN_BASELINE_WEEKS
    spend, results = pl.col("cost_spend").sum(), pl.col("results").sum()
    return (
        frame.sort(*keys, "week")
        .with_columns(cost.alias("__cost__"))
        .rolling("week", period=f"{BASELINE_WEEKS}w", closed="left", group_by=list(keys))
        .agg(
            pl.when(enough & pl.col("__cost__").median().is_finite())
            .then(pl.col("__cost__").median())
            .alias("cpr_baseline"),
            pl.when(enough).then(pl.col("results").median()).alias("results_baseline"),
            spend.alias("baseline_spend"),
            results.alias("baseline_results"),
            pl.when(enough & (results > 0)).then(spend / results).alias("cpr_baseline_pooled"),
        )
    )


def lags(frame: pl.DataFrame, keys: Sequence[str], metrics: Sequence[str], offsets: Sequence[int]) -> pl.DataFrame:
    """Value of each metric `offset` calendar weeks before: (*keys, week, {metric}_lag{offset} ...)."""
    out = frame.select(*keys, "week")
    for offset in offsets:
        past = frame.select(
            *keys, pl.col("week").dt.offset_by(f"{offset}w"), *[pl.col(m).alias(f"{m}_lag{offset}") for m in metrics]
        )
        out = out.join(past, on=[*keys, "week"], how="left", maintain_order="left")
    return out


def slopes(frame: pl.DataFrame, keys: Sequence[str], metrics: Sequence[str]) -> pl.DataFrame:
    """Least-squares slope of each metric on the calendar week over t-3 to t, in percent of its mean a week.

    Returns:
        (*keys, week, {metric}_slope_pct ...); null below 3 points or where the mean is 0.
    """
    position = (pl.col("week").cast(pl.Int32) / 7).cast(pl.Float64)
    out = []
    for m in metrics:
        # Weeks where the metric is unknown must not move the mean of x either.
        x = position.filter(pl.col(m).is_not_null())
        y = pl.col(m).drop_nulls()
        dx = x - x.mean()
        slope = (dx * (y - y.mean())).sum() / (dx * dx).sum()
        usable = (pl.col(m).count() >= MIN_SLOPE_POINTS) & (y.mean() != 0)
        out.append(pl.when(usable).then(slope / y.mean() * 100).alias(f"{m}_slope_pct"))
    return (
        frame.sort(*keys, "week")
        .rolling("week", period=f"{SLOPE_WEEKS}w", closed="right", group_by=list(keys))
        .agg(out)
    )


def relative_change(value: str, baseline: str) -> pl.Expr:
    """(value - baseline) / baseline in percent; null where the baseline is null or 0."""
    return pl.when(pl.col(baseline) != 0).then((pl.col(value) - pl.col(baseline)) / pl.col(baseline) * 100)
