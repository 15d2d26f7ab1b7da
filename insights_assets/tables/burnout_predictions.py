"""Burnout: the probability that an ad becomes expensive one and two weeks ahead."""

from typing import Annotated

import polars as pl

from insights_assets.tables.columns import account_id, count, identifier, one_of, percent, week
from insights_assets.tables.model import Table, TableModel, column

DRIVER = pl.Struct({"signal": pl.String, "value": pl.Float64, "contribution": pl.Float64})
Drivers = Annotated[pl.List, DRIVER]
RISK_LEVELS = ("low", "medium", "high", "critical")


class BurnoutPredictions(TableModel):
    """One ad, one horizon: the chance that its cost per result exceeds 1.2 times its 4-week median."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    ad_id: pl.String = identifier("Ad")
    horizon_weeks: pl.Int64 = column("Weeks ahead", unit="weeks", ge=1, le=2)
    risk_score: pl.Float64 = column("Calibrated probability", unit="fraction", ge=0, le=1)
    risk_level: pl.String = one_of("low < 0.25 <= medium < 0.5 <= high < 0.75 <= critical", RISK_LEVELS)
    predicted_cpr_change_pct: pl.Float64 = percent(
        "Median change of CPR against the 4-week median, from the 400 cases of like risk", nullable=True
    )
    lo_80: pl.Float64 = percent("10th percentile of that change; null below 30 training pairs", nullable=True)
    hi_80: pl.Float64 = percent("90th percentile of that change", nullable=True)
    top_drivers: Drivers = column(
        "Up to five themes by their part of the logistic model's logit, against an average ad week; above 0 raises it"
    )
    confidence: pl.Float64 = column("0 to 1: pairs / (pairs + 500) x results of 4 weeks / (results + 10)", ge=0, le=1)
    raw_score: pl.Float64 = column("The seeds' linear scorecard, unclamped: 0 means that nothing moved")
    training_pairs: pl.Int64 = count(
        "Pairs (week, outcome) the model was fitted on, all of them known that week; 0: the rule alone"
    )
    base_rate: pl.Float64 = column("Share of burnt pairs among them", unit="fraction", ge=0, le=1, nullable=True)
    model_version: pl.String = column("As in burnout_models: kind, horizon, week of the fit, hash")


BURNOUT_PREDICTIONS = Table(
    "burnout_predictions", "predictions", BurnoutPredictions, ("account_id", "week", "ad_id", "horizon_weeks")
)
