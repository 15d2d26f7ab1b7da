"""Forecasts: what each entity will spend and get, from the close of a week on, with what naive forecasts would say."""

import polars as pl

from insights_assets.tables.columns import FAMILIES, LEVELS, account_id, count, identifier, one_of
from insights_assets.tables.model import Table, TableModel, column

FORECAST_LEVELS = ("account", *LEVELS)
FORECAST_METRICS = ("spend", "results", "cpr")
GRAINS = ("day", "week")
DAYS_AHEAD, WEEKS_AHEAD = 7, 4
UNIT = "of the metric (spend, cpr: account currency, major units; results: count)"


class Forecasts(TableModel):
    """One metric of one entity on one future day or in one future week, as expected at the close of `week`.

    Nothing that was read later than the first sync after that close is used; a week that is not over has no rows.
    """

    account_id: pl.String = account_id()
    week: pl.Date = column("Monday of the origin: the last week that was known, in the account's time zone")
    level: pl.String = one_of("account, campaign, adset or ad", FORECAST_LEVELS)
    entity_id: pl.String = identifier("Account, campaign, ad set or ad, by level")
    parent_id: pl.String = column("Ad set of an ad, campaign of an ad set, account of a campaign", nullable=True)
    metric: pl.String = one_of("spend, results or cpr", FORECAST_METRICS)
    result_family: pl.String = one_of(
        "Family of results and cpr: the primary one of the 28 days before; null for spend", FAMILIES, nullable=True
    )
    grain: pl.String = one_of("day or week: what ds stands for", GRAINS)
    horizon: pl.Int64 = column("Days or weeks after the origin", unit="of the grain", ge=1, le=DAYS_AHEAD)
    ds: pl.Date = column("The day, or the Monday of the week, that is forecast")
    mean: pl.Float64 = column(
        "Middle of what is expected (least absolute error); cpr is null where no result is expected",
        unit=UNIT,
        ge=0,
        nullable=True,
    )
    lo_80: pl.Float64 = column("10 % are below", unit=UNIT, ge=0, nullable=True)
    hi_80: pl.Float64 = column("10 % are above", unit=UNIT, ge=0, nullable=True)
    lo_95: pl.Float64 = column("2.5 % are below", unit=UNIT, ge=0, nullable=True)
    hi_95: pl.Float64 = column("2.5 % are above", unit=UNIT, ge=0, nullable=True)
    model: pl.String = column("Model and its version")
    naive: pl.Float64 = column("Last known value: what no change would give", unit=UNIT, ge=0, nullable=True)
    seasonal_naive: pl.Float64 = column(
        "Value of the same weekday a week before, or of the week a year (52 weeks) before",
        unit=UNIT,
        ge=0,
        nullable=True,
    )
    scale: pl.Float64 = column(
        "Mean absolute change from one known step to the next: what errors are divided by; null below 4 changes",
        unit=UNIT,
        ge=0,
        nullable=True,
    )
    points: pl.Int64 = count("Known days or weeks behind it")


KEY = ("account_id", "week", "entity_id", "metric", "grain", "ds")
FORECASTS = {level: Table(f"forecasts_{level}", "predictions", Forecasts, KEY) for level in FORECAST_LEVELS}
