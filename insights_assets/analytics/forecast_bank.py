"""The models that are combined, and what all of them said at the past origins of a set of series.

Budget by size, never by clock: the count of origins falls with the count of series, and a model with a season takes
part where the longest history has a cycle and a half.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insights_assets.analytics.forecast_models import Model, Panel, run, smoothing
from insights_assets.analytics.forecast_panel import MOST_STEPS

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

CLIP = 3.5
RARE = 0.3
"""Prior of models that few series want, but those very much."""
SHARP = {"season_prior": 30.0, "roughness": 0.0}
SOFT = {"season_prior": 30.0, "roughness": 1.0}
SMOOTH = {"season_prior": 100.0, "roughness": 2.0}
SMALL = {"season_prior": 1.0, "roughness": 0.0}
FAST = {"prior": RARE, "level": 1.0, "noise": 0.3, "slope": 0.02, "damping": 0.95, "slope_prior": 0.1}
SLOW = {"slope": 0.002, "damping": 0.95, "slope_prior": 0.02}
HOLT = {"prior": RARE, "level": 1.0, "noise": 0.02, "slope": 0.5, "slope_prior": 0.5}
DRIFT = {"damping": 1.0, "slope_prior": 0.003}

LEVELS = (
    Model("naive", 1.0, noise=0.0),
    Model("level 0.05", smoothing(0.05), clip=CLIP, prior=RARE),
    *(Model(f"level {a}", smoothing(a), clip=CLIP) for a in (0.15, 0.35, 0.7)),
    Model("level 0.5, drift", smoothing(0.5), clip=CLIP, **DRIFT),
    Model("random walk, drift", 1.0, noise=0.0, damping=1.0, slope_prior=0.01),
    Model("level 0.3, slow slope", smoothing(0.3), clip=CLIP, **SLOW),
    Model("fast slope", **FAST),
    Model("momentum", 1.0, noise=0.1, slope=0.2, damping=0.7, slope_prior=0.1, prior=RARE),
    Model("smooth slope", damping=0.98, **HOLT),
    Model("noisy slope", 1.0, noise=0.5, slope=0.5, damping=0.95, slope_prior=0.5, prior=RARE),
)
SEASONS = (
    Model("season, random walk", 1.0, noise=0.3, season=0.0003, **SOFT),
    Model("sharp season, random walk", 1.0, noise=0.3, season=0.0001, **SHARP),
    Model("moving season, random walk", 1.0, noise=0.3, season=0.01, **SOFT),
    Model("smooth season, level 0.2", smoothing(0.2), season=0.001, clip=CLIP, **SMOOTH),
    Model("sharp season, level 0.2", smoothing(0.2), season=0.0003, clip=CLIP, **SHARP),
    *(Model(f"season, level {a}", smoothing(a), season=0.0005, clip=CLIP, **SMALL) for a in (0.05, 0.15, 0.35, 0.7)),
    Model("moving season, level 0.3", smoothing(0.3), season=0.02, clip=CLIP, **SMALL),
    Model("season, slow slope", smoothing(0.3), season=0.0003, clip=CLIP, **SLOW, **SOFT),
    Model("season, drift", smoothing(0.3), season=0.0003, clip=CLIP, **DRIFT, **SOFT),
    Model("season, fast slope", season=0.0003, **FAST, **SOFT),
    Model("season, smooth slope", damping=0.95, season=0.0003, **HOLT, **SOFT),
)

CYCLES = 1.5
"""Cycles of history from which a series may have a season."""

BUDGET = 4e7
FEWEST_ORIGINS, MOST_ORIGINS = 12, 48
"""Origins a series: as many as keep series x origins x horizon x models within the budget."""


@dataclass(frozen=True)
class Told:
    """What the models said.

    Attributes:
        models: those asked.
        offsets: (origins,) steps before each series' end; the first is 0, the end itself.
        forecasts: (series, origins, horizon, models), nan where nothing was known yet.
        spread: (series, origins, models) mean absolute one-step error so far.
        truth: (series, origins, horizon), nan where missing or still to come.
        known: (series, origins) count of points known at the origin.
        seasonal: (series,) long enough for models with a season.
    """

    models: tuple[Model, ...]
    offsets: Ints
    forecasts: Singles
    spread: Singles
    truth: Singles
    known: Ints
    seasonal: Bools


def ask(panel: Panel, horizon: int, *, pooled: bool = False) -> Told:
    """Run every model that the histories allow and collect its forecasts at the chosen origins.

    Pooled series get the same origins whatever else is in the panel: sums over more or fewer of them differ in the last
    digits that a float has.
    """
    steps, series = panel.values.shape
    seen = np.isfinite(panel.values).cumsum(axis=0)
    seasonal = (panel.length >= CYCLES * panel.period) & (panel.period >= 2)  # noqa: PLR2004  one step is no cycle
    models = LEVELS + SEASONS if seasonal.any() else LEVELS
    offsets = origins(1, MOST_STEPS, horizon, 1) if pooled else origins(series, steps, horizon, len(models))
    shape = (series, offsets.size, horizon, len(models))
    told = np.empty(shape, dtype=np.float32)
    spread = np.empty((series, offsets.size, len(models)), dtype=np.float32)
    for k, model in enumerate(models):
        found = run(panel, model, offsets, horizon)
        told[..., k] = found.forecasts.transpose(1, 0, 2)
        spread[..., k] = found.spread.T
    at = panel.length[:, None] - 1 - offsets
    later = at[..., None] + np.arange(1, horizon + 1)
    column = np.arange(series)[:, None]
    inside = (later >= 0) & (later < panel.length[:, None, None])
    truth = np.where(inside, panel.values[np.clip(later, 0, steps - 1), column[..., None]], np.nan)
    known = np.where(at >= 0, seen[np.maximum(at, 0), column], 0)
    return Told(models, offsets, told, spread, truth.astype(np.float32), known, seasonal)


def origins(series: int, steps: int, horizon: int, models: int) -> Ints:
    """Offsets of the origins: the end, then backwards a third of the horizon at a time."""
    stride = max(1, horizon // 3)
    allowed = BUDGET / (max(series, 1) * horizon * models)
    count = int(np.clip(allowed, FEWEST_ORIGINS, MOST_ORIGINS))
    offsets = np.arange(1, 1 + count * stride, stride)
    kept: Ints = np.r_[0, offsets[offsets < steps]].astype(np.int64)
    return kept
