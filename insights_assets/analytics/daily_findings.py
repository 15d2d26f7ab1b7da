"""Daily tests that became findings, described: what moved with them and before them, how bad they are."""

import polars as pl

from insights_assets.analytics.deviations import preceding_deviations
from insights_assets.analytics.findings import finding_rows, is_good

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
    # The week of the day itself is not over: only the weeks before it preceded.
    before = pl.col("preceding_deviations").list.filter(pl.element().struct.field("week_offset") < 0)
    frame = (
        found.with_columns(pl.lit(None, dtype=pl.Float64).alias(c) for c in MOVES if c not in found.columns)
        .join(
            preceding_deviations(found, features).with_columns(before),
            on=["account_id", "entity_id", "week"],
            how="left",
        )
        .with_columns(pl.col("seen").fill_null(1.0), pl.lit("day").alias("granularity"), pl.lit(level).alias("level"))
    )
    return finding_rows(frame, pl.col("metric").is_in(["cpr", "results", "roas"]) & ~is_good())
