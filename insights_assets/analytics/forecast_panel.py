"""From a long frame to series side by side: one step for the frame, each series on its own grid, on a scale of its own.

Everything after works on values without a unit: logarithms of series that are always positive, square roots of series
with zeros (counts, paused ads), plain multiples of the mean absolute value where a value may be negative.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY = 86_400_000_000
YEAR_DAYS = 365.25
MONTH_DAYS = 28
STEPS = {52: 7 * DAY, 7: DAY, 24: DAY // 24}
"""Step in microseconds that a season length tells where no series has two points."""

MOST_STEPS = 4000
"""Newest steps of a series that are learnt from."""

LOG, ROOT, PLAIN = 0, 1, 2
KINDS = 3
FEW_ZEROS = 0.005
"""Share of zeros in a frame above which positive series may fall to zero too, which no logarithm could follow."""
DEEPEST_DIP = 0.05
"""Least part of both neighbours that a point may be: below it, a logarithm would make much of a half-delivered day."""
LARGEST_SPAN = 1e6
"""Largest value over the least that a logarithm is taken of."""
LARGEST_EXPONENT = 300.0

NEEDED = ("unique_id", "ds", "y")


@dataclass(frozen=True)
class Step:
    """Distance of two points: `size` microseconds, or calendar months."""

    size: int
    months: bool = False

    def offset(self, steps: int) -> str:
        """Distance as polars' `offset_by` spells it; days keep the time on the wall."""
        if self.months:
            return f"{self.size * steps}mo"
        return f"{self.size * steps // DAY}d" if self.size % DAY == 0 else f"{self.size * steps}us"

    def period(self, season_length: int) -> float:
        """Steps in a cycle: a year has 52.18 weeks and 365.25 days, whatever the round number says."""
        year = {52: 7 * DAY, 365: DAY}.get(season_length)
        return YEAR_DAYS * DAY / self.size if year == self.size and not self.months else float(season_length)


@dataclass(frozen=True)
class Grid:
    """Points of all series, sorted by series and time.

    Attributes:
        ids: (series,) unique_id and the last `ds` of each, sorted by unique_id.
        series: (points,) place in `ids`.
        place: (points,) steps before the series' last one.
        value: (points,) nan where missing.
        step: the frame's.
    """

    ids: pl.DataFrame
    series: Ints
    place: Ints
    value: Floats
    step: Step


