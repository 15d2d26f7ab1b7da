"""Goal drift: shares of spend by optimization goal over time, with what came of it, and ad sets that changed goals.

Seed 000 compared means of monthly shares and left the cost by goal as a task.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from insights_assets.tables.goal_drift import GOAL_DRIFT

RECENT_WEEKS, BEFORE_WEEKS = 4, 12
HISTORY_WEEKS = RECENT_WEEKS + BEFORE_WEEKS
GROWING, DECLINING, LEAST_POINTS = 1.2, 0.8, 5.0
UNREPORTED = "UNREPORTED"
FEATURE_COLUMNS = ("spend", "results")


def goal_drift(features: pl.DataFrame, adsets: pl.DataFrame, weeks: Sequence[date]) -> pl.DataFrame:
    """Compute the rows of `goal_drift`.

    Args:
        features: rows of `features_adset` (account_id, week, entity_id and `FEATURE_COLUMNS`) of the weeks and the 15
            before.
        adsets: rows of `adsets` (their key and optimization_goal) of the same weeks.
        weeks: Mondays asked for.
    """
    goals = adsets.select("account_id", "week", pl.col("adset_id").alias("entity_id"), "optimization_goal")
    facts = features.filter(pl.col("spend") > 0).join(goals, on=["account_id", "week", "entity_id"], how="left")
    told = facts.with_columns(pl.col("optimization_goal").fill_null(UNREPORTED).alias("goal"))
    parts = [GOAL_DRIFT.empty()]
    for week in weeks:
        parts += [_mix(told, week), _changes(told, goals, week)]
    return GOAL_DRIFT.conform(pl.concat(parts)).sort(GOAL_DRIFT.key)


def _mix(told: pl.DataFrame, week: date) -> pl.DataFrame:
    edge = week - timedelta(weeks=RECENT_WEEKS)
    known = told.filter(pl.col("week").is_between(week - timedelta(weeks=HISTORY_WEEKS - 1), week))
    recent, now = pl.col("week") > edge, pl.col("week") == week
    rows = (
        known.group_by("account_id", "goal")
        .agg(
            pl.col("spend").filter(now).sum(),
            pl.col("spend").filter(recent).sum().alias("spend_4w"),
            pl.col("spend").filter(~recent).sum().alias("before"),
            pl.col("results").filter(recent).sum(),
            pl.col("entity_id").filter(now).n_unique().cast(pl.Int64).alias("adsets"),
        )
        # Totals are added in one order, whatever other accounts a run has: else they look restated.
        .sort("account_id", "goal")
    )

    def share(name: str) -> pl.Expr:
        total = pl.col(name).sum().over("account_id")
        return pl.when(total > 0).then(pl.col(name) * 100 / total)

    shared = rows.with_columns(
        share("spend_4w").alias("spend_share_pct"),
        share("before").alias("share_before_pct"),
        share("results").alias("results_share_pct"),
        pl.when(pl.col("results") > 0).then(pl.col("spend_4w") / pl.col("results")).alias("cpr"),
    ).filter(pl.col("spend_4w") > 0, pl.col("spend").sum().over("account_id") > 0)
    ratio = pl.col("spend_share_pct") / pl.col("share_before_pct")
    moved = (pl.col("spend_share_pct") - pl.col("share_before_pct")).abs() >= LEAST_POINTS
    trend = (
        pl.when(pl.col("before") == 0)
        .then(pl.lit("new"))
        .when(moved & (ratio >= GROWING))
        .then(pl.lit("growing"))
        .when(moved & (ratio <= DECLINING))
        .then(pl.lit("declining"))
        .otherwise(pl.lit("steady"))
    )
    nothing = pl.lit(None, dtype=pl.String)
    return shared.with_columns(
        pl.lit(week).alias("week"),
        pl.lit("mix").alias("kind"),
        pl.col("goal").alias("subject"),
        pl.when(pl.col("goal") != UNREPORTED).then("goal").alias("goal"),
        nothing.alias("previous_goal"),
        trend.alias("trend"),
    ).select(list(GOAL_DRIFT.schema))


def _changes(told: pl.DataFrame, goals: pl.DataFrame, week: date) -> pl.DataFrame:
    before = goals.filter(pl.col("week") == week - timedelta(weeks=1)).select(
        "account_id", "entity_id", pl.col("optimization_goal").alias("previous_goal")
    )
    rows = (
        goals.filter(pl.col("week") == week)
        .join(before, on=["account_id", "entity_id"], how="inner")
        .filter(pl.col("optimization_goal") != pl.col("previous_goal"))
        .join(
            told.filter(pl.col("week") == week).select("account_id", "entity_id", "spend", "results"),
            on=["account_id", "entity_id"],
            how="left",
        )
        .with_columns(pl.col("spend", "results").fill_null(0.0))
    )
    absent = {
        c: t for c, t in GOAL_DRIFT.schema.items() if c in ("spend_share_pct", "share_before_pct", "results_share_pct")
    }
    return rows.with_columns(
        pl.lit("changed_goal").alias("kind"),
        pl.col("entity_id").alias("subject"),
        pl.col("optimization_goal").alias("goal"),
        pl.lit(None, dtype=pl.String).alias("trend"),
        pl.when(pl.col("results") > 0).then(pl.col("spend") / pl.col("results")).alias("cpr"),
        pl.lit(1, dtype=pl.Int64).alias("adsets"),
        *(pl.lit(None, dtype=t).alias(c) for c, t in absent.items()),
    ).select(list(GOAL_DRIFT.schema))
