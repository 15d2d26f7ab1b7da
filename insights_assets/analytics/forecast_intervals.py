"""Intervals from past errors: split conformal quantiles of errors in units of what each series usually errs by.

After Lei et al. (2018): an error is divided by the scale known at its own origin, so volatile and calm series share one
set of quantiles, each side its own. The scale of a short history is shrunk to its pool's. Errors are those of weights
learnt from other origins.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from insights_assets.analytics.forecast_panel import KINDS, members

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TAILS = np.array([0.025, 0.1, 0.9, 0.975])
"""Lower ends of 95 and 80 %, upper ends of 80 and 95 %."""

MEAN_SIZE_OF_T5 = 8 / 3 * np.sqrt(5) / (2 * np.pi)
"""E|T| of a t with 5 degrees of freedom, 0.949."""

USUAL = np.array([0.3, 0.15, 0.3])
"""Mean absolute error of one step before anything is seen, by kind of scale: 30 % of the level."""
POOL_PRIOR, SERIES_PRIOR = 3.0, 5.0
"""Errors that `USUAL` weighs in a pool's scale, and a pool's scale in a series' own."""
GROUP_PRIOR = 30.0
"""Errors that the scale of all series weighs in a group's."""
OWN_PRIOR = 4.0
"""Independent horizons of errors from which a series' own growth of errors counts as much as the pool's."""
TAIL_PRIOR = 20.0
"""Independent errors from which quantiles count as much as those of a t with 5 degrees of freedom."""
HORIZON_PRIOR, AGE_PRIOR = 200.0, 300.0
"""Errors from which a horizon's, or an age's, own quantiles count as much as those of all."""
AGES = np.array([8, 16, 32])
"""Points known from which a history is of the next age."""


@dataclass(frozen=True)
class Past:
    """Errors at past origins and what was known at each.

    Attributes:
        error: (series, origins, horizon) truth - forecast, nan where unknown.
        scale: (series, origins) from `scales`.
        known: (series, origins) points known.
        newer: (series, origins) True for the newer half.
        overlap: origins that share the points of one horizon.
    """

    error: Floats
    scale: Floats
    known: Ints
    newer: NDArray[np.bool_]
    overlap: float

    def of(self, chosen: Ints) -> "Past":
        """The errors of some series."""
        return Past(self.error[chosen], self.scale[chosen], self.known[chosen], self.newer[chosen], self.overlap)


def scales(spread: Floats, known: Ints, kind: Ints, group: Ints, pool: Ints) -> Floats:
    """Usual one-step error at each origin, shrunk to the series of the same kind, pool and group.

    Args:
        spread: (series, origins) running mean absolute error, nan where none is known; origin 0 is the end.
        known: (series, origins) points known.
        kind: (series,) LOG, ROOT or PLAIN.
        group: (series,) number of the group.
        pool: (series,) number of the pool.

    Returns:
        (series, origins) scales above 0 unless nothing of the pool ever moved.
    """
    count = np.where(np.isfinite(spread), np.maximum(known - 1, 0), 0)
    own = np.nan_to_num(spread)
    like = np.zeros(kind.size)
    for everyone in members(np.unique(pool * KINDS + kind, return_inverse=True)[1]):
        pooled = _pooled(own[everyone, 0], count[everyone, 0], USUAL[kind[everyone[0]]], POOL_PRIOR)
        like[everyone] = pooled
        families = members(np.unique(group[everyone], return_inverse=True)[1])
        for siblings in families if len(families) > 1 else []:
            at = everyone[siblings]
            like[at] = _pooled(own[at, 0], count[at, 0], pooled, GROUP_PRIOR)
    shrunk: Floats = (count * own + SERIES_PRIOR * like[:, None]) / (count + SERIES_PRIOR)
    return shrunk


def _pooled(own: Floats, count: Ints, prior: float, weight: float) -> float:
    seen = count > 0
    if not seen.any():
        return float(prior)
    total = count.sum()
    return float((total * np.median(own[seen]) + weight * prior) / (total + weight))


