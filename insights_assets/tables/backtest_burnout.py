"""Backtest of burnout: the fitted model beside naive ones over every past week whose outcome is known."""

from typing import Any

import polars as pl

from insights_assets.tables.columns import count, one_of
from insights_assets.tables.model import Table, TableModel, column

BACKTESTED = ("fitted", "persistence", "scorecard", "base_rate")


def share(description: str) -> Any:
    """A column of a fraction that may be unknown."""
    return column(description, unit="fraction", ge=0, le=1, nullable=True)


class BacktestBurnout(TableModel):
    """One model and horizon: what its walk-forward predictions were worth over every past week."""

    model: pl.String = one_of(
        "fitted; persistence: this week's cost over its median; scorecard: the seeds'; base_rate: share burnt so far",
        BACKTESTED,
    )
    horizon_weeks: pl.Int64 = column("Weeks ahead", unit="weeks", ge=1, le=2)
    model_kind: pl.String = column("Release of the model; versions within it differ in what they were fitted on")
    first_week: pl.Date = column("First week predicted from")
    last_week: pl.Date = column("Last week predicted from whose outcome is known")
    pairs: pl.Int64 = count("Predictions whose outcome is known")
    base_rate: pl.Float64 = share("Share of them that burnt")
    auc: pl.Float64 = share("Chance that a burnt ad was ranked above one that did not burn")
    average_precision: pl.Float64 = share("Mean precision over the burnt, by falling risk")
    top_precision: pl.Float64 = share("Share that burnt among the tenth ranked highest")
    brier: pl.Float64 = share("Mean squared error; null where a score is no probability")
    skill: pl.Float64 = column("1 - brier / (base_rate x (1 - base_rate)); null as brier", le=1, nullable=True)
    calibration_error: pl.Float64 = share("Mean gap of predicted and observed share over ten bins; null as brier")
    new_burnouts: pl.Int64 = count("Burnouts after a calm week, both horizons predicted; fitted only", nullable=True)
    warned_share: pl.Float64 = share("Share of them with a risk of at least 50 % a week or two before")
    mean_lead_weeks: pl.Float64 = column("Mean notice of those", unit="weeks", ge=1, le=2, nullable=True)
    previous_model_kind: pl.String = column("Release before this one; null when there was none", nullable=True)
    previous_skill: pl.Float64 = column("Its skill in its last backtest", le=1, nullable=True)
    previous_auc: pl.Float64 = share("Its AUC there")


BACKTEST_BURNOUT = Table(
    "backtest_burnout", "predictions", BacktestBurnout, ("model", "horizon_weeks"), partitioned=False
)
