"""REACTIVATE: what was paused although its results cost no more than its peers'. A paused entity has no features."""

from datetime import timedelta

import polars as pl

from insights_assets.analytics.advice_rules import NO_WORSE
from insights_assets.analytics.advice_thresholds import AdviceThresholds

ENTITY = ["account_id", "entity_id"]
FRESH_DAYS = 21
"""A snapshot read later than this after its Monday shows a later state: a backfill would tell the past from today."""


def reactivations(rows: pl.DataFrame, statuses: pl.DataFrame, limits: AdviceThresholds) -> pl.DataFrame:
    """Advise on paused entities by what they last did.

    Args:
        rows: entity-weeks with evidence and chances.
        statuses: account_id, week, entity_id, status, observed_at, the weekly snapshots.
        limits: the thresholds.

    Returns:
        The figures of the newest complete week with spend, within `reactivate_weeks` before, under the week of the
        snapshot, with the columns of advice.
    """
    fresh = pl.col("observed_at").dt.date() <= pl.col("week") + timedelta(days=FRESH_DAYS)
    paused = statuses.filter((pl.col("status") == "PAUSED") & fresh).select(*ENTITY, "week")
    running = rows.filter(pl.col("spend") > 0).select(*ENTITY, "week")
    still = paused.join(running, on=[*ENTITY, "week"], how="anti").with_columns(
        (pl.col("week") - timedelta(days=1)).alias("before")
    )
    worth = (pl.col("cost_ratio") <= limits.reactivate_ratio) & (pl.col("results_30d") >= limits.reactivate_results)
    last = rows.filter((pl.col("spend") > 0) & pl.col("is_complete"))
    joined = (
        still.sort("before")
        .join_asof(
            last.with_columns(pl.col("week").alias("last_week")).drop("as_of").sort("week"),
            left_on="before",
            right_on="week",
            by=ENTITY,
            strategy="backward",
            tolerance=f"{limits.reactivate_weeks}w",
            suffix="_last",
            check_sortedness=False,
        )
        .filter(worth & (pl.col(NO_WORSE) >= limits.certainty) & (pl.col("tier") != "UNDERPERFORMER"))
    )
    return joined.with_columns(
        pl.lit("REACTIVATE").alias("recommendation_type"),
        pl.lit(3, dtype=pl.Int64).alias("priority"),
        pl.col(NO_WORSE).clip(0, 0.99).alias("confidence"),
        pl.lit(None, dtype=pl.Float64).alias("budget_change_pct"),
        pl.lit("Switch it on again").alias("action"),
        pl.lit("It is paused, and its results cost no more than its peers' when it ran").alias("reason"),
        pl.lit(None, dtype=pl.Date).alias("as_of"),
    )
