"""One-step-ahead forecasts of many short or long series at once: robust local levels, with scales shared between them.

Every distinct time is one step; a step reads only what earlier steps left, so no forecast uses its own time or a later
one. Each series keeps a bank of exponentially weighted levels (memories of 1 to 20 points, with and without a
seasonal profile); the forecast averages the bank by past errors, its own and those of its
pool (exponentially weighted aggregation: Cesa-Bianchi & Lugosi 2006). Observations are winsorised against their
forecast before they are learnt from (robust exponential smoothing: Gelper, Fried & Croux 2010), so an anomaly hardly moves the
level it is judged by; three alike in a row are believed to be a new level.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BANK = (0.05, 0.1, 0.2, 0.35, 0.6, 0.9)
"""Weight of the newest point in each level: memories of 20 points to one. Slopes were tried and brought nothing."""

WINSOR = 2.5
BELIEVED_RUN = 3
SURPRISE = 2.0
SEASONAL_RATE = 0.1
SLOW_RATE = 0.02
ERROR_MEMORY = 100.0
SCALE_MEMORY = 200.0
POOL_POINTS = 20.0
"""Points that the pool's figures weigh against a series' own."""

PRIOR_SCALE = 0.2
"""Scatter assumed before anything is known; worth two points."""
PRIOR_POINTS = 2.0
PRIOR_SERIES = 4.0
MIN_POINTS = 3
MAX_PRIOR = 50.0
FLOOR_SCALE = 0.02
"""A change of 2 % is not news, however constant the past."""


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
        self.level = np.zeros(shape)
        self.weight, self.weight2, self.error = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.points = np.zeros(size)
        self.square, self.counted = np.zeros(size), np.zeros(size)
        self.noise = np.zeros(size)
        self.mass, self.known = np.zeros(size), np.zeros(size)
        self.slow = np.zeros(size)
        self.season = [np.zeros((size, int(panel.slots[:, p].max(initial=0)) + 1)) for p in range(profiles)]
        self.visits = [np.zeros_like(s) for s in self.season]
        self.run = np.zeros(size)
        self.last = np.full((size, BELIEVED_RUN), np.nan)
        self.unit = np.ones(size)
        self.pool = np.zeros(size, dtype=np.int64)
        self.pool[panel.series] = panel.pool
        self.pools = int(panel.pool.max()) + 1


def forecast(panel: Panel) -> Forecasts:
    """Forecast every point from the points of earlier times.

    Args:
        panel: the points; values must be finite.

    Returns:
        Arrays in the order of the panel.
    """
    size = panel.value.size
    out = Forecasts(*(np.full(size, np.nan) for _ in range(5)))
    if not size:
        return out
    state = _State(panel)
    order = np.lexsort((panel.series, panel.time))
    edges = np.flatnonzero(np.diff(panel.time[order])) + 1
    for rows in np.split(order, edges):
        _step(state, panel, rows, out)
    return out


def _step(state: _State, panel: Panel, rows: Ints, out: Forecasts) -> None:
    s, value, noise = panel.series[rows], panel.value[rows], panel.noise[rows]
    state.unit[s] = panel.unit[rows]
    seasonal = _seasonal(state, s, panel.slots[rows])
    each = state.level[s] + seasonal
    scatter, degrees, share = _pooled(state, s)
    mean = (share * each).sum(axis=1)
    new = state.points[s] == 0
    mean[new] = value[new]
    weight = np.maximum(state.weight[s], 1e-12)
    level = (share * state.weight2[s] / weight**2).sum(axis=1) * (scatter + state.noise[s])
    level[new] = 0.0
    out.mean[rows] = np.where(new, np.nan, mean)
    out.level_variance[rows], out.scatter_variance[rows] = level, scatter
    out.points[rows], out.degrees[rows] = state.points[s], degrees
    total = np.sqrt(scatter + noise + level)
    _learn(state, s, panel.slots[rows], value, mean, total, each, scatter, noise, seasonal, new)


def _seasonal(state: _State, s: Ints, slots: Ints) -> Floats:
    """The profile's part of each level's forecast."""
    out = np.zeros((s.size, state.rate.size))
    for p, season in enumerate(state.season):
        part = np.where(slots[:, p] >= 0, season[s, np.maximum(slots[:, p], 0)], 0.0)
        out[:, state.profile == p] = part[:, None]
    return out


def _pooled(state: _State, s: Ints) -> tuple[Floats, Floats, Floats]:
    """Scatter variance, its degrees of freedom and the weights of the bank, shrunk towards the pool."""
    unit2 = state.unit**2
    n = np.minimum(state.known, SCALE_MEMORY)
    # Moments with the weights of their time (DerSimonian & Laird 1986): exact where no noise is known beforehand.
    own = np.maximum((state.square - state.counted) / np.maximum(state.mass, 1e-12), FLOOR_SCALE**2)
    typical, strength = _prior(own, n, state)
    mine, pool = n[s], state.pool[s]
    scatter = (mine * own[s] + strength[pool] * typical[pool]) / (mine + strength[pool]) * unit2[s]
    points = np.minimum(np.maximum(state.points - 1, 0), ERROR_MEMORY)
    count = np.bincount(state.pool, weights=points, minlength=state.pools)
    errors = np.zeros((state.pools, state.rate.size))
    for k in range(state.rate.size):
        errors[:, k] = np.bincount(state.pool, weights=state.error[:, k] * points, minlength=state.pools)
    average = errors / np.maximum(count, 1.0)[:, None]
    seen = points[s][:, None]
    risk = (seen * state.error[s] + POOL_POINTS * average[pool]) / (seen + POOL_POINTS)
    gain = np.minimum(points[s] + np.minimum(POOL_POINTS, count[pool] - points[s]), ERROR_MEMORY)[:, None]
    share = np.exp(-gain * (risk - risk.min(axis=1, keepdims=True)))
    return scatter, mine + strength[pool], share / share.sum(axis=1, keepdims=True)


def _prior(own: Floats, n: Floats, state: _State) -> tuple[Floats, Floats]:
    """Typical variance of each pool and the degrees of freedom it is worth (Smyth 2004, on logarithms)."""
    pool, pools = state.pool, state.pools

    def total(values: Floats) -> Floats:
        return np.bincount(pool, weights=values, minlength=pools)

    seen = n >= MIN_POINTS
    count = total(seen * 1.0)
    half = np.maximum(n, MIN_POINTS) / 2
    logs = np.where(seen, np.log(own) - special.digamma(half) + np.log(half), 0.0)
    centre = total(logs) / np.maximum(count, 1)
    around = np.where(seen, (logs - centre[pool]) ** 2 - special.polygamma(1, half), 0.0)
    spread = total(around) / np.maximum(count - 1, 1)
    degrees = np.where(spread > 0, np.minimum(1 + 2 / np.maximum(spread, 1e-9), MAX_PRIOR), MAX_PRIOR)
    typical = np.exp(centre + special.digamma(degrees / 2) - np.log(degrees / 2))
    # Few series with a scatter of their own say little about how alike all are: then the mean over the pool speaks.
    mean = (total(state.square - state.counted) + PRIOR_POINTS) / (total(state.mass) + PRIOR_POINTS / PRIOR_SCALE**2)
    mean = np.maximum(mean, FLOOR_SCALE**2)
    trust = count / (count + PRIOR_SERIES)
    degrees_of_mean = PRIOR_POINTS + np.minimum(total(n), MAX_PRIOR) * (count > 1)
    strength = trust * degrees + (1 - trust) * degrees_of_mean
    return np.exp(trust * np.log(np.maximum(typical, 1e-300)) + (1 - trust) * np.log(mean)), strength


def _learn(
    state: _State, s: Ints, slots: Ints, value: Floats, mean: Floats, total: Floats, each: Floats,
    scatter: Floats, noise: Floats, seasonal: Floats, new: NDArray[np.bool_],
) -> None:  # fmt: skip
    z = (value - mean) / total
    tame = mean + np.clip(z, -WINSOR, WINSOR) * total
    n = np.minimum(np.maximum(state.points[s], 1), ERROR_MEMORY)[:, None]
    miss = np.minimum(((tame[:, None] - each) / total[:, None]) ** 2, (2 * WINSOR) ** 2) / 2
    state.error[s] = np.where(new[:, None], 0.0, state.error[s] + (miss - state.error[s]) / n)
    weight = (scatter / (scatter + noise))[:, None]
    kept = 1 - state.rate
    state.weight[s] = kept * state.weight[s] + weight
    state.weight2[s] = kept**2 * state.weight2[s] + weight**2
    gain = weight / state.weight[s]
    step = tame[:, None] - each
    state.level[s] = np.where(new[:, None], value[:, None] - seasonal, state.level[s] + gain * step)
    memory = np.where(state.points[s] > SCALE_MEMORY, 1 - 1 / SCALE_MEMORY, 1.0)
    unit2, moved_by = state.unit[s] ** 2, (tame - mean) ** 2 / total**2
    for sums, now in (
        (state.square, moved_by),
        (state.counted, noise / (scatter + noise)),
        (state.mass, unit2 / (scatter + noise)),
        (state.known, (scatter / (scatter + noise)) ** 2),
    ):
        sums[s] = np.where(new, 0.0, memory * sums[s] + now)
    # The noise of a level is that of the points it was made of, not of the point it is compared with.
    state.noise[s] += (noise - state.noise[s]) / np.minimum(state.points[s] + 1, ERROR_MEMORY)
    _season(state, s, slots, tame, new)
    _believe(state, s, value, z, seasonal)
    state.points[s] += 1


def _season(state: _State, s: Ints, slots: Ints, tame: Floats, new: NDArray[np.bool_]) -> None:
    rate = np.maximum(1 / (state.points[s] + 1), SLOW_RATE)
    for p, season in enumerate(state.season):
        at = np.maximum(slots[:, p], 0)
        used = slots[:, p] >= 0
        gain = np.maximum(1 / (state.visits[p][s, at] + 1), SEASONAL_RATE)
        season[s, at] += np.where(used & ~new, gain * (tame - state.slow[s] - season[s, at]), 0.0)
        state.visits[p][s, at] += used
    state.slow[s] += np.where(new, tame - state.slow[s], rate * (tame - state.slow[s]))


def _believe(state: _State, s: Ints, value: Floats, z: Floats, seasonal: Floats) -> None:
    """Take a run of surprises on one side for the new level."""
    state.last[s] = np.column_stack([state.last[s][:, 1:], value])
    side = np.where(np.abs(z) >= SURPRISE, np.sign(z), 0.0)
    state.run[s] = np.where(side * state.run[s] > 0, state.run[s] + side, side)
    shifted = np.abs(state.run[s]) >= BELIEVED_RUN
    if shifted.any():
        who = s[shifted]
        state.level[who] = np.median(state.last[who], axis=1)[:, None] - seasonal[shifted]
        state.run[who] = 0.0
