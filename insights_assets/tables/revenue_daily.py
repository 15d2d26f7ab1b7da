"""Spend and revenue by day and attribution window, of the lowest entity that they are known of: they add up upwards."""

import polars as pl

from insights_assets.tables.columns import account_id, count, identifier, money, one_of, week
from insights_assets.tables.model import Table, TableModel, column
from insights_assets.tables.offline_conversions import OFFLINE_LEVELS

WINDOWS = ("default", "1d_click", "7d_click", "28d_click", "1d_view")
"""`default` is each ad set's own attribution setting. A window is a cut of the same purchases: never add windows."""


def purchases_in(window: str) -> str:
    """The column of a window's purchases."""
    return "purchases" if window == "default" else f"purchases_{window}"


def revenue_in(window: str) -> str:
    """The column of a window's revenue."""
    return "revenue" if window == "default" else f"revenue_{window}"


class RevenueDaily(TableModel):
    """One day of an ad; of a campaign or account only what happened offline and no ad is known of.

    Purchases count the first canonical action type present, never aliases. Without purchases the revenue is 0; with
    purchases of which Meta reports no value, or where the windows could not be reported, it is null.
    """

    account_id: pl.String = account_id()
    week: pl.Date = week()
    date: pl.Date = column("Day in the account's time zone")
    level: pl.String = one_of("account, campaign or ad: the lowest that is known", OFFLINE_LEVELS)
    entity_id: pl.String = identifier("Account, campaign or ad, by level")
    campaign_id: pl.String = column("Campaign, below account level where it is known", nullable=True)
    adset_id: pl.String = column("Ad set, at ad level where it is known", nullable=True)
    currency: pl.String = column("ISO 4217 code of the amounts", str_matches=r"^[A-Z]{3}$")
    spend: pl.Float64 = money("Spend")
    purchases: pl.Float64 = column("Purchases, by the ad set's own attribution setting", unit="count", ge=0)
    purchases_1d_click: pl.Float64 = column("Purchases a day after a click", unit="count", ge=0, nullable=True)
    purchases_7d_click: pl.Float64 = column("Purchases within 7 days of a click", unit="count", ge=0, nullable=True)
    purchases_28d_click: pl.Float64 = column("Purchases within 28 days of a click", unit="count", ge=0, nullable=True)
    purchases_1d_view: pl.Float64 = column("Purchases a day after a view", unit="count", ge=0, nullable=True)
    revenue: pl.Float64 = money("Their value, by the ad set's own attribution setting", nullable=True)
    revenue_1d_click: pl.Float64 = money("Value of purchases a day after a click", nullable=True)
    revenue_7d_click: pl.Float64 = money("Value of purchases within 7 days of a click", nullable=True)
    revenue_28d_click: pl.Float64 = money("Value of purchases within 28 days of a click", nullable=True)
    revenue_1d_view: pl.Float64 = money("Value of purchases a day after a view", nullable=True)
    offline_conversions: pl.Float64 = column("Conversions outside Meta, of every kind", unit="count", ge=0)
    offline_revenue: pl.Float64 = money("Their revenue, at the day's rate where it came in another currency")
    offline_unconverted: pl.Int64 = count("Offline rows whose revenue is left out: no rate to the account's currency")
    is_settled: pl.Boolean = column("The day was more than 28 days old when it was read; offline rows always")


REVENUE_DAILY = Table("revenue_daily", "core", RevenueDaily, ("account_id", "week", "date", "level", "entity_id"))
