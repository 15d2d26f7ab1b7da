"""What follows a pause: a run of zeros at the end of a series that was not usually zero.

A paused ad stays at nothing or comes back near where it was; no average of the two ever happens. So it is forecast to
stay, and how high it may come back is read off what followed the pauses of all series, as multiples of the level before
them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insights_assets.analytics.forecast_models import Model, Panel, run, smoothing

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

UNUSUAL = 0.05
"""Chance of such a run of zeros, were they as frequent as before it, below which it is a pause."""
HOLD = Model("level while delivering", smoothing(0.35))
SINCE = np.array([1, 2, 4])
"""Steps of zeros from which a pause counts as new, short, long."""
RESUMED = np.array([0.25, 0.1, 0.03])
"""Chance a step that a new, short or long pause ends, before any is seen."""
PRIOR_PAUSES = 10
LEVELS = np.array([0.0, 0.0, 0.0, 0.9, 0.975])
"""A pause is forecast to last: a series that ended looks in its past like one that always came back. How high it may
come back is read off the others."""


@dataclass(frozen=True)
class Pauses:
    """Pauses at origins.

    Attributes:
        age: (series, origins) index in `SINCE`; -1 where the series was not paused.
        hold: (series, origins) level before it; nan where there was none.
    """

    age: Ints
    hold: Floats

    def earlier(self, chosen: Ints) -> "Pauses":
        """Those of some series at the past origins, without the end."""
        return Pauses(self.age[chosen, 1:], self.hold[chosen, 1:])


def find(panel: Panel, offsets: Ints, able: Bools) -> Pauses:
    """Find the pauses at each origin.

    Args:
        panel: the series.
        offsets: (origins,) steps before each series' end.
        able: (series,) series of which 0 means that nothing was delivered.

    Returns:
        Pauses, judged by nothing after the origin.
    """
    values = panel.values
    series = values.shape[1]
    positive, zero = values > 0, values == 0
    zeros, points = zero.cumsum(axis=0), np.isfinite(values).cumsum(axis=0)
    # Counts as they were at the last positive point; what came since is the run.
    before = np.maximum.accumulate(np.where(positive, zeros, 0), axis=0)
    until = np.maximum.accumulate(np.where(positive, points, 0), axis=0)
    at = panel.length[:, None] - 1 - offsets
    column = np.arange(series)[:, None]
    rows = np.maximum(at, 0)
    run_length = zeros[rows, column] - before[rows, column]
    share = (before[rows, column] + 0.5) / (until[rows, column] + 1)
    paused = (run_length >= 1) & (until[rows, column] > 0) & (share**run_length < UNUSUAL) & (at >= 0) & able[:, None]
    age = np.where(paused, np.searchsorted(SINCE, run_length, side="right") - 1, -1)
    hold = np.full(age.shape, np.nan)
    if paused.any():
        delivering = Panel(np.where(positive, values, np.nan), panel.length, panel.period)
        hold = run(delivering, HOLD, offsets, 1).forecasts[..., 0].T
    return Pauses(np.where(np.isfinite(hold), age, -1), hold)


def quantiles(pauses: Pauses, truth: Floats) -> Floats:
    """Multiples of the level before a pause that follow it.

    Args:
        pauses: from `find`, of past origins.
        truth: (series, origins, horizon) what followed, nan where unknown.

    Returns:
        (ages, horizon, levels) quantiles at `LEVELS`, pauses of 10 made-up series included.
    """
    horizon = truth.shape[2]
    out = np.zeros((SINCE.size, horizon, LEVELS.size))
    for age in range(SINCE.size):
        like = pauses.age == age
        ratio = truth[like] / pauses.hold[like][:, None]
        for h in range(horizon):
            known = ratio[np.isfinite(ratio[:, h]), h]
            back = round(PRIOR_PAUSES * (1 - (1 - RESUMED[age]) ** (h + 1)))
            prior = (np.arange(PRIOR_PAUSES) < back).astype(np.float64)
            out[age, h] = np.quantile(np.r_[known, prior], LEVELS, method="higher")
    return out