def grid(frame: pl.DataFrame, season_length: int) -> Grid:
    """Check a frame and put its points on their grid.

    Args:
        frame: (unique_id, ds, y).
        season_length: tells the step where no series has two points.

    Returns:
        The points.

    Raises:
        ValueError: A column is missing or of the wrong type, a time is there twice or off the frame's step.
    """
    require(frame)
    rows = frame.select(NEEDED).sort("unique_id", "ds")
    series = rows["unique_id"].rle_id().to_numpy().astype(np.int64)
    clock, step = _clock(rows["ds"], series, season_length)
    last = np.r_[series[1:] != series[:-1], True] if series.size else np.zeros(0, dtype=bool)
    back = clock[last][series] - clock
    off = np.flatnonzero(back % step.size)
    if off.size:
        name, when = rows.select("unique_id", "ds").row(int(off[0]))
        unit = "months" if step.months else "days" if step.size % DAY == 0 else "hours"
        size = step.size / {"months": 1, "days": DAY, "hours": DAY / 24}[unit]
        raise ValueError(f"forecast: {when} of series {name} is off the frame's step of {size:g} {unit}.")
    value = rows["y"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    return Grid(
        rows.filter(pl.Series(last)).select("unique_id", "ds"),
        series,
        back // step.size,
        np.where(np.isfinite(value), value, np.nan),
        step,
    )


def require(frame: pl.DataFrame) -> None:
    """Raise ValueError unless the frame is (unique_id String, ds Date or Datetime, y numeric), each time once."""
    missing = [c for c in NEEDED if c not in frame.columns]
    if missing:
        raise ValueError(f"forecast needs the columns unique_id, ds and y; missing: {', '.join(missing)}.")
    kinds = frame.schema
    if kinds["unique_id"] != pl.String:
        raise ValueError(f"forecast: unique_id must be String, not {kinds['unique_id']}; cast it first.")
    if kinds["ds"] != pl.Date and not isinstance(kinds["ds"], pl.Datetime):
        raise ValueError(f"forecast: ds must be Date or Datetime, not {kinds['ds']}; cast it first.")
    if not kinds["y"].is_numeric() and kinds["y"] != pl.Null:
        raise ValueError(f"forecast: y must be numeric, not {kinds['y']}; cast it first.")
    for column in ("unique_id", "ds"):
        if frame[column].null_count():
            raise ValueError(f"forecast: {column} is null in {frame[column].null_count()} rows; drop or fill them.")
    twice = frame.filter(frame.select("unique_id", "ds").is_duplicated())
    if twice.height:
        name, when = twice.select("unique_id", "ds").row(0)
        raise ValueError(f"forecast: series {name} has {when} more than once; keep one row for each time.")


def _clock(ds: pl.Series, series: Ints, season_length: int) -> tuple[Ints, Step]:
    """Time of each point in microseconds (or months) and the step: the smallest gap within a series."""
    instant = ds.cast(pl.Datetime("us")) if ds.dtype == pl.Date else ds.dt.cast_time_unit("us")
    wall = instant.dt.replace_time_zone(None)
    inside = series[1:] == series[:-1]
    # Days and weeks go by the clock on the wall, which a change of summer time shifts; hours go by instants.
    gaps = np.diff(wall.dt.epoch("us").to_numpy())[inside]
    daily = not gaps.size or np.abs(gaps).min() >= DAY * 0.9
    clock = (wall if daily else instant).dt.epoch("us").to_numpy()
    gaps = np.diff(clock)[inside]
    if not gaps.size:
        return clock, Step(STEPS.get(season_length, DAY if ds.dtype == pl.Date else DAY // 24))
    step = int(gaps.min())
    same_day = wall.dt.day().n_unique() == 1 and wall.dt.time().n_unique() == 1
    if step >= MONTH_DAYS * DAY and same_day and (gaps % step).any():
        month = (wall.dt.year().cast(pl.Int64) * 12 + wall.dt.month()).to_numpy()
        return month, Step(int(np.diff(month)[inside].min()), months=True)
    return clock, Step(step)


@dataclass(frozen=True)
class Scaled:
    """Series without units, the longest first.

    Attributes:
        values: (steps, series), each from its first known point on; nan where missing or past the end.
        length: (series,) steps of each, falling; at least 1.
        scale: (series,) what a value was divided by; 0 where all values are 0.
        kind: (series,) LOG, ROOT or PLAIN.
        order: (series,) place of each in `Grid.ids`.
    """

    values: Floats
    length: Ints
    scale: Floats
    kind: Ints
    order: Ints

    def back(self, z: Floats) -> Floats:
        """Values in units again, of (series, anything)."""
        kind, scale = self.kind[:, None], self.scale[:, None]
        out = np.where(kind == LOG, np.exp(np.where(kind == LOG, np.minimum(z, LARGEST_EXPONENT), 0.0)), z)
        out = np.where(kind == ROOT, np.maximum(z, 0.0) ** 2, out)
        return np.where(scale > 0, out, 0.0) * scale


def scaled(points: Grid, pool: Ints | None = None) -> Scaled:
    """Put the series that have a known point side by side and take their units away.

    Args:
        points: of all series.
        pool: (series,) number of the pool of each; one when None.
    """
    known = np.isfinite(points.value) & (points.place < MOST_STEPS)
    length = np.zeros(points.ids.height, dtype=np.int64)
    np.maximum.at(length, points.series[known], points.place[known] + 1)
    order = np.argsort(-length, kind="stable")
    order = order[length[order] > 0]
    column = np.zeros(length.size, dtype=np.int64)
    column[order] = np.arange(order.size)
    y = np.full((int(length.max(initial=0)), order.size), np.nan)
    at = points.series[known]
    y[length[at] - 1 - points.place[known], column[at]] = points.value[known]
    kind, scale = _kinds(y, np.zeros(order.size, dtype=np.int64) if pool is None else pool[order])
    with np.errstate(divide="ignore", invalid="ignore"):
        z = y / np.where(scale > 0, scale, 1.0)
        z = np.where(kind == LOG, np.log(z), np.where(kind == ROOT, np.sqrt(z), z))
    return Scaled(z, length[order], scale, kind, order)


def _kinds(y: Floats, pool: Ints) -> tuple[Ints, Floats]:
    """Kind and scale of each series of (steps, series)."""
    if not y.size:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    least = np.nanmin(y, axis=0)
    middle = np.nanmedian(y, axis=0)
    able = least >= 0
    seen, none = (np.bincount(pool, able * where.sum(axis=0)) for where in (np.isfinite(y), y == 0))
    zeros = (none / np.maximum(seen, 1))[pool]
    sides = np.fmin(y[:-2], y[2:]) if len(y) > 2 else y[:0]  # noqa: PLR2004  a point and its neighbours
    dips = (y[1:-1] < DEEPEST_DIP * sides).any(axis=0) if sides.size else np.zeros(least.size, dtype=bool)
    logs = (least > 0) & ~dips & (np.nanmax(y, axis=0) < LARGEST_SPAN * least) & (zeros < FEW_ZEROS)
    kind = np.where(least < 0, PLAIN, np.where(logs, LOG, ROOT))
    size = np.where(np.isfinite(y), np.abs(y), 0.0)
    positive = np.maximum((size > 0).sum(axis=0), 1)
    return kind, np.where(logs, middle, size.sum(axis=0) / positive)


def members(number: Ints) -> list[Ints]:
    """Places of each number from 0 to the largest, in order."""
    order = np.argsort(number, kind="stable")
    return np.split(order, np.cumsum(np.bincount(number))[:-1])
