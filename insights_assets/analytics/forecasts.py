"""Forecasts of many series at once, with intervals (docs/adr/0012).

A bank of structural models is filtered over all series (`forecast_bank`), combined by what their past forecasts were
worth (`forecast_combination`), and surrounded by what the combination was off by (`forecast_intervals`); a series that
stopped follows what pauses are followed by (`forecast_pauses`).
"""

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from insights_assets.analytics.forecast_block import BOUNDS, bounds
from insights_assets.analytics.forecast_panel import Grid, grid, scaled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BLOCK = 4096
"""Series forecast together; more are forecast block by block in the order of group and name, which bounds memory."""

SHOWN = ("mean", "lo_80", "hi_80", "lo_95", "hi_95")


def forecast(
    frame: pl.DataFrame,
    horizon: int,
    season_length: int,
    groups: Mapping[str, str] | None = None,
    pools: Mapping[str, str] | None = None,
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
        pools: unique_id -> pool; nothing is learnt from a series of another pool, so a pool's forecasts do not depend
            on what else is in the frame. One pool when None.

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
    group, pool = _numbers(points, groups), _numbers(points, pools)
    found = np.full((group.size, horizon, len(BOUNDS)), np.nan)
    for chosen in _blocks(pool, group):
        block = scaled(_part(points, chosen), pool[chosen])
        if block.order.size:
            at = chosen[block.order]
            pooled = None if pools is None else np.unique(pool[at], return_inverse=True)[1]
            siblings = np.unique(pool[at] * group.size + group[at], return_inverse=True)[1]
            found[at] = bounds(block, points.step.period(season_length), horizon, siblings, pooled)
    return _table(points, horizon, found)


def _numbers(points: Grid, names: Mapping[str, str] | None) -> Ints:
    """Number of the group or pool of each series, from 0."""
    named = [(names or {}).get(name, "") for name in points.ids["unique_id"]]
    return pl.Series(named, dtype=pl.String).rank("dense").cast(pl.Int64).to_numpy() - 1


def _blocks(pool: Ints, group: Ints) -> Iterator[Ints]:
    """Places of the series of each block: whole pools; one that is larger than a block is cut between groups' order."""
    order = np.lexsort((group, pool))
    ends = np.r_[np.flatnonzero(np.diff(pool[order])) + 1, pool.size]
    start = 0
    while start < pool.size:
        fitting = ends[(ends > start) & (ends <= start + BLOCK)]
        end = int(fitting[-1]) if fitting.size else min(start + BLOCK, int(ends[ends > start][0]))
        yield np.sort(order[start:end])
        start = end


def _part(points: Grid, chosen: Ints) -> Grid:
    """Points of some series, renumbered."""
    if chosen.size == points.ids.height:
        return points
    number = np.full(points.ids.height, -1)
    number[chosen] = np.arange(chosen.size)
    rows = number[points.series] >= 0
    return Grid(points.ids[chosen], number[points.series[rows]], points.place[rows], points.value[rows], points.step)


def _table(points: Grid, horizon: int, found: Floats) -> pl.DataFrame:
    """Rows for every series and step ahead."""
    steps = [
        points.ids.select("unique_id", pl.col("ds").dt.offset_by(points.step.offset(h)), pl.lit(h).alias("h"))
        for h in range(1, horizon + 1)
    ]
    flat = found.transpose(1, 0, 2).reshape(-1, len(BOUNDS))
    columns = [pl.Series(name, flat[:, k]).fill_nan(None) for k, name in enumerate(BOUNDS)]
    return pl.concat(steps).with_columns(columns).sort("unique_id", "h").select("unique_id", "ds", *SHOWN)
