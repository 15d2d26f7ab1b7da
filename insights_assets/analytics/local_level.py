"""One-step-ahead forecasts of many short or long series at once: robust local levels, with scales shared between them.

Every distinct time is one step; a step reads only what earlier steps left, so no forecast uses its own time or a
later one. Each series keeps a bank of exponentially weighted levels, with and without seasonal profiles; the forecast
is their average by past errors, its own and its pool's (Bayesian model averaging with a capped loss). Points are
winsorised against their forecast before they are learnt from (Gelper, Fried & Croux 2010), so an anomaly hardly moves
the level it is judged by; three surprises alike in a row are believed to be a new level.
"""

from dataclasses import dataclass

import numpy as np

from insights_assets.analytics.series_panel import Flags, Floats, Forecasts, Ints, Panel
from insights_assets.analytics.shared_scale import Sums, shared

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


class _State:
    """Everything the series remember; columns are series, rows the levels of the bank for each profile.

    Series lie side by side, so that an operation runs along thousands of them and not along six levels.
    """

    def __init__(self, panel: Panel) -> None:
        size, profiles = int(panel.series.max()) + 1, panel.slots.shape[1]
        self.profile = np.repeat(np.arange(profiles + 1) - 1, len(BANK))
        self.rate = np.tile(BANK, profiles + 1)[:, None]
        shape = (self.rate.size, size)
        # A level is a weighted mean; sums of its weights and of their squares say how uncertain it is.
        self.level, self.weight, self.weight2, self.loss = (np.zeros(shape) for _ in range(4))
        self.points, self.noise, self.slow, self.run = (np.zeros(size) for _ in range(4))
        self.sums = Sums(size)
        self.season = [np.zeros((size, int(panel.slots[:, p].max(initial=0)) + 1)) for p in range(profiles)]
        self.visits = [np.zeros_like(s) for s in self.season]
        self.last = np.full((BELIEVED_RUN, size), np.nan)
        self.pool = np.zeros(size, dtype=np.int64)
        self.pool[panel.series] = panel.pool
        self.pools = int(panel.pool.max()) + 1
        self.by_pool: Ints | slice = np.argsort(self.pool, kind="stable")
        self.first_of_pool = np.searchsorted(self.pool[self.by_pool], np.arange(self.pools))
        if (np.diff(self.pool) >= 0).all():
            self.by_pool = slice(None)

    def pooled(self, values: Floats) -> Floats:
        """Sums over the series of each pool, by row."""
        return np.asarray(np.add.reduceat(values[:, self.by_pool], self.first_of_pool, axis=1))


def forecast(panel: Panel, since: int = 0) -> Forecasts:
    """Forecast every point from the points of earlier times.

    Args:
        panel: the points; values must be finite.
        since: the first time whose forecasts are asked for; those of earlier ones are nan.

    Returns:
        Arrays in the order of the panel.
    """
    out = Forecasts(*(np.full(panel.value.size, np.nan) for _ in range(5)))
    if not panel.value.size:
        return out
    state = _State(panel)
    order = _in_time(panel)
    steps = np.split(order, np.flatnonzero(np.diff(panel.time[order])) + 1)
    for rows in steps:
        now = _step(state, panel, rows)
        if panel.time[rows[0]] >= since:
            _tell(out, rows, state, now)
        # Nothing is forecast from the last time.
        if rows is not steps[-1]:
            _learn(state, now)
    return out


def _in_time(panel: Panel) -> Ints:
    """Places of the points by time, then series."""
    if (np.diff(panel.series) < 0).any():
        return np.lexsort((panel.series, panel.time))
    # Times are ranks: few enough for two bytes, which are sorted by counting.
    short = panel.time.max() <= np.iinfo(np.int16).max
    return np.argsort(panel.time.astype(np.int16) if short else panel.time, kind="stable")


@dataclass(frozen=True)
class _Now:
    """One step: the series that have a point, the point, and what was expected of it. Variances in squared units."""

    s: Ints | slice
    slots: Ints
    unit: Floats
    value: Floats
    noise: Floats
    seasonal: Floats
    each: Floats
    mean: Floats
    level: Floats
    scatter: Floats
    degrees: Floats
    new: Flags


def _of(table: Floats, s: Ints | slice) -> Floats:
    """The columns of some series: a view where these are all."""
    return table[..., s] if isinstance(s, slice) else np.take(table, s, axis=-1)