def offsets(past: Past, scale: Floats, known: Ints, pool: Ints) -> Floats:
    """Distances of the interval ends from the forecast.

    Args:
        past: errors to learn from.
        scale: (series,) scale at the end.
        known: (series,) points known at the end.
        pool: (series,) number of the pool, from 0: quantiles are of its own errors.

    Returns:
        (series, horizon, 4) at `TAILS`, growing outwards with the horizon.
    """
    out = np.empty((*scale.shape, past.error.shape[2], TAILS.size))
    for alike in members(pool):
        out[alike] = _offsets(past.of(alike), scale[alike], known[alike])
    return out


def _offsets(past: Past, scale: Floats, known: Ints) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = past.error / past.scale[..., None]
    unit = np.where(np.isfinite(unit), unit, np.nan)
    growth = _growth(np.abs(unit), past.overlap)
    size = np.abs(unit) / growth
    own = [_own(np.where(half[..., None], size, np.nan), past.overlap) for half in (past.newer, ~past.newer)]
    crossed = np.where(past.newer, own[1][:, None], own[0][:, None])
    shape = _shape(unit / growth / crossed[..., None], past, known)
    factor = scale * _own(size, past.overlap)
    out = factor[:, None, None] * growth[None, :, None] * shape
    lower = np.minimum.accumulate(np.minimum(out[..., :2], 0.0), axis=1)
    upper = np.maximum.accumulate(np.maximum(out[..., 2:], 0.0), axis=1)
    return np.concatenate([lower, upper], axis=2)


def _growth(size: Floats, overlap: float) -> Floats:
    """Mean absolute error of each horizon in units of the scale, never falling, that of a random walk to begin with."""
    horizon = size.shape[2]
    seen = np.isfinite(size).sum(axis=(0, 1)) / overlap
    mean = np.nansum(size, axis=(0, 1)) / overlap
    prior = 1.25 * np.sqrt(np.arange(1, horizon + 1))
    growth: Floats = np.maximum.accumulate((mean + TAIL_PRIOR * prior) / (seen + TAIL_PRIOR))
    return growth


def _own(size: Floats, overlap: float) -> Floats:
    """How much more than the pool each series errs for its scale."""
    horizons = np.isfinite(size).sum(axis=(1, 2)) / size.shape[2] / overlap
    total = np.nansum(size, axis=(1, 2)) / size.shape[2] / overlap
    own: Floats = (total + OWN_PRIOR) / (horizons + OWN_PRIOR)
    return own


def _shape(error: Floats, past: Past, known: Ints) -> Floats:
    """Quantiles (series, horizon, 4) of standardised errors for the age of each series."""
    horizon = error.shape[2]
    usual = special.stdtrit(5, TAILS) / MEAN_SIZE_OF_T5
    overall = _blend(error, usual, TAIL_PRIOR, past.overlap * horizon)
    by_horizon = np.array([_blend(error[:, :, h], overall, HORIZON_PRIOR, past.overlap) for h in range(horizon)])
    ages = np.searchsorted(AGES, past.known, side="right")
    table = np.tile(by_horizon, (AGES.size + 1, 1, 1))
    for age in range(AGES.size + 1):
        mine = error[ages == age]
        if mine.size:
            shift = _blend(mine, overall, AGE_PRIOR, past.overlap * horizon) - overall
            table[age] += shift
    return table[np.searchsorted(AGES, known, side="right")]


def _blend(error: Floats, prior: Floats, weight: float, overlap: float) -> Floats:
    """Quantiles at `TAILS` of the errors with the finite-sample correction, shrunk to `prior`."""
    errors = error[np.isfinite(error)]
    if not errors.size:
        return prior
    count = max(errors.size / overlap, 1.0)
    # A new error ranks among n + 1: the tails are a little further out than those of the n.
    lower, upper = TAILS[:2], TAILS[2:]
    wider = np.r_[1 - np.minimum((1 - lower) * (1 + 1 / count), 1), np.minimum(upper * (1 + 1 / count), 1)]
    blended: Floats = (count * np.quantile(errors, wider) + weight * prior) / (count + weight)
    return blended
