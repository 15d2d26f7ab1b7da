"""Patterns of findings, and whether results can be believed to have been counted."""

import dagster as dg
import polars as pl

from insights_assets.analytics.anomaly_patterns import YEAR_WEEKS, anomaly_patterns
from insights_assets.analytics.deviations import SIGNIFICANT_PCT
from insights_assets.analytics.lead_lag import METRICS
from insights_assets.analytics.tracking_health import BASELINE_WEEKS
from insights_assets.analytics.tracking_health import tracking_health as judge_tracking
from insights_assets.assets.declare import table_asset, upstream
from insights_assets.partitions import lookback, split_keys
from insights_assets.tables.anomalies import ANOMALIES
from insights_assets.tables.anomaly_patterns import ANOMALY_PATTERNS
from insights_assets.tables.columns import LEVELS
from insights_assets.tables.features import FEATURES, FEATURES_AD
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.tracking_health import TRACKING_HEALTH

KINDS = {"python", "polars"}
FEATURE_COLUMNS = (
    *("level", "result_family", "spend", "results", "cpr_baseline_pooled", "baseline_weeks", "is_complete"),
    *METRICS,
    *(f"{m}_delta_pct" for m in SIGNIFICANT_PCT if f"{m}_delta_pct" not in METRICS),
)
FINDING_COLUMNS = ("level", "entity_id", "granularity", "anomaly_type", "status")
YEAR = lookback(YEAR_WEEKS - 1)


def _anomaly_patterns(context: dg.AssetExecutionContext, **inputs: pl.DataFrame) -> dg.MaterializeResult[pl.DataFrame]:
    _, weeks = split_keys(context.partition_keys)
    features = pl.concat([inputs[f"features_{level}"] for level in LEVELS])
    found = pl.concat([inputs[f"anomalies_{level}"] for level in LEVELS])
    return dg.MaterializeResult(value=anomaly_patterns(features, found, weeks))


anomaly_patterns_asset = table_asset(
    ANOMALY_PATTERNS,
    "Over the 52 weeks up to the last week of each month, with intervals and multiple-test control; other weeks have "
    "no rows, since a year's patterns do not change by the week.",
    kinds=KINDS,
    ins={
        **{f"features_{level}": upstream(FEATURES[level], mapping=YEAR, columns=FEATURE_COLUMNS) for level in LEVELS},
        **{f"anomalies_{level}": upstream(ANOMALIES[level], mapping=YEAR, columns=FINDING_COLUMNS) for level in LEVELS},
    },
)(_anomaly_patterns)


@table_asset(
    TRACKING_HEALTH,
    "Results for the link clicks, tested against the 8 weeks before.",
    kinds=KINDS | {"scipy"},
    ins={
        "features": upstream(
            FEATURES_AD,
            mapping=lookback(BASELINE_WEEKS),
            columns=("result_family", "link_ctr", "impressions", "results", "is_complete"),
        ),
        "daily": upstream(INSIGHTS_DAILY, mapping=lookback(1), columns=()),
    },
)
def tracking_health(
    context: dg.AssetExecutionContext, features: pl.DataFrame, daily: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    _, weeks = split_keys(context.partition_keys)
    return dg.MaterializeResult(value=judge_tracking(features, daily, weeks))
