"""One-step-ahead forecasts of many short or long series at once: robust local levels, with scales shared between them.

Every distinct time is one step; a step reads only what earlier steps left, so no forecast uses its own time or a
later one. Each series keeps a bank of exponentially weighted levels, with and without seasonal profiles; the forecast
is their average by past errors, its own and its pool's (Bayesian model averaging with a capped loss). Points are
winsorised against their forecast before they are learnt from (Gelper, Fried & Croux 2010), so an anomaly hardly moves
the level it is judged by; three surprises alike in a row are believed to be a new level.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insights_assets.analytics.shared_scale import Sums, shared

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

BANK = (0.05, 0.1, 0.2, 0.35, 0.6, 0.9)
"""Weight of the newest point in each level: memories of 20 points to one. Slopes were tried and brought nothing."""

WINSOR = 2.5
LOSS_CAP = 12.5
"""Half the square of 5 sigma: a level is not condemned for one point."""

BELIEVED_RUN = 3
SURPRISE = 2.0
SEASONAL_RATE = 0.1
"""Weight of the newest visit in a place of a seasonal profile: about ten days of an hour of the day."""
SLOW_RATE = 0.02
ERROR_MEMORY = 100.0
SCALE_MEMORY = 200.0
POOL_POINTS = 20.0
"""Points that the pool's errors weigh against a series' own."""


@dataclass(frozen=True)
class Panel:
    """Points of many series, one entry each, in any order; a series has at most one point a time.

    Attributes:
        series: index of the series.
        time: rank of the point's time among all times.
        pool: index of the pool whose scale the point's series shares.
        value: what to forecast (a logarithm where the noise is relative).
        noise: variance of the value that is known beforehand, such as 1 / count; 0 where none is.
        unit: what a scatter of 1 means (1 for logarithms, the usual size for plain values).
        slots: (points, profiles) place in each seasonal profile, -1 where the profile does not apply.
    """

    series: Ints
    time: Ints
    pool: Ints
    value: Floats
    noise: Floats
    unit: Floats
    slots: Ints


@dataclass(frozen=True)
class Forecasts:
    """What was expected of each point, in the order of the panel.

    Attributes:
        mean: forecast; nan for the first point of a series.
        level_variance: uncertainty of the forecast.
        scatter_variance: the series' own variance around its level, beyond the noise known beforehand.
        points: points of the series before this one.
        degrees: degrees of freedom behind scatter_variance, the pool's included.
    """

    mean: Floats
    level_variance: Floats
    scatter_variance: Floats
    points: Floats
    degrees: Floats


class _State:
    """Everything the series remember; rows are series, columns the levels of the bank for each profile."""

    def __init__(self, panel: Panel) -> None:
        size, profiles = int(panel.series.max()) + 1, panel.slots.shape[1]
        self.profile = np.repeat(np.arange(profiles + 1) - 1, len(BANK))
        self.rate = np.tile(BANK, profiles + 1)
        shape = (size, self.rate.size)
        # A level is a weighted mean; sums of its weights and of their squares say how uncertain it is.
        self.level, self.weight, self.weight2, self.loss = (np.zeros(shape) for _ in range(4))
        self.points, self.noise, self.slow, self.run = (np.zeros(size) for _ in range(4))
        self.sums = Sums(size)
        self.season = [np.zeros((size, int(panel.slots[:, p].max(initial=0)) + 1)) for p in range(profiles)]
        self.visits = [np.zeros_like(s) for s in self.season]
        self.last = np.full((size, BELIEVED_RUN), np.nan)
        self.pool = np.zeros(size, dtype=np.int64)
        self.pool[panel.series] = panel.pool
        self.pools = int(panel.pool.max()) + 1
        self.by_pool: Ints | slice = np.argsort(self.pool, kind="stable")
        self.first_of_pool = np.searchsorted(self.pool[self.by_pool], np.arange(self.pools))
        if (np.diff(self.pool) >= 0).all():
            self.by_pool = slice(None)

    def pooled(self, values: Floats) -> Floats:
        """Sums over the series of each pool, by column."""
        return np.asarray(np.add.reduceat(values[self.by_pool], self.first_of_pool, axis=0))


def forecast(panel: Panel) -> Forecasts:
    """Forecast every point from the points of earlier times.

    Args:
        panel: the points; values must be finite.

    Returns:
        Arrays in the order of the panel.
    """
    out = Forecasts(*(np.full(panel.value.size, np.nan) for _ in range(5)))
    if not panel.value.size:
        return out
    state = _State(panel)
    order = np.lexsort((panel.series, panel.time))
    steps = np.split(order, np.flatnonzero(np.diff(panel.time[order])) + 1)
    for rows in steps[:-1]:
        _learn(state, *_step(state, panel, rows, out))
    # Nothing is forecast from the last time.
    _step(state, panel, steps[-1], out)
    return out


@dataclass(frozen=True)
class _Now:
    """One step: the series that have a point, the point, and what was expected of it. Variances in squared units."""

    s: Ints | slice
    slots: Ints
    value: Floats
    noise: Floats
    seasonal: Floats
    each: Floats
    mean: Floats
    scatter: Floats
    total: Floats
    new: Flags


def _step(state: _State, panel: Panel, rows: Ints, out: Forecasts) -> tuple[_Now, Floats]:
    """Forecast the points of one time; what there is to learn from them comes back, with their units."""
    slots, unit = panel.slots[rows], panel.unit[rows]
    # Where every series has a point, which windows mostly do, views spare a copy of each table of the state.
    s: Ints | slice = slice(None) if rows.size == state.points.size else panel.series[rows]
    value, noise = panel.value[rows] / unit, panel.noise[rows] / unit**2
    new = state.points[s] == 0
    seasonal = _seasonal(state, s, slots) / unit[:, None]
    each = state.level[s] / unit[:, None] + seasonal
    variance, degrees = shared(state.sums, state.pool, state.pools)
    scatter, share = variance[s], _shares(state, s)
    mean = np.where(new, value, (share * each).sum(axis=1))
    # The noise of a level is that of the points it was made of, not of the point it is compared with.
    spread = (share * state.weight2[s] / np.maximum(state.weight[s], 1e-12) ** 2).sum(axis=1)
    level = spread * (scatter + state.noise[s] / unit**2)
    out.mean[rows] = np.where(new, np.nan, mean * unit)
    out.level_variance[rows], out.scatter_variance[rows] = level * unit**2, scatter * unit**2
    out.points[rows], out.degrees[rows] = state.points[s], degrees[s]
    total = np.sqrt(scatter + noise + level)
    return _Now(s, slots, value, noise, seasonal, each, mean, scatter, total, new), unit


def _seasonal(state: _State, s: Ints | slice, slots: Ints) -> Floats:
    """The profile's part of each level's forecast."""
    out = np.zeros((slots.shape[0], state.rate.size))
    s = _indices(state, s)
    for p, season in enumerate(state.season):
        part = np.where(slots[:, p] >= 0, season[s, np.maximum(slots[:, p], 0)], 0.0)
        out[:, state.profile == p] = part[:, None]
    return out


def _indices(state: _State, s: Ints | slice) -> Ints:
    return np.arange(state.points.size)[s]


def _shares(state: _State, s: Ints | slice) -> Floats:
    """Weight of each level of the bank in the forecast."""
    points = np.minimum(np.maximum(state.points - 1, 0), ERROR_MEMORY)
    count = np.bincount(state.pool, weights=points, minlength=state.pools)
    sums = state.pooled(state.loss * points[:, None])
    average = (sums / np.maximum(count, 1.0)[:, None])[state.pool[s]]
    own, others = points[s], np.minimum(POOL_POINTS, count[state.pool[s]] - points[s])
    loss = (own[:, None] * state.loss[s] + POOL_POINTS * average) / (own[:, None] + POOL_POINTS)
    evidence = np.minimum(own + others, ERROR_MEMORY)[:, None]
    share = np.exp(-evidence * (loss - loss.min(axis=1, keepdims=True)))
    return np.asarray(share / share.sum(axis=1, keepdims=True))


def _learn(state: _State, now: _Now, unit: Floats) -> None:
    s, new = now.s, now.new
    z = (now.value - now.mean) / now.total
    tame = now.mean + np.clip(z, -WINSOR, WINSOR) * now.total
    loss = np.minimum(((tame[:, None] - now.each) / now.total[:, None]) ** 2 / 2, LOSS_CAP)
    seen = np.minimum(np.maximum(state.points[s], 1), ERROR_MEMORY)[:, None]
    state.loss[s] = np.where(new[:, None], 0.0, state.loss[s] + (loss - state.loss[s]) / seen)
    weight = (now.scatter / (now.scatter + now.noise))[:, None]
    state.weight[s] = (1 - state.rate) * state.weight[s] + weight
    state.weight2[s] = (1 - state.rate) ** 2 * state.weight2[s] + weight**2
    step = weight / state.weight[s] * (tame[:, None] - now.each)
    start = (now.value[:, None] - now.seasonal) * unit[:, None]
    state.level[s] = np.where(new[:, None], start, state.level[s] + step * unit[:, None])
    old = ~new
    memory = np.where(state.points[s] > SCALE_MEMORY, 1 - 1 / SCALE_MEMORY, 1.0)
    z2 = np.minimum(z**2, WINSOR**2)
    state.sums.add(_indices(state, s)[old], z2[old], now.scatter[old], now.noise[old], memory[old])
    state.noise[s] += (now.noise * unit**2 - state.noise[s]) / np.minimum(state.points[s] + 1, ERROR_MEMORY)
    if state.season:
        _learn_season(state, now, tame * unit)
    _believe(state, now, z, unit)
    state.points[s] += 1


def _learn_season(state: _State, now: _Now, tame: Floats) -> None:
    """Move the visited place of each profile towards the point's distance from a slow level."""
    s, new = _indices(state, now.s), now.new
    for p, season in enumerate(state.season):
        at, used = np.maximum(now.slots[:, p], 0), now.slots[:, p] >= 0
        gain = np.maximum(1 / (state.visits[p][s, at] + 1), SEASONAL_RATE)
        season[s, at] += np.where(used & ~new, gain * (tame - state.slow[s] - season[s, at]), 0.0)
        state.visits[p][s, at] += used
    rate = np.maximum(1 / (state.points[s] + 1), SLOW_RATE)
    state.slow[s] += np.where(new, 1.0, rate) * (tame - state.slow[s])


def _believe(state: _State, now: _Now, z: Floats, unit: Floats) -> None:
    """Take a run of surprises on one side for the new level."""
    s = now.s
    state.last[s] = np.column_stack([state.last[s][:, 1:], now.value * unit])
    side = np.where(np.abs(z) >= SURPRISE, np.sign(z), 0.0)
    state.run[s] = np.where(side * state.run[s] > 0, state.run[s] + side, side)
    shifted = np.abs(state.run[s]) >= BELIEVED_RUN
    if shifted.any():
        who = _indices(state, s)[shifted]
        state.level[who] = np.median(state.last[who], axis=1)[:, None] - (now.seasonal * unit[:, None])[shifted]
        state.run[who] = 0.0
