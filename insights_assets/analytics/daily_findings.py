"""Daily tests that became findings, described: what moved with them and before them, how bad they are."""

import polars as pl

from insights_assets.analytics.deviations import likely_triggers, preceding_deviations
from insights_assets.analytics.findings import severity, with_finding_id
from insights_assets.tables.anomalies import ANOMALIES_AD

GOOD_NEWS = ("cpr_drop", "ctr_spike")
MOVES = ("frequency_delta_pct", "ctr_delta_pct", "cpm_delta_pct", "seen")


def described(found: pl.DataFrame, features: pl.DataFrame, level: str) -> pl.DataFrame:
    """Turn daily discoveries into rows of the level's anomalies.

    Args:
        found: (account_id, entity_id, result_family, week, date, anomaly_type, metric, direction, current_value,
            baseline_value, delta_pct, p_value, q_value); optional: `frequency_delta_pct`, `ctr_delta_pct`,
            `cpm_delta_pct` (what moved on the same day) and `seen` (part of its past that is known, 1 without it).
        features: the level's features, for what preceded the week.
        level: campaign, adset or ad.
    """
    empty = pl.lit([], dtype=ANOMALIES_AD.schema["preceding_deviations"])
    ratio = pl.col("current_value") / pl.col("baseline_value")
    size = pl.when(ratio > 0).then(pl.max_horizontal(ratio, 1 / ratio) - 1).otherwise(1.0).clip(0, 1)
    before = pl.col("preceding_deviations").list.filter(pl.element().struct.field("week_offset") < 0)
    keys = ["account_id", "entity_id", "week"]
    frame = (
        found.with_columns(pl.lit(None, dtype=pl.Float64).alias(c) for c in MOVES if c not in found.columns)
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


def _is_good() -> pl.Expr:
    metric, direction = pl.col("metric"), pl.col("direction")
    return ((metric == "cpr") & (direction == "down")) | ((metric == "ctr") & (direction == "up"))
