"""Pauses and delivery gaps of a week, from the days that have rows.

The API leaves out days without delivery, so a pause is a day that is missing: seed 000 counted only rows with zero
impressions and found almost none.
"""

import polars as pl

WEEK_DAYS = 7


def delivery_days(daily: pl.DataFrame, weekly: pl.DataFrame) -> pl.DataFrame:
    """Count active and paused days of each entity and week.

    Args:
        daily: (account_id, entity_id, week, date, impressions, spend), one row an entity and day.
        weekly: (account_id, week, entity_id, is_complete): the entity-weeks asked for.

    Returns:
        account_id, week, entity_id, active_days, pause_days, has_delivery_gap, min_daily_impressions,
        max_daily_impressions, impressions_cv (population standard deviation / mean of active days, from 2 days). The
        days an entity could have had start at its first delivery ever seen and end on Sunday or, in a running week, on
        the newest day that the account has. No row where it has no day with impressions in the week.
    """
    active = daily.filter(pl.col("impressions") > 0)
    # The first delivery before a week's end is the same whether or not later weeks are given.
    first = active.group_by("account_id", "entity_id").agg(pl.col("date").min().alias("first_day"))
    newest = daily.group_by("account_id", "week").agg(pl.col("date").max().alias("newest_day"))
    days = active.group_by("account_id", "week", "entity_id").agg(
        pl.len().cast(pl.Int64).alias("active_days"),
        pl.col("impressions").min().alias("min_daily_impressions"),
        pl.col("impressions").max().alias("max_daily_impressions"),
        pl.when(pl.len() > 1)
        .then(pl.col("impressions").std(ddof=0) / pl.col("impressions").mean())
        .alias("impressions_cv"),
        pl.col("spend").sum().alias("__spend__"),
    )
    sunday = pl.col("week").dt.offset_by(f"{WEEK_DAYS - 1}d")
    end = pl.when("is_complete").then(sunday).otherwise(pl.col("newest_day"))
    start = pl.max_horizontal("week", "first_day")
    pause = ((end - start).dt.total_days() + 1 - pl.col("active_days")).clip(0)
    return (
        weekly.select("account_id", "week", "entity_id", "is_complete")
        .join(days, on=["account_id", "week", "entity_id"], how="inner")
        .join(first, on=["account_id", "entity_id"], how="left")
        .join(newest, on=["account_id", "week"], how="left")
        .with_columns(pause.alias("pause_days"))
        .with_columns(((pl.col("__spend__") > 0) & (pl.col("pause_days") > 0)).alias("has_delivery_gap"))
        .drop("__spend__", "first_day", "newest_day", "is_complete")
    )
