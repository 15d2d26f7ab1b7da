"""Stored results as the facts of a level: the account as the sum of its campaigns, ledger entries at each level."""

import polars as pl

from insights_assets.analytics.forecast_history import Facts

DAY = ["account_id", "week", "date"]
WEEK = ["account_id", "week"]
ENTITY_OF = {"ad": "ad_id", "adset": "adset_id", "campaign": "campaign_id", "account": "account_id"}


def facts_of(
    levels: tuple[str, ...],
    daily: pl.DataFrame,
    weekly: pl.DataFrame,
    changes: pl.DataFrame,
    read_weeks: pl.DataFrame,
) -> Facts:
    """Arrange stored rows.

    Args:
        levels: the levels wanted; `account` is added up from the campaigns' rows.
        daily: account_id, week, date, level, entity_id, result_family, results, spend, is_primary of `results_daily`.
        weekly: the same of `results_weekly`, with parent_id instead of date.
        changes: from `forecast_origins.undone`, with adset_id and campaign_id of each ad.
        read_weeks: account_id, week of the weeks that were read.
    """
    marked = [
        rows.with_columns(pl.when("is_primary").then("spend").otherwise(0.0).alias("primary_spend")).drop("is_primary")
        for rows in (daily, weekly)
    ]
    days, weeks = marked
    weeks = weeks.with_columns(
        pl.when(pl.col("level") == "campaign").then("account_id").otherwise("parent_id").alias("parent_id")
    )
    if "account" in levels:
        days = pl.concat([days, _accounts(days, DAY).select(days.columns)])
        whole = _accounts(weeks, WEEK).with_columns(pl.lit(None, pl.String).alias("parent_id"))
        weeks = pl.concat([weeks, whole.select(weeks.columns)])
    wanted = pl.col("level").is_in(levels)
    deltas = [
        changes.with_columns(pl.lit(level).alias("level"), pl.col(ENTITY_OF[level]).alias("entity_id"))
        .group_by("account_id", "origin", "week", "date", "level", "entity_id", "metric")
        .agg(pl.col("delta").sum())
        for level in levels
    ]
    return Facts(days.filter(wanted), weeks.filter(wanted).drop("primary_spend"), pl.concat(deltas), read_weeks)


def with_accounts(rows: pl.DataFrame) -> pl.DataFrame:
    """Add the account level to rows of `results_daily` or `results_weekly`; is_primary is dropped.

    Args:
        rows: account_id, week, [date,] level, entity_id, result_family, results, spend, is_settled.
    """
    period = DAY if "date" in rows.columns else WEEK
    rows = rows.drop("is_primary", strict=False).with_columns(pl.lit(0.0).alias("primary_spend"))
    settled = rows.filter(pl.col("level") == "campaign").group_by(period).agg(pl.col("is_settled").all())
    accounts = _accounts(rows, period).join(settled, on=period, how="left")
    return pl.concat([rows, accounts.select(rows.columns)]).drop("primary_spend")


def _accounts(rows: pl.DataFrame, period: list[str]) -> pl.DataFrame:
    """Add campaigns up: results by family, the whole spend once whatever number of families a campaign has."""
    campaigns = rows.filter(pl.col("level") == "campaign")
    spend = (
        campaigns.group_by(*period, "entity_id")
        .agg(pl.col("spend").max())
        .sort(*period, "entity_id")  # a sum in one order: else it looks restated
        .group_by(period)
        .agg(pl.col("spend").sum())
    )
    return (
        campaigns.group_by(*period, "result_family")
        .agg(pl.col("results", "primary_spend").sum())
        .join(spend, on=period, how="left")
        .with_columns(pl.lit("account").alias("level"), pl.col("account_id").alias("entity_id"))
    )
