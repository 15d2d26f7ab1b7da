"""Revenue by day: what Meta attributes in each window, and what the drop folder says of sales outside it."""

import dagster as dg
import polars as pl

from insights_assets.analytics import revenue
from insights_assets.assets.declare import table_asset, upstream
from insights_assets.currency_settings import read_rates
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.offline_conversions import OFFLINE_CONVERSIONS
from insights_assets.tables.revenue_daily import REVENUE_DAILY


@table_asset(
    REVENUE_DAILY,
    "Purchases and their value in each attribution window, from the action arrays; offline conversions beside them, "
    "converted to the account's currency by the file in the setting `currency` where they came in another.",
    kinds={"python", "polars"},
    resources={"lake", "settings"},
    ins={
        "daily": upstream(INSIGHTS_DAILY, columns=revenue.DAILY_COLUMNS),
        "offline": upstream(OFFLINE_CONVERSIONS),
    },
)
def revenue_daily(
    context: dg.AssetExecutionContext, daily: pl.DataFrame, offline: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    currencies = context.resources.lake.rows(ACCOUNTS, ["account_id", "currency"])
    rows = revenue.revenue_daily(daily, offline, currencies, read_rates(context.resources.settings.currency))
    return dg.MaterializeResult(value=rows, metadata={"offline_unconverted": int(rows["offline_unconverted"].sum())})
