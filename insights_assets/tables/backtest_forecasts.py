"""Backtest of the forecasts: how each run of it came out, so that a release can be held against the one before."""

import polars as pl

from insights_assets.tables.columns import Instant, account_id, count, observed_at, one_of
from insights_assets.tables.forecasts import FORECAST_LEVELS, FORECAST_METRICS, GRAINS
from insights_assets.tables.model import Table, TableModel, column

RATIO = "ratio"


class BacktestForecasts(TableModel):
    """One account, level, metric, grain and horizon of one walk-forward run over the lake's own history.

    Errors are divided by each series' own scale before they are added, so rows of any currency may be added up: a mean
    is a sum over `scores`, a ratio to naive is `sum_scaled_error` over `sum_scaled_naive_error`.
    """

    run_at: Instant = observed_at("When the backtest ran")
    model: pl.String = column("Model and its version")
    account_id: pl.String = account_id()
    week: pl.Date = column("Monday of the last origin")
    first_origin: pl.Date = column("Monday of the first origin")
    level: pl.String = one_of("account, campaign, adset or ad", FORECAST_LEVELS)
    metric: pl.String = one_of("spend, results or cpr", FORECAST_METRICS)
    grain: pl.String = one_of("day or week", GRAINS)
    horizon: pl.Int64 = column("Days or weeks ahead", unit="of the grain", ge=1)
    scores: pl.Int64 = count("Forecasts scored that have a naive one beside them")
    sum_scaled_error: pl.Float64 = column("Sum of |error| / scale", unit=RATIO, ge=0)
    sum_scaled_naive_error: pl.Float64 = column("The same of the last value", unit=RATIO, ge=0)
    sum_scaled_bias: pl.Float64 = column("Sum of error / scale; above 0 is too high", unit=RATIO)
    covered_80: pl.Int64 = count("Truths inside the 80 % interval")
    covered_95: pl.Int64 = count("Truths inside the 95 % interval")


BACKTEST_FORECASTS = Table(
    "backtest_forecasts",
    "predictions",
    BacktestForecasts,
    ("run_at", "account_id", "level", "metric", "grain", "horizon"),
    partitioned=False,
)