def _step(state: _State, panel: Panel, rows: Ints) -> _Now:
    """Forecast the points of one time."""
    slots, unit = panel.slots[rows], panel.unit[rows]
    # Where every series has a point, which windows mostly do, views spare a copy of each table of the state.
    s: Ints | slice = slice(None) if rows.size == state.points.size else panel.series[rows]
    value, noise = panel.value[rows], panel.noise[rows] / unit**2
    new = state.points[s] == 0
    seasonal = _seasonal(state, s, slots)
    each = _of(state.level, s) + seasonal
    variance, degrees = shared(state.sums, state.pool, state.pools)
    scatter, share = variance[s], _shares(state, s)
    mean = np.where(new, value, (share * each).sum(axis=0))
    # The noise of a level is that of the points it was made of, not of the point it is compared with.
    weight = np.maximum(_of(state.weight, s), 1e-12)
    weight *= weight
    share *= _of(state.weight2, s)
    share /= weight
    level = share.sum(axis=0) * (scatter + state.noise[s] / unit**2)
    return _Now(s, slots, unit, value, noise, seasonal, each, mean, level, scatter, degrees[s], new)


def _tell(out: Forecasts, rows: Ints, state: _State, now: _Now) -> None:
    square = now.unit**2
    out.mean[rows] = np.where(now.new, np.nan, now.mean)
    out.level_variance[rows], out.scatter_variance[rows] = now.level * square, now.scatter * square
    out.points[rows], out.degrees[rows] = state.points[now.s], now.degrees


def _seasonal(state: _State, s: Ints | slice, slots: Ints) -> Floats:
    """The profile's part of each level's forecast; one row of zeros where there is no profile."""
    if not state.season:
        return np.zeros((1, slots.shape[0]))
    out = np.zeros((state.rate.size, slots.shape[0]))
    s = _indices(state, s)
    for p, season in enumerate(state.season):
        out[state.profile == p] = np.where(slots[:, p] >= 0, season[s, np.maximum(slots[:, p], 0)], 0.0)
    return out


def _indices(state: _State, s: Ints | slice) -> Ints:
    return np.arange(state.points.size)[s]


def _shares(state: _State, s: Ints | slice) -> Floats:
    """Weight of each level of the bank in the forecast."""
    points = np.minimum(np.maximum(state.points - 1, 0), ERROR_MEMORY)
    count = np.bincount(state.pool, weights=points, minlength=state.pools)
    average = state.pooled(state.loss * points) / np.maximum(count, 1.0)
    pool = state.pool[s]
    own, others = points[s], np.minimum(POOL_POINTS, count[pool] - points[s])
    loss = own * _of(state.loss, s)
    loss += np.take(POOL_POINTS * average, pool, axis=1)
    loss /= own + POOL_POINTS
    loss -= loss.min(axis=0)
    loss *= -np.minimum(own + others, ERROR_MEMORY)
    share = np.exp(loss, out=loss)
    share /= share.sum(axis=0)
    return share


def _learn(state: _State, now: _Now) -> None:
    s, new = now.s, now.new
    total = np.sqrt(now.scatter + now.noise + now.level) * now.unit
    z = (now.value - now.mean) / total
    tame = now.mean + np.clip(z, -WINSOR, WINSOR) * total
    error = tame - now.each
    loss = error / total
    loss *= loss
    loss /= 2
    np.minimum(loss, LOSS_CAP, out=loss)
    losses, weights, weights2, levels = (_of(t, s) for t in (state.loss, state.weight, state.weight2, state.level))
    loss -= losses
    loss /= np.minimum(np.maximum(state.points[s], 1), ERROR_MEMORY)
    losses += loss
    weight = now.scatter / (now.scatter + now.noise)
    weights *= 1 - state.rate
    weights += weight
    weights2 *= (1 - state.rate) ** 2
    weights2 += weight**2
    error *= weight
    error /= weights
    levels += error
    if new.any():
        losses[:, new] = 0.0
        levels[:, new] = (now.value - now.seasonal)[:, new]
    if not isinstance(s, slice):
        state.loss[:, s], state.weight[:, s], state.weight2[:, s], state.level[:, s] = losses, weights, weights2, levels
    memory = np.where(state.points[s] > SCALE_MEMORY, 1 - 1 / SCALE_MEMORY, 1.0)
    # A first point surprises nobody: nothing is added to sums that are zero.
    z2 = np.minimum(z**2, WINSOR**2)
    state.sums.add(s, z2, now.scatter, now.noise, memory, ~new)
    state.noise[s] += (now.noise * now.unit**2 - state.noise[s]) / np.minimum(state.points[s] + 1, ERROR_MEMORY)
    if state.season:
        _learn_season(state, now, tame)
    _believe(state, now, z)
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


def _believe(state: _State, now: _Now, z: Floats) -> None:
    """Take a run of surprises on one side for the new level."""
    s = now.s
    state.last[:, s] = np.concatenate([_of(state.last, s)[1:], now.value[None]])
    side = np.where(np.abs(z) >= SURPRISE, np.sign(z), 0.0)
    state.run[s] = np.where(side * state.run[s] > 0, state.run[s] + side, side)
    shifted = np.abs(state.run[s]) >= BELIEVED_RUN
    if shifted.any():
        who = _indices(state, s)[shifted]
        # The middle one of three.
        state.level[:, who] = np.sort(state.last[:, who], axis=0)[BELIEVED_RUN // 2] - now.seasonal[:, shifted]
        state.run[who] = 0.0
