"""Burnout models: what each version was fitted on, and how it weighs its parts."""

from typing import Annotated

import polars as pl

from insights_assets.tables.columns import count
from insights_assets.tables.history import History
from insights_assets.tables.model import Table, TableModel, column

INPUT = pl.Struct({"signal": pl.String, "slope": pl.Float64})
Inputs = Annotated[pl.List, INPUT]


class BurnoutModels(TableModel):
    """One version of the burnout model: what it was fitted on, and how it weighs its parts."""

    model_version: pl.String = column("Version, as in burnout_predictions")
    horizon_weeks: pl.Int64 = column("Weeks ahead", unit="weeks", ge=1, le=2)
    fitted_week: pl.Date = column("Monday from which on it predicts")
    first_pair_week: pl.Date = column("Oldest week that it learnt from; null when it is the rule alone", nullable=True)
    last_pair_week: pl.Date = column(
        "Newest week that it learnt from; its outcome was final by fitted_week", nullable=True
    )
    training_pairs: pl.Int64 = count("Pairs (week, outcome) that it was fitted on")
    base_rate: pl.Float64 = column("Share of burnt pairs among them", unit="fraction", ge=0, le=1, nullable=True)
    has_trees: pl.Boolean = column("Whether boosted trees are part of it")
    stack_pairs: pl.Int64 = count("Predictions of unseen weeks that the weights were fitted on")
    stack_intercept: pl.Float64 = column("Logit added to the weighted sum")
    stack_logistic: pl.Float64 = column("Weight of the logistic model's logit")
    stack_trees: pl.Float64 = column("Weight of the trees' logit; of the logistic one's where there are none")
    stack_bend: pl.Float64 = column("Weight of the squared distance of their mean logit from -1.2, at most 3")
    logistic_auc: pl.Float64 = column(
        "AUC of the logistic part on what it was fitted on; backtest_burnout has unseen weeks", nullable=True
    )
    logistic_brier: pl.Float64 = column("Its Brier score there", nullable=True)
    inputs: Inputs = column("Signals by size of slope: logit a standard deviation, logistic part")


BURNOUT_MODELS = Table(
    "burnout_models",
    "ops",
    BurnoutModels,
    ("model_version",),
    partitioned=False,
    history=History(defaults={"stack_bend": 0.0}),
)
