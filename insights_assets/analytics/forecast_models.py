"""A bank of structural models, filtered over all series at once.

Every model is a level, perhaps with a damped slope and a trigonometric season (Harvey 1989; De Livera, Hyndman & Snyder
2011), whose variances are fixed multiples of the noise. So its Kalman gains depend on the count of points only, not on
the data: they are computed once and shared by all series, the start is diffuse, and short histories get the right
start-up weights. Simple, Holt's and damped exponential smoothing are the steady states of such models. A filter reads
no later point, so one pass gives the forecasts of every past origin as well.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DIFFUSE = 1e6
"""Prior variance of a level over that of the noise."""

SETTLED = 1e-7
"""Largest change of a gain within a cycle at which the rest is taken as constant."""

SPREAD_MEMORY = 0.06
"""Weight of the newest absolute error in a model's running scale, once that has seen 1 / 0.06 errors."""

MOST_HARMONICS = 26
MIN_CLIPPED = 4
"""Points before an innovation can be called too large."""
MOST_CUT = 2
"""Innovations in a row that are cut; the next one is taken as a new level, for it stays."""


@dataclass(frozen=True)
class Model:
    """A structural model.

    Attributes:
        name: shown in benchmarks.
        level: variance of the level's shocks over the noise's.
        noise: variance of the noise; 0 makes the level the last point.
        slope: variance of the slope's shocks.
        damping: part of the slope that is left a step later; 0 leaves the slope out.
        slope_prior: variance of the first slope.
        season: variance of each harmonic's shocks; None leaves the season out.
        season_prior: variance of the first harmonic's start; the k-th has 1 / k^roughness of it.
        roughness: how fast the season's harmonics die away: 0 for sharp seasons, 2 for smooth ones.
        clip: innovations beyond so many mean absolute innovations are cut (Gelper, Fried & Croux 2010).
        prior: weight in a combination before any error is seen, beside 1.
    """

    name: str
    level: float
    noise: float = 1.0
    slope: float = 0.0
    damping: float = 0.0
    slope_prior: float = 0.0
    season: float | None = None
    season_prior: float = 1.0
    roughness: float = 0.0
    clip: float = np.inf
    prior: float = 1.0


def smoothing(alpha: float) -> float:
    """Variance of the level's shocks at which simple exponential smoothing settles on `alpha` below 1."""
    return alpha**2 / (1 - alpha)


def harmonics(period: float) -> int:
    """Count of harmonics of a season: all of a week's, a day's or a year's weeks; 26 of a longer one."""
    return min(int(np.floor(period / 2)), MOST_HARMONICS)


@lru_cache(maxsize=256)
def matrices(model: Model, period: float) -> tuple[Floats, Floats]:
    """Transition (d, d) and observation (d,) of a model's state."""
    waves = harmonics(period) if model.season is not None else 0
    trend = 1 + (model.damping > 0)
    size = trend + 2 * waves
    transition, observation = np.zeros((size, size)), np.zeros(size)
    transition[0, 0] = observation[0] = 1.0
    if model.damping > 0:
        transition[0, 1] = transition[1, 1] = model.damping
    for k in range(1, waves + 1):
        at, angle = trend + 2 * (k - 1), 2 * np.pi * k / period
        transition[at : at + 2, at : at + 2] = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
        observation[at] = 1.0
    return transition, observation


def variances(model: Model, period: float) -> tuple[Floats, Floats]:
    """Diagonals (d,) of the shocks' and of the first state's covariance."""
    waves = harmonics(period) if model.season is not None else 0
    fade = np.repeat(np.arange(1.0, waves + 1) ** -model.roughness, 2)
    fade /= max(fade.sum() / 2, 1e-12)
    slope = [model.slope] if model.damping > 0 else []
    start = [model.slope_prior] if model.damping > 0 else []
    shocks = np.r_[model.level, slope, (model.season or 0.0) * fade]
    return shocks, np.r_[DIFFUSE, start, model.season_prior * fade]


@lru_cache(maxsize=256)
def gains(model: Model, period: float, points: int) -> Floats:
    """Kalman gains (points, d) after 1, 2, ... points, for a state that is filtered after it was predicted."""
    transition, observation = matrices(model, period)
    shocks, start = variances(model, period)
    covariance, out = np.diag(start), np.zeros((points, observation.size))
    cycle = int(np.ceil(period)) if model.season is not None else 1
    for t in range(points):
        across = covariance @ observation
        out[t] = across / (observation @ across + model.noise)
        covariance = covariance - np.outer(out[t], across)
        covariance = transition @ covariance @ transition.T + np.diag(shocks)
        covariance = (covariance + covariance.T) / 2
        if t >= max(cycle, 10) and np.abs(out[t] - out[t - cycle]).max() < SETTLED:
            out[t + 1 :] = out[t]
            break
    return out


