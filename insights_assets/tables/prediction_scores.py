"""Prediction scores: each prediction beside what happened, and beside what a naive one would have said."""

import polars as pl

from insights_assets.tables.columns import account_id, identifier, one_of
from insights_assets.tables.forecasts import FORECAST_LEVELS, FORECAST_METRICS, GRAINS
from insights_assets.tables.model import Table, TableModel, column

KINDS = ("forecast", "burnout")
UNIT = "of the metric (spend, cpr: account currency, major units; results: count; burnt: 0 or 1)"


class PredictionScores(TableModel):
    """One prediction whose truth lies in `week`: predicted, actual, error.

    Kept by the week of the truth, so that reading that week again (its results settle for 28 days) scores it again.
    """

    account_id: pl.String = account_id()
    week: pl.Date = column("Monday of the week that the truth lies in, in the account's time zone")
    kind: pl.String = one_of("forecast or burnout", KINDS)
    level: pl.String = one_of("account, campaign, adset or ad", FORECAST_LEVELS)
    entity_id: pl.String = identifier("Account, campaign, ad set or ad, by level")
    metric: pl.String = one_of("spend, results, cpr or burnt", (*FORECAST_METRICS, "burnt"))
    grain: pl.String = one_of("day or week: what ds stands for", GRAINS)
    origin_week: pl.Date = column("Monday of the week at whose close it was predicted")
    horizon: pl.Int64 = column("Days or weeks between origin and truth", unit="of the grain", ge=1)
    ds: pl.Date = column("The day, or the Monday of the week, that was predicted")
    predicted: pl.Float64 = column("What was predicted", unit=UNIT)
    actual: pl.Float64 = column("What happened, as far as Meta has told", unit=UNIT)
    error: pl.Float64 = column("predicted - actual", unit=UNIT)
    in_interval: pl.Boolean = column("The 95 % interval held it; null for a probability", nullable=True)
    in_interval_80: pl.Boolean = column("The 80 % interval held it; null for a probability", nullable=True)
    naive_error: pl.Float64 = column(
        "Error of the naive prediction (last value; base rate of a probability)", unit=UNIT, nullable=True
    )
    seasonal_naive_error: pl.Float64 = column("Error of the seasonal naive forecast", unit=UNIT, nullable=True)
    scaled_error: pl.Float64 = column(
        "error / scale of the history (MASE is the mean of its size); null where that never moved",
        unit="ratio",
        nullable=True,
    )
    scaled_naive_error: pl.Float64 = column("naive_error / scale of the history", unit="ratio", nullable=True)
    is_settled: pl.Boolean = column("The truth changes no more: its days were more than 28 days old when read")
    model: pl.String = column("Model and its version")


PREDICTION_SCORES = Table(
    "prediction_scores",
    "predictions",
    PredictionScores,
    ("account_id", "week", "kind", "entity_id", "metric", "grain", "origin_week", "ds"),
)
