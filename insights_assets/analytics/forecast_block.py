"""One block of series, from values without units to interval bounds in units: models, weights, intervals, pauses."""

import numpy as np
from numpy.typing import NDArray

from insights_assets.analytics import forecast_intervals, forecast_pauses
from insights_assets.analytics.forecast_bank import LEVELS, Told, ask
from insights_assets.analytics.forecast_combination import errors, weigh
from insights_assets.analytics.forecast_models import Panel
from insights_assets.analytics.forecast_panel import PLAIN, ROOT, Scaled, members

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

BOUNDS = ("lo_95", "lo_80", "mean", "hi_80", "hi_95")
MIDDLE = 2
REACH = 2.0
"""Ranges of the known values beyond them that a forecast may reach: a trend of two points is not one of thirteen."""


def bounds(block: Scaled, period: float, horizon: int, group: Ints, pool: Ints | None = None) -> Floats:
    """Forecast the series of a block.

    Args:
        block: the series.
        period: steps in a cycle.
        horizon: steps ahead.
        group: (series,) number of the group of each, from 0; no group lies in two pools.
        pool: (series,) number of the pool of each, from 0: nothing is learnt across pools; one when None.

    Returns:
        (series, horizon, 5) in the series' units, in the order of `BOUNDS`.
    """
    panel = Panel(block.values, block.length, period)
    told = ask(panel, horizon, pooled=pool is not None)
    pool = np.zeros(block.length.size, dtype=np.int64) if pool is None else pool
    pauses = forecast_pauses.find(panel, told.offsets, block.kind == ROOT)
    truth = told.truth[:, 1:].copy()
    # What follows a pause is another question, with an answer of its own.
    truth[pauses.age[:, 1:] >= 0] = np.nan
    newer = _newer_half(np.isfinite(truth).any(axis=2) & (told.known[:, 1:] > 0))
    weights, before = _combine(told, truth, newer, group, pool)
    middle = np.einsum("nhk,nk->nh", told.forecasts[:, 0].astype(np.float64), weights)
    spread = np.einsum("nok,nk->no", told.spread.astype(np.float64), weights)
    scale = forecast_intervals.scales(spread, told.known, block.kind, group, pool)
    stride = float(np.diff(told.offsets[1:3])[0]) if told.offsets.size > MIDDLE else 1.0
    past = forecast_intervals.Past(
        error=truth.astype(np.float64) - before,
        scale=scale[:, 1:],
        known=told.known[:, 1:],
        newer=newer,
        overlap=max(1.0, horizon / stride),
    )
    around = forecast_intervals.offsets(past, scale[:, 0], told.known[:, 0], pool)
    middle = _within_reach(middle, block.values, scale[:, 0])
    z = middle[..., None] + np.insert(around, MIDDLE, 0.0, axis=2)
    later = told.truth[:, 1:].astype(np.float64)
    for alike in members(pool):
        paused = alike[pauses.age[alike, 0] >= 0]
        if paused.size:
            followed = forecast_pauses.quantiles(pauses.earlier(alike), later[alike])
            z[paused] = followed[pauses.age[paused, 0]] * pauses.hold[paused, 0, None, None]
    return _widening(block.back(z.reshape(z.shape[0], -1)).reshape(z.shape), block.kind != PLAIN)


def _newer_half(known: Bools) -> Bools:
    """The newer half of each series' origins of which something is known; origins are the newest first."""
    rank = known.cumsum(axis=1)
    half: Bools = rank <= (rank[:, -1:] + 1) // 2
    return half


def _combine(told: Told, truth: Singles, newer: Bools, group: Ints, pool: Ints) -> tuple[Singles, Singles]:
    """Weights (series, models), and what past forecasts (series, origins, horizon) would have been.

    Past forecasts of the newer half of the origins are combined by what the older half teaches, and the other way
    round: their errors are honest, which those of fitted weights are not.
    """
    weights = np.zeros((truth.shape[0], len(told.models)), dtype=np.float32)
    before = np.full(truth.shape, np.nan, dtype=np.float32)
    for seasonal in (True, False):
        like = np.flatnonzero(told.seasonal == seasonal)
        if not like.size:
            continue
        models = told.models if seasonal else LEVELS
        prior = np.array([model.prior for model in models], dtype=np.float32)
        then = told.forecasts[like, 1:, :, : prior.size]
        error, known = errors(then, truth[like])
        siblings, pooled = (np.unique(number[like], return_inverse=True)[1] for number in (group, pool))
        weights[like, : prior.size] = weigh(error, known, prior, siblings, pooled)
        half = newer[like, :, None]
        learnt = [weigh(error, known & part, prior, siblings, pooled) for part in (~half, half)]
        crossed = (np.matmul(then.reshape(like.size, -1, prior.size), w[..., None]) for w in learnt)
        of_newer, of_older = (found.reshape(then.shape[:-1]) for found in crossed)
        before[like] = np.where(half, of_newer, of_older)
    return weights, before


def _within_reach(middle: Floats, values: Floats, scale: Floats) -> Floats:
    """Forecasts no further from the known values than twice their range."""
    least, most = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    room = REACH * (most - least) + scale
    return np.clip(middle, (least - room)[:, None], (most + room)[:, None])


def _widening(z: Floats, never_negative: Bools) -> Floats:
    """Bounds each of which contains those inside it, with widths that do not fall with the horizon."""
    out = np.where(never_negative[:, None, None], np.maximum(z, 0.0), z)
    middle = out[..., MIDDLE]
    for step in (1, 2):
        low, high = MIDDLE - step, MIDDLE + step
        below = np.maximum.accumulate(middle - np.minimum(out[..., low], out[..., low + 1]), axis=1)
        least = np.where(never_negative[:, None], 0.0, -np.inf)
        out[..., low] = np.maximum(middle - below, least)
        # Where zero cuts the lower side short, the upper side makes up for it.
        width = np.maximum.accumulate(np.maximum(out[..., high], out[..., high - 1]) - out[..., low], axis=1)
        out[..., high] = out[..., low] + width
    return out
