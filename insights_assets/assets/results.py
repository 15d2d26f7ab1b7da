"""Results: one canonical action type a family, at three levels, daily and weekly."""

import dagster as dg
import polars as pl

from insights_assets.analytics import results
from insights_assets.assets.declare import table_asset, upstream
from insights_assets.tables.entities import ADSETS
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.results import RESULTS_DAILY, RESULTS_WEEKLY

KINDS = {"python", "polars"}


@table_asset(
    RESULTS_DAILY,
    "From the action arrays of each ad-day: the first canonical type present counts, aliases never add; ad sets and "
    "campaigns are sums over their ads. The primary family follows the ad set's goal as of the week, or the setting "
    "`families` of the account.",
    kinds=KINDS,
    resources={"families"},
    ins={"daily": upstream(INSIGHTS_DAILY), "adsets": upstream(ADSETS)},
)
def results_daily(
    context: dg.AssetExecutionContext, daily: pl.DataFrame, adsets: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    return dg.MaterializeResult(value=results.daily_levels(daily, adsets, context.resources.families))


@table_asset(
    RESULTS_WEEKLY,
    "Sums of the days; cost per result is a ratio of sums, null without results.",
    kinds=KINDS,
    ins={"daily": upstream(INSIGHTS_DAILY), "results_daily": upstream(RESULTS_DAILY)},
)
def results_weekly(daily: pl.DataFrame, results_daily: pl.DataFrame) -> dg.MaterializeResult[pl.DataFrame]:
    return dg.MaterializeResult(value=results.weekly_results(daily, results_daily))
