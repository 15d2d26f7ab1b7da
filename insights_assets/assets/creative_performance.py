"""Creatives: their daily facts, and what those come to by type and status in a week."""

import dagster as dg
import polars as pl

from insights_assets.analytics import creative_aggregates as aggregates
from insights_assets.analytics import creative_performance as performance
from insights_assets.assets.declare import table_asset, upstream
from insights_assets.tables.creative_aggregates import CREATIVE_AGGREGATES
from insights_assets.tables.creative_performance import CREATIVE_PERFORMANCE
from insights_assets.tables.entities import ADS, CREATIVES
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.results import RESULTS_DAILY

KINDS = {"python", "polars"}


@table_asset(
    CREATIVE_PERFORMANCE,
    "Each ad-day goes to the creative that the ad showed as of that day, so sums over creatives are sums over ads. "
    "Rates are ratios of sums over the ads.",
    kinds=KINDS,
    ins={
        "daily": upstream(INSIGHTS_DAILY, columns=performance.DAILY_COLUMNS),
        "results_daily": upstream(RESULTS_DAILY, columns=("results", "result_value", "is_primary")),
        "ads": upstream(ADS, columns=("effective_status",)),
        "creatives": upstream(CREATIVES, columns=("shown_from", "creative_type")),
    },
)
def creative_performance(
    daily: pl.DataFrame, results_daily: pl.DataFrame, ads: pl.DataFrame, creatives: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    return dg.MaterializeResult(value=performance.creative_performance(daily, results_daily, ads, creatives))


@table_asset(
    CREATIVE_AGGREGATES,
    "Sums over the week's days. Any other range, type or status comes exactly from `creative_performance` (the view "
    "`creative_aggregates_daily`).",
    kinds=KINDS,
    ins={"performance": upstream(CREATIVE_PERFORMANCE)},
)
def creative_aggregates(performance: pl.DataFrame) -> dg.MaterializeResult[pl.DataFrame]:
    return dg.MaterializeResult(value=aggregates.weekly_aggregates(performance))
