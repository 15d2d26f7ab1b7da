"""Backtests of the anomaly detectors on the lake's own history, with the usual rules beside them."""

import polars as pl

from insights_assets.tables.columns import count, one_of
from insights_assets.tables.model import Table, TableModel, column

METHODS = ("findings", "score_series", "plus_20_percent", "median_mad", "log_mean_z")


class BacktestAnomalies(TableModel):
    """One method and one size of planted change: how many of them were found, at how many false alerts."""

    as_of: pl.Date = column("Monday of the last whole week that took part")
    method: pl.String = one_of(
        "findings: the weekly findings as they are; score_series and three usual rules: scores of weekly costs, each "
        "at the threshold of one alert in 30 series-weeks without a planted change",
        METHODS,
    )
    factor: pl.Float64 = column("What the cost of one week of a series was multiplied by", unit="ratio", gt=1)
    planted: pl.Int64 = count("Planted changes")
    found: pl.Int64 = count("Found in the week they were planted in")
    found_share: pl.Float64 = column("found / planted", unit="fraction", ge=0, le=1)
    alerts_share: pl.Float64 = column(
        "Alerts on the untouched history / series-weeks judged", unit="fraction", ge=0, le=1
    )
    series: pl.Int64 = count("Ads of at least 12 whole weeks")
    series_weeks: pl.Int64 = count("Weeks of theirs that were judged")


BACKTEST_ANOMALIES = Table(
    "backtest_anomalies", "findings", BacktestAnomalies, ("as_of", "method", "factor"), partitioned=False
)
