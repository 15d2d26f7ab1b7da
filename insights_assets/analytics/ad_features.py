"""Weekly features of ads: each ad against its own past, as known at the end of that week (seed 000, corrected)."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from insights_assets.analytics.families import NO_GOAL_FAMILY, minimum_results
from insights_assets.analytics.pauses import delivery_days
from insights_assets.analytics.windows import cost_baseline, lags, relative_change, slopes, trailing_medians
from insights_assets.tables.features_ad import FEATURES_AD

ENTITY = ["account_id", "entity_id"]
KEY = [*ENTITY, "week"]
SCORES = ("quality", "engagement", "conversion")
MEDIANS = ("ctr", "link_ctr", "cpm", "cpc", "frequency", "spend", *(f"{s}_score" for s in SCORES))
DELTAS = ("cpr", "ctr", "link_ctr", "cpm", "cpc", "frequency", "spend", "results")
LAGGED = ("cpr", "frequency", "ctr", "cpm", "spend", "link_ctr", "results", "reach")
HISTORY_WEEKS = 12
"""Window of `weeks_with_data` (seed 000: the last 12 rows; here 12 calendar weeks, the current one included)."""


def ad_features(
    insights_weekly: pl.DataFrame, results_weekly: pl.DataFrame, insights_daily: pl.DataFrame, weeks: Sequence[date]
) -> pl.DataFrame:
    """Compute the rows of `features_ad`.

    Args:
        insights_weekly: rows of `insights_weekly_ad`; other levels are ignored.
        results_weekly: rows of `results_weekly`; the primary family at ad level is read.
        insights_daily: rows of `insights_daily`, for the pauses.
        weeks: Mondays to return. The inputs should reach at least 8 weeks further back (12 for `weeks_with_data`);
            rows after a week never change it.

    Returns:
        One row for each ad and week in `weeks` in which it delivered. An ad-week without a result row is read as
        family `click` with its link clicks.
    """
    rows = _ad_weeks(insights_weekly, results_weekly)
    frame = rows
    for part in _parts(rows):
        frame = frame.join(part, on=[k for k in (*KEY, "result_family") if k in part.columns], how="left")
    frame = frame.filter(pl.col("week").is_in(list(weeks)))
    frame = frame.join(delivery_days(insights_daily, frame), on=KEY, how="left")
    frame = frame.with_columns(
        pl.col("baseline_weeks").fill_null(0),
        pl.col("baseline_spend", "baseline_results").fill_null(0.0),
        *[relative_change(m, f"{m}_baseline").alias(f"{m}_delta_pct") for m in DELTAS],
        *[(pl.col(f"{s}_score") - pl.col(f"{s}_score_baseline")).alias(f"{s}_change") for s in SCORES],
        relative_change("reach", "reach_lag1").alias("reach_growth_pct"),
        relative_change("spend", "spend_lag1").alias("spend_change_pct"),
        (pl.col("results") >= minimum_results()).alias("min_results_met"),
        _relevance_health(),
        pl.lit("ad").alias("level"),
    ).rename({f"{s}_score_baseline": f"{s}_baseline" for s in SCORES})
    return FEATURES_AD.conform(frame.select(list(FEATURES_AD.schema)).sort("account_id", "week", "entity_id"))


def _ad_weeks(insights_weekly: pl.DataFrame, results_weekly: pl.DataFrame) -> pl.DataFrame:
    """Join each delivering ad-week with its primary family; `cost_spend` is the spend that the results cost."""
    primary = results_weekly.filter((pl.col("level") == "ad") & pl.col("is_primary")).select(
        *KEY, "result_family", "results", "cpr", pl.col("spend").alias("cost_spend")
    )
    clicks = pl.col("inline_link_clicks").cast(pl.Float64)
    missing = pl.col("result_family").is_null()
    return (
        insights_weekly.filter((pl.col("level") == "ad") & ((pl.col("impressions") > 0) | (pl.col("spend") > 0)))
        .join(primary, on=KEY, how="left")
        .with_columns(
            pl.col("cost_spend").fill_null(pl.col("spend")),
            pl.when(missing & (clicks > 0)).then(pl.col("spend") / clicks).otherwise(pl.col("cpr")).alias("cpr"),
            pl.col("results").fill_null(clicks),
            pl.col("result_family").fill_null(NO_GOAL_FAMILY),
        )
    )


def _parts(rows: pl.DataFrame) -> list[pl.DataFrame]:
    """Compute what looks back: baselines, lags, slopes, weeks with data, age."""
    ordered = rows.sort(KEY)
    # Everything within the same 12 calendar weeks: a wider run must not know more than a run of one week.
    history = ordered.rolling("week", period=f"{HISTORY_WEEKS}w", closed="right", group_by=ENTITY).agg(
        (pl.col("spend") > 0).sum().cast(pl.Int64).alias("weeks_with_data"),
        pl.col("impressions").sum().alias("cumulative_impressions"),
        pl.col("week").min().alias("first_week"),
    )
    history = history.with_columns(
        ((pl.col("week") - pl.col("first_week")).dt.total_days() // 7).alias("age_weeks")
    ).drop("first_week")
    return [
        trailing_medians(rows, ENTITY, MEDIANS),
        cost_baseline(rows, [*ENTITY, "result_family"]),
        lags(rows, ENTITY, LAGGED, (1, 2)),
        slopes(rows, ENTITY, ("frequency", "ctr")),
        history,
    ]


def _relevance_health() -> pl.Expr:
    scores = [pl.col(f"{s}_score") for s in SCORES]
    known = pl.any_horizontal(s.is_not_null() for s in scores)
    return pl.when(known).then(pl.sum_horizontal(scores)).alias("relevance_health")
