"""Daily tests that became findings, described; and days on which an active entity stopped to deliver."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from insights_assets.analytics.daily_expectations import DAY, HISTORY_DAYS
from insights_assets.analytics.deviations import likely_triggers, preceding_deviations
from insights_assets.analytics.findings import severity, with_finding_id
from insights_assets.tables.anomalies import ANOMALIES_AD
from insights_assets.tables.features import FEATURES_AD

GOOD_NEWS = ("cpr_drop", "ctr_spike")
STREAK_DAYS = 7
"""Days of spend in a row after which a day without is a stop: ads that run on weekdays only never reach it."""
FRESH_DAYS = 8
"""Days after the Monday until which a status is of the week: later it may have been switched off and on again."""


def described(found: pl.DataFrame, rows: pl.DataFrame, features: pl.DataFrame, level: str) -> pl.DataFrame:
    """Turn daily discoveries into rows of the level's anomalies.

    Args:
        found: (account_id, entity_id, result_family, week, date, anomaly_type, metric, direction, current_value,
            baseline_value, delta_pct, p_value, q_value).
        rows: what `day_expectations` returned, for what moved on the same day.
        features: the level's features, for what preceded the week.
        level: campaign, adset or ad.
    """
    empty = pl.lit([], dtype=ANOMALIES_AD.schema["preceding_deviations"])
    ratio = pl.col("current_value") / pl.col("baseline_value")
    size = pl.when(ratio > 0).then(pl.max_horizontal(ratio, 1 / ratio) - 1).otherwise(1.0).clip(0, 1)
    before = pl.col("preceding_deviations").list.filter(pl.element().struct.field("week_offset") < 0)
    keys = ["account_id", "entity_id", "week"]
    frame = (
        found.join(_moved(rows), on=DAY, how="left")
        # The week of the day itself is not over: only the weeks before it preceded.
        .join(preceding_deviations(found, features).with_columns(before), on=keys, how="left")
        .with_columns(((1 - pl.col("q_value")) * pl.col("seen").fill_null(1.0)).alias("confidence"))
        .with_columns((size * pl.col("confidence")).alias("anomaly_score"))
        .with_columns(
            pl.when(pl.col("anomaly_type").is_in(GOOD_NEWS) | _is_good())
            .then(pl.lit("low"))
            .otherwise(severity())
            .alias("severity"),
            pl.when(pl.col("metric").is_in(["cpr", "results", "roas"]) & ~_is_good())
            .then(likely_triggers())
            .otherwise(pl.lit([], dtype=pl.List(pl.String)))
            .alias("likely_triggers"),
            pl.col("preceding_deviations").fill_null(empty),
            pl.lit("new").alias("status"),
            pl.lit("day").alias("granularity"),
            pl.lit(level).alias("level"),
        )
    )
    return ANOMALIES_AD.conform(with_finding_id(frame).select(list(ANOMALIES_AD.schema)))


def delivery_stops(
    days: pl.DataFrame, statuses: pl.DataFrame, families: pl.DataFrame, weeks: Sequence[date], level: str
) -> pl.DataFrame:
    """Find the first day without spend of entities that are switched on and spent on each of the 7 days before.

    Args:
        days: (account_id, entity_id, week, date, spend, impressions).
        statuses: (account_id, week, entity_id, effective_status, observed_at): a status counts when it was read
            until the day after the week; a backfill of old weeks knows only how things stand today.
        families: (account_id, entity_id, week, result_family).
        weeks: Mondays to judge.
        level: campaign, adset or ad.

    Returns:
        Findings `zero_spend` (no row, or a row without spend) and `zero_impressions` (spend, but nothing was shown) on
        days on which the account delivered.
    """
    entity = ["account_id", "entity_id"]
    spent = days.filter(pl.col("spend") > 0).sort(*entity, "date")
    streak = spent.rolling("date", period=f"{HISTORY_DAYS}d", closed="right", group_by=entity).agg(
        (pl.col("date") > pl.col("date").max().dt.offset_by(f"-{STREAK_DAYS}d")).sum().alias("streak"),
        pl.len().alias("points"),
        pl.col("spend").median().alias("usual_spend"),
        pl.col("impressions").median().alias("usual_impressions"),
    )
    tomorrow = streak.filter(pl.col("streak") == STREAK_DAYS).with_columns(pl.col("date").dt.offset_by("1d"))
    delivered = days.filter(pl.col("spend") > 0).select("account_id", "date").unique()
    spends = tomorrow.join(days.select(*entity, "date", "spend", "impressions"), on=[*entity, "date"], how="left")
    nothing = pl.col("spend").fill_null(0.0) == 0
    active = statuses.filter(
        (pl.col("effective_status") == "ACTIVE")
        & (pl.col("observed_at").dt.date() <= pl.col("week").dt.offset_by(f"{FRESH_DAYS}d"))
    ).select(*entity, "week")
    newest = families.sort("week").group_by(entity).agg(pl.col("result_family").last())
    found = (
        spends.filter(nothing | (pl.col("impressions") == 0))
        .with_columns(pl.col("date").dt.truncate("1w").alias("week"), nothing.alias("unspent"))
        .filter(pl.col("week").is_in(list(weeks)))
        .join(delivered, on=["account_id", "date"], how="semi")
        .join(active.unique(), on=[*entity, "week"], how="semi")
        .join(newest, on=entity, how="inner")
        .with_columns(
            pl.when("unspent").then(pl.lit("zero_spend")).otherwise(pl.lit("zero_impressions")).alias("anomaly_type"),
            pl.when("unspent").then(pl.lit("spend")).otherwise(pl.lit("impressions")).alias("metric"),
            pl.lit("down").alias("direction"),
            pl.lit(0.0).alias("current_value"),
            pl.when("unspent").then("usual_spend").otherwise("usual_impressions").alias("baseline_value"),
            pl.lit(-100.0).alias("delta_pct"),
            # It delivered on all of n days: the rule of succession.
            (1 / (pl.col("points") + 2)).alias("p_value"),
        )
        .with_columns(pl.col("p_value").alias("q_value"))
    )
    told = described(found.drop("streak", "points"), _no_moves(), FEATURES_AD.empty(), level)
    return told.sort("account_id", "week", "entity_id", "date")


def _is_good() -> pl.Expr:
    metric, direction = pl.col("metric"), pl.col("direction")
    return ((metric == "cpr") & (direction == "down")) | ((metric == "ctr") & (direction == "up"))


def _moved(rows: pl.DataFrame) -> pl.DataFrame:
    """Changes of the day that make results dearer, and how much of the 28 days was seen."""
    if rows.is_empty():
        return _no_moves()
    ctr = pl.col("clicks") / pl.col("impressions") / (pl.col("ctr_rate") * pl.col("ctr_season"))
    return rows.select(
        *DAY,
        ((pl.col("frequency") / pl.col("frequency_log").exp() - 1) * 100).alias("frequency_delta_pct"),
        pl.when((pl.col("impressions") > 0) & (pl.col("ctr_rate") > 0)).then((ctr - 1) * 100).alias("ctr_delta_pct"),
        pl.when(pl.col("impressions") > 0)
        .then((pl.col("spend") / pl.col("impressions") * 1000 / pl.col("cpm_rate") - 1) * 100)
        .alias("cpm_delta_pct"),
        (pl.col("points") / HISTORY_DAYS).clip(upper_bound=1.0).alias("seen"),
    )


def _no_moves() -> pl.DataFrame:
    keys = {"account_id": pl.String, "entity_id": pl.String, "result_family": pl.String, "date": pl.Date}
    names = ("frequency_delta_pct", "ctr_delta_pct", "cpm_delta_pct", "seen")
    return pl.DataFrame(schema={**keys, **dict.fromkeys(names, pl.Float64)})
