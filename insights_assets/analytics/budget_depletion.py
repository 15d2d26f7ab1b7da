"""Lifetime budgets that are spent: the day on which nothing was left."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from insights_assets.analytics.daily_findings import described
from insights_assets.tables.anomalies import ANOMALIES_AD
from insights_assets.tables.features import FEATURES_AD

WINDOW_DAYS = 77
"""Days whose spend is added up: a lower bound of what was spent, so that a budget is never said to be spent that is
not. What is older is the alert's to see, which looks at the whole lake."""
SPENT_SHARE = 0.99
"""Delivery ends a little before the last cent."""


def depletions(daily: pl.DataFrame, owner: str, owners: pl.DataFrame) -> pl.DataFrame:
    """Find the days on which lifetime budgets ran out.

    Args:
        daily: ad-days (account_id, week, date, {owner}_id, spend).
        owner: campaign or adset.
        owners: rows of `campaigns` or `adsets` (account_id, week, {owner}_id, lifetime_budget), as of each week.

    Returns:
        account_id, week, entity_id, date, spent, lifetime_budget: the day on which the spend of the 77 days up to it
        came to 99 % of the budget known in its week, and those up to the day of spend before did not.
    """
    budgets = owners.filter(pl.col("lifetime_budget") > 0).select(
        "account_id", "week", pl.col(f"{owner}_id").alias("entity_id"), "lifetime_budget"
    )
    keys = ["account_id", "entity_id"]
    spends = (
        daily.rename({f"{owner}_id": "entity_id"})
        .join(budgets, on=keys, how="semi")
        .group_by(*keys, "date")
        .agg(pl.col("spend").sum())
        .sort(*keys, "date")
    )
    total = spends.rolling("date", period=f"{WINDOW_DAYS}d", closed="right", group_by=keys).agg(
        pl.col("spend").sum().round_sig_figs(12).alias("spent")
    )
    spent_up = pl.col("lifetime_budget") * SPENT_SHARE
    return (
        total.with_columns(
            pl.col("date").dt.truncate("1w").alias("week"),
            pl.col("spent").shift().over(keys).fill_null(0.0).alias("before"),
        )
        .join(budgets.unique([*keys, "week"], keep="last"), on=[*keys, "week"])
        .filter((pl.col("spent") >= spent_up) & (pl.col("before") < spent_up))
        .select("account_id", "week", "entity_id", "date", "spent", "lifetime_budget")
        .sort("account_id", "entity_id", "date")
    )


def depleted_budgets(depleted: pl.DataFrame, families: pl.DataFrame, weeks: Sequence[date], level: str) -> pl.DataFrame:
    """Turn `depletions` of a level into its findings `budget_depleted`.

    Args:
        depleted: what `depletions` returned for the level.
        families: (account_id, entity_id, week, result_family).
        weeks: Mondays to judge.
        level: campaign or adset.

    Returns:
        Findings on the day, `current_value` what was spent and `baseline_value` the budget; no chance is involved.
    """
    family = families.select("account_id", "entity_id", "week", "result_family").unique(
        ["account_id", "entity_id", "week"]
    )
    found = (
        depleted.filter(pl.col("week").is_in(list(weeks)))
        .join(family, on=["account_id", "entity_id", "week"])
        .with_columns(
            pl.lit("budget_depleted").alias("anomaly_type"),
            pl.lit("spend").alias("metric"),
            pl.lit("up").alias("direction"),
            pl.col("spent").alias("current_value"),
            pl.col("lifetime_budget").alias("baseline_value"),
            ((pl.col("spent") / pl.col("lifetime_budget") - 1) * 100).alias("delta_pct"),
            pl.lit(0.0).alias("p_value"),
            pl.lit(0.0).alias("q_value"),
        )
    )
    told = described(found, FEATURES_AD.empty(), level)
    # Nothing left is whole, whatever the last day's cents are; a budget that was meant to be spent is no disaster.
    return ANOMALIES_AD.conform(
        told.with_columns(pl.lit(1.0).alias("anomaly_score"), pl.lit("medium").alias("severity"))
    )