@dataclass(frozen=True)
class Panel:
    """Series side by side, each from its own first point on, the longest first.

    Attributes:
        values: (steps, series), nan where missing or past the end.
        length: (series,) steps of each, falling.
        period: steps in a cycle, not always whole.
    """

    values: Floats
    length: Ints
    period: float


@dataclass(frozen=True)
class Run:
    """What a model said at each origin.

    Attributes:
        forecasts: (offsets, series, horizon); nan where the origin came before the first point.
        spread: (offsets, series) running mean absolute one-step error then; nan before the second point.
    """

    forecasts: Floats
    spread: Floats


def run(panel: Panel, model: Model, offsets: Ints, horizon: int) -> Run:
    """Filter all series and forecast from several origins of each.

    Args:
        panel: the series.
        model: what to filter with.
        offsets: origins as steps before each series' last one; 0 is the last.
        horizon: steps ahead.

    Returns:
        Forecasts and scales. A missing point leaves the state to its own dynamics.
    """
    steps, series = panel.values.shape
    transition, observation = matrices(model, panel.period)
    # Histories of all lengths up to a power of two share one table.
    gain = gains(model, panel.period, 1 << max(steps - 1, 63).bit_length())[:steps].T
    ahead = _ahead(transition, observation, horizon)
    place = np.full(steps + 1, -1)
    place[offsets[offsets <= steps]] = np.flatnonzero(offsets <= steps)
    active = np.searchsorted(-panel.length, -np.arange(steps), side="left")
    out = Run(np.full((offsets.size, series, horizon), np.nan), np.full((offsets.size, series), np.nan))
    state, spread = np.zeros((observation.size, series)), np.zeros(series)
    moved, room = np.empty_like(state), np.empty((2, observation.size // 2, series))
    count, cut = np.zeros(series, dtype=np.int64), np.zeros(series, dtype=np.int64)
    for t in range(steps):
        n = active[t]
        now = state[:, :n]
        _advance(now, transition, room[..., :n])
        error = panel.values[t, :n] - observation @ now
        seen, age = np.isfinite(error), count[:n]
        stays = None
        if np.isfinite(model.clip):
            limit = model.clip * spread[:n]
            large = (np.abs(error) > limit) & (age >= MIN_CLIPPED)
            beyond = large & (cut[:n] < MOST_CUT)
            # Nothing at all is a pause (`forecast_pauses`), not a level.
            stays = large & ~beyond & (panel.values[t, :n] != 0)
            error = np.where(beyond, np.copysign(limit, error), error)
            cut[:n] = np.where(seen, (cut[:n] + 1) * beyond, cut[:n])
        error[~seen] = 0.0
        same = age[0] if n and age[0] == age[-1] and (age == age[0]).all() else -1
        now += np.multiply(gain[:, same, None] if same >= 0 else gain[:, age], error, out=moved[:, :n])
        if stays is not None and stays.any():
            # The rest of the step as well, whatever the gain: the level is a new one.
            now[0] += np.where(stays, error - moved[0, :n], 0.0)
        weight = np.maximum(1.0 / np.maximum(age, 1), SPREAD_MEMORY) * (seen & (age > 0))
        spread[:n] += weight * (np.abs(error) - spread[:n])
        count[:n] += seen
        _keep(out, place[panel.length[:n] - 1 - t], now, spread, count, ahead)
    return out


def _advance(state: Floats, transition: Floats, room: Floats) -> None:
    """Move states (d, series) one step, in place: as the product with the transition, at a sixth of its time.

    Slope and level first; then each harmonic turns by its angle. `room` is (2, d // 2, series) to compute in.
    """
    first = len(state) % 2 or 2
    if first == 2:  # noqa: PLR2004  a slope
        state[1] *= transition[1, 1]
        state[0] += state[1]
    waves = (len(state) - first) // 2
    if waves:
        at = np.arange(first, len(state), 2)
        cosine, sine = transition[at, at][:, None], transition[at, at + 1][:, None]
        even, odd, (one, other) = state[first::2], state[first + 1 :: 2], room[:, :waves]
        np.multiply(even, sine, out=one)
        np.multiply(odd, sine, out=other)
        even *= cosine
        even += other
        odd *= cosine
        odd -= one


def _keep(out: Run, place: Ints, state: Floats, spread: Floats, count: Ints, ahead: Floats) -> None:
    rows = np.flatnonzero(place >= 0)
    if not rows.size:
        return
    rows = rows[count[rows] > 0]
    told = ahead @ (state if rows.size == state.shape[1] else state[:, rows])
    out.forecasts[place[rows], rows] = told.T
    out.spread[place[rows], rows] = np.where(count[rows] > 1, spread[rows], np.nan)


def _ahead(transition: Floats, observation: Floats, horizon: int) -> Floats:
    """Rows that turn a filtered state into its forecasts 1 to `horizon` steps ahead."""
    out, row = np.zeros((horizon, observation.size)), observation
    for h in range(horizon):
        row = row @ transition
        out[h] = row
    return out
