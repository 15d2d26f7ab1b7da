"""Findings about how spend is used: response curves, drift of goals, and the audit of a year."""

import dagster as dg
import polars as pl

from insights_assets.analytics import goal_drift as drift
from insights_assets.analytics import response_curves as curves
from insights_assets.analytics import yearly_audit as audit
from insights_assets.assets.declare import table_asset, upstream
from insights_assets.partitions import lookback, split_keys
from insights_assets.tables.entities import ADSETS
from insights_assets.tables.features import FEATURES_AD, FEATURES_ADSET, FEATURES_CAMPAIGN
from insights_assets.tables.goal_drift import GOAL_DRIFT
from insights_assets.tables.response_curves import RESPONSE_CURVES
from insights_assets.tables.yearly_audit import YEARLY_AUDIT

KINDS = {"python", "polars"}


@table_asset(
    RESPONSE_CURVES,
    "A Poisson regression of weekly results on the logarithm of spend, with a free dispersion; nothing is told where "
    "spend hardly moved or results are few.",
    kinds=KINDS,
    ins={
        "campaigns": upstream(FEATURES_CAMPAIGN, mapping=lookback(curves.HISTORY_WEEKS - 1), columns=curves.COLUMNS),
        "adsets": upstream(FEATURES_ADSET, mapping=lookback(curves.HISTORY_WEEKS - 1), columns=curves.COLUMNS),
    },
)
def response_curves(
    context: dg.AssetExecutionContext, campaigns: pl.DataFrame, adsets: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    _, weeks = split_keys(context.partition_keys)
    levels = {"campaign": campaigns, "adset": adsets}
    return dg.MaterializeResult(
        value=pl.concat([curves.response_curves(rows, level, weeks) for level, rows in levels.items()])
    )


@table_asset(
    GOAL_DRIFT,
    "Shares of spend and results by optimization goal, the last 4 weeks beside the 12 before, and ad sets whose goal "
    "differs from the week before.",
    kinds=KINDS,
    ins={
        "features": upstream(FEATURES_ADSET, mapping=lookback(drift.HISTORY_WEEKS - 1), columns=drift.FEATURE_COLUMNS),
        "adsets": upstream(ADSETS, mapping=lookback(drift.HISTORY_WEEKS - 1), columns=("optimization_goal",)),
    },
)
def goal_drift(
    context: dg.AssetExecutionContext, features: pl.DataFrame, adsets: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    _, weeks = split_keys(context.partition_keys)
    return dg.MaterializeResult(value=drift.goal_drift(features, adsets, weeks))


@table_asset(
    YEARLY_AUDIT,
    "Sums over the 52 weeks up to the week, by result family; ranked by ad for the concentration, by week for the best "
    "and the worst.",
    kinds=KINDS,
    ins={"features": upstream(FEATURES_AD, mapping=lookback(audit.YEAR_WEEKS - 1), columns=audit.COLUMNS)},
)
def yearly_audit(context: dg.AssetExecutionContext, features: pl.DataFrame) -> dg.MaterializeResult[pl.DataFrame]:
    _, weeks = split_keys(context.partition_keys)
    return dg.MaterializeResult(value=audit.yearly_audit(features, weeks))
