"""Days on which an entity that is switched on stopped to deliver, until it is found to deliver again."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from insights_assets.analytics.daily_expectations import HISTORY_DAYS
from insights_assets.analytics.daily_findings import described
from insights_assets.tables.anomalies import ANOMALIES_AD
from insights_assets.tables.features import FEATURES_AD

STREAK_DAYS = 7
"""Days of spend in a row after which a day without is a stop: ads that run on weekdays only never reach it."""
FRESH_DAYS = 8
"""Days after the Monday until which a status is of the week: later it may have been switched off and on again."""
ENTITY = ["account_id", "entity_id"]
LAST_OF_WEEK = 6


def delivery_stops(
    days: pl.DataFrame,
    statuses: pl.DataFrame,
    families: pl.DataFrame,
    weeks: Sequence[date],
    level: str,
    ended: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Find the first day without spend of entities that are switched on and spent on each of the 7 days before.

    Args:
        days: (account_id, entity_id, week, date, spend, impressions).
        statuses: (account_id, week, entity_id, effective_status, observed_at): a status counts when it was read until
            the day after the week; a backfill of old weeks knows only how things stand today.
        families: (account_id, entity_id, week, result_family).
        weeks: Mondays to judge.
        level: campaign, adset or ad.
        ended: (account_id, entity_id, ended_on): days on which a lifetime budget was spent; a stop within 7 days of one
            is explained.

    Returns:
        Findings, each gap once, on days on which the account delivered: `delivery_gap` where it delivered again in the
        week (the baseline is the spend that the gap would have had), else `zero_spend` (no row, or a row without
        spend); `zero_impressions` where there was spend but nothing was shown.
    """
    found = _without_delivery(days, weeks).join(_switched_on(statuses), on=[*ENTITY, "week"], how="semi")
    if ended is not None:
        by_end = found.join(ended, on=ENTITY).filter(
            pl.col("date").is_between(pl.col("ended_on"), pl.col("ended_on").dt.offset_by(f"{STREAK_DAYS}d"))
        )
        found = found.join(by_end, on=[*ENTITY, "date"], how="anti")
    # The family of then: a finding's name must not change because a later week has another.
    known = families.select(*ENTITY, "week", "result_family").unique([*ENTITY, "week"]).sort("week")
    found = found.sort("week").join_asof(known, on="week", by=ENTITY, check_sortedness=False)
    found = found.filter(pl.col("result_family").is_not_null())
    gap = pl.col("gap_days").is_not_null() & pl.col("unspent")
    kind = (
        pl.when(gap)
        .then(pl.lit("delivery_gap"))
        .when("unspent")
        .then(pl.lit("zero_spend"))
        .otherwise(pl.lit("zero_impressions"))
    )
    found = found.with_columns(
        kind.alias("anomaly_type"),
        pl.when("unspent").then(pl.lit("spend")).otherwise(pl.lit("impressions")).alias("metric"),
        pl.lit("down").alias("direction"),
        pl.lit(0.0).alias("current_value"),
        pl.when(gap)
        .then(pl.col("usual_spend") * pl.col("gap_days"))
        .when("unspent")
        .then("usual_spend")
        .otherwise("usual_impressions")
        .alias("baseline_value"),
        pl.lit(-100.0).alias("delta_pct"),
        # It delivered on all of n days: the rule of succession.
        (1 / (pl.col("points") + 2)).alias("p_value"),
    ).with_columns(pl.col("p_value").alias("q_value"))
    told = described(found, FEATURES_AD.empty(), level)
    return ANOMALIES_AD.conform(told.sort("account_id", "week", "entity_id", "date"))


def _without_delivery(days: pl.DataFrame, weeks: Sequence[date]) -> pl.DataFrame:
    """First days without spend or impressions after a streak, and how long they lasted if that is known by Sunday."""
    spent = days.filter(pl.col("spend") > 0).sort(*ENTITY, "date")
    after = spent.select(*ENTITY, "date", pl.col("date").shift(-1).over(ENTITY).alias("again"))
    streak = spent.rolling("date", period=f"{HISTORY_DAYS}d", closed="right", group_by=ENTITY).agg(
        (pl.col("date") > pl.col("date").max().dt.offset_by(f"-{STREAK_DAYS}d")).sum().alias("streak"),
        pl.len().alias("points"),
        pl.col("spend").median().alias("usual_spend"),
        pl.col("impressions").median().alias("usual_impressions"),
    )
    tomorrow = (
        streak.filter(pl.col("streak") == STREAK_DAYS)
        .join(after, on=[*ENTITY, "date"])
        .with_columns(pl.col("date").dt.offset_by("1d"))
        .with_columns(pl.col("date").dt.truncate("1w").alias("week"))
        .filter(pl.col("week").is_in(list(weeks)))
    )
    delivered = spent.select("account_id", "date").unique()
    nothing = pl.col("spend").fill_null(0.0) == 0
    # A return after the week's end is not known yet: the gap stays a stop, whenever it is computed.
    returned = pl.col("again") <= pl.col("week").dt.offset_by(f"{LAST_OF_WEEK}d")
    return (
        tomorrow.join(days.select(*ENTITY, "date", "spend", "impressions"), on=[*ENTITY, "date"], how="left")
        .filter(nothing | (pl.col("impressions") == 0))
        .join(delivered, on=["account_id", "date"], how="semi")
        .with_columns(
            nothing.alias("unspent"),
            pl.when(returned).then((pl.col("again") - pl.col("date")).dt.total_days()).alias("gap_days"),
        )
    )


def _switched_on(statuses: pl.DataFrame) -> pl.DataFrame:
    fresh = pl.col("observed_at").dt.date() <= pl.col("week").dt.offset_by(f"{FRESH_DAYS}d")
    return statuses.filter((pl.col("effective_status") == "ACTIVE") & fresh).select(*ENTITY, "week").unique()
