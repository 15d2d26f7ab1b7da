"""Forecasts of many series at once, with intervals (docs/adr/0012).

A bank of structural models is filtered over all series (`forecast_bank`), combined by what their past forecasts were
worth (`forecast_combination`), and surrounded by what the combination was off by (`forecast_intervals`); a series that
stopped follows what pauses are followed by (`forecast_pauses`).
"""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from insights_assets.analytics import forecast_bank, forecast_combination, forecast_intervals, forecast_pauses
from insights_assets.analytics.forecast_models import Panel
from insights_assets.analytics.forecast_panel import PLAIN, ROOT, Grid, Scaled, grid, scaled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BLOCK = 4096
"""Series forecast together; more are forecast block by block in the order of group and name, which bounds memory."""

BOUNDS = ("lo_95", "lo_80", "mean", "hi_80", "hi_95")
SHOWN = ("mean", "lo_80", "hi_80", "lo_95", "hi_95")


def forecast(
    frame: pl.DataFrame, horizon: int, season_length: int, groups: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """Forecast every series past its own last point.

    Args:
        frame: (unique_id, ds, y): String; Date or Datetime in any regular step, gaps and any order allowed; numeric,
            null or nan where missing. Series of one frame share what is typical, so give alike series together.
        horizon: steps ahead, 1 or more.
        season_length: steps in a cycle (52 for weeks, 7 for days, 24 for hours), 1 for none. 52 weeks and 365 days
            are taken as the year that they round. A series has a season from 1.5 cycles on.
        groups: unique_id -> group (parent); siblings share weights and scales before all series do. Ids that are not
            named belong to one group more.

    Returns:
        (unique_id, ds, mean, lo_80, hi_80, lo_95, hi_95), sorted by unique_id and ds, `horizon` rows a series from the
        step after its last row on. `mean` is the point with the least expected absolute error: the middle of what is
        expected. lo_95 <= lo_80 <= mean <= hi_80 <= hi_95, widths never fall with the horizon; nothing is below 0
        where the history is not. Null, never nan, for a series of which no point is known.

    Raises:
        ValueError: A column is missing or of the wrong type, a time is there twice or off the step, or `horizon` or
            `season_length` is not a whole number of at least 1.
    """
    for name, value in (("horizon", horizon), ("season_length", season_length)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(f"forecast: {name} must be a whole number of at least 1, not {value!r}.")
    points = grid(frame, season_length)
    group = _groups(points, groups)
    order = np.argsort(group, kind="stable")
    bounds = np.full((group.size, horizon, len(BOUNDS)), np.nan)
    for start in range(0, group.size, BLOCK):
        chosen = np.sort(order[start : start + BLOCK])
        block = scaled(_part(points, chosen))
        if block.order.size:
            at = chosen[block.order]
            bounds[at] = _block(block, points.step.period(season_length), horizon, group[at])
    return _table(points, horizon, bounds)


def _groups(points: Grid, groups: Mapping[str, str] | None) -> Ints:
    names = [(groups or {}).get(name, "") for name in points.ids["unique_id"]]
    return pl.Series(names, dtype=pl.String).rank("dense").cast(pl.Int64).to_numpy() - 1


def _part(points: Grid, chosen: Ints) -> Grid:
    """Points of some series, renumbered."""
    if chosen.size == points.ids.height:
        return points
    number = np.full(points.ids.height, -1)
    number[chosen] = np.arange(chosen.size)
    rows = number[points.series] >= 0
    return Grid(
        points.ids[chosen], number[points.series[rows]], points.place[rows], points.value[rows], points.step
    )


def _block(block: Scaled, period: float, horizon: int, group: Ints) -> Floats:
    """Bounds (series, horizon, 5) in the series' units."""
    panel = Panel(block.values, block.length, period)
    group = np.unique(group, return_inverse=True)[1]
    told = forecast_bank.ask(panel, horizon)
    pauses = forecast_pauses.find(panel, told.offsets, block.kind == ROOT)
    truth = told.truth.astype(np.float64)
    active = told.truth[:, 1:].copy()
    active[pauses.age[:, 1:] >= 0] = np.nan
    error, known = forecast_combination.errors(told.forecasts[:, 1:], active)
    newer = np.arange(1, told.offsets.size) <= told.offsets.size // 2
    weights, crossed = (
        np.zeros((panel.length.size, len(told.models)), dtype=np.float32),
        np.full(active.shape, np.nan, dtype=np.float32),
    )
    for seasonal in (True, False):
        like = np.flatnonzero(told.seasonal == seasonal)
        if not like.size:
            continue
        prior = np.ones(len(told.models), dtype=np.float32)
        if not seasonal:
            prior[len(forecast_bank.LEVELS) :] = 0.0
        weights[like] = forecast_combination.weigh(error[like], known[like], prior, group[like])
        for half in (newer, ~newer):
            learnt = forecast_combination.weigh(error[like], known[like] & ~half[None, :, None], prior, group[like])
            told_then = told.forecasts[like, 1:][:, half]
            crossed[np.ix_(like, half)] = np.einsum("nohk,nk->noh", told_then, learnt)
    middle = np.einsum("nhk,nk->nh", told.forecasts[:, 0], weights).astype(np.float64)
    spread = np.einsum("nok,nk->no", told.spread, weights).astype(np.float64)
    scale = forecast_intervals.scales(spread, told.known, block.kind, group)
    stride = told.offsets[2] - told.offsets[1] if told.offsets.size > 2 else 1  # noqa: PLR2004
    past = forecast_intervals.Past(
        active.astype(np.float64) - crossed, scale[:, 1:], told.known[:, 1:], newer, max(1.0, horizon / stride)
    )
    around = forecast_intervals.offsets(past, scale[:, 0], told.known[:, 0])
    z = np.stack([middle + around[..., 0], middle + around[..., 1], middle, middle + around[..., 2], middle + around[..., 3]], axis=2)
    resumed = forecast_pauses.quantiles(
        forecast_pauses.Pauses(pauses.age[:, 1:], pauses.hold[:, 1:]), truth[:, 1:]
    )
    paused = pauses.age[:, 0] >= 0
    z[paused] = resumed[pauses.age[paused, 0]] * pauses.hold[paused, 0, None, None]
    return _widening(block.back(z.reshape(z.shape[0], -1)).reshape(z.shape), block.kind != PLAIN)


def _widening(bounds: Floats, never_negative: NDArray[np.bool_]) -> Floats:
    """Bounds of which each contains the one inside it and whose widths do not fall with the horizon."""
    middle = bounds[..., 2]
    out = bounds.copy()
    for low, high in ((1, 3), (0, 4)):
        inner_low, inner_high = (middle, middle) if low == 1 else (out[..., 1], out[..., 3])
        below = np.maximum.accumulate(middle - np.minimum(bounds[..., low], inner_low), axis=1)
        out[..., low] = middle - below
        out[..., low] = np.where(never_negative[:, None], np.maximum(out[..., low], 0.0), out[..., low])
        width = np.maximum.accumulate(np.maximum(bounds[..., high], inner_high) - out[..., low], axis=1)
        out[..., high] = out[..., low] + width
    return out


def _table(points: Grid, horizon: int, bounds: Floats) -> pl.DataFrame:
    """Rows for every series and step ahead."""
    steps = [
        points.ids.select("unique_id", pl.col("ds").dt.offset_by(points.step.offset(h)), pl.lit(h).alias("h"))
        for h in range(1, horizon + 1)
    ]
    flat = bounds.transpose(1, 0, 2).reshape(-1, len(BOUNDS))
    columns = [pl.Series(name, flat[:, k]).fill_nan(None) for k, name in enumerate(BOUNDS)]
    table = pl.concat(steps) if steps else points.ids
    return table.with_columns(columns).sort("unique_id", "h").select("unique_id", "ds", *SHOWN)
