"""Anomaly scores of regular series: how surprising each point was when it came (docs/adr/0008).

A score is minus the decimal logarithm of the chance of such a point: 3 is one in a thousand. It is read off the
forecast error of a robust local level (`local_level`), a t tail whose scale is shared between the series of the frame,
and corrected by how heavy the tail of past scores turned out to be (peaks over a threshold, after Siffer et al. 2017).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from insights_assets.analytics.local_level import forecast
from insights_assets.analytics.series_panel import Forecasts, Panel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PATIENCE_DAYS = 90.0
LEAST_PATIENCE = 200.0
"""False alarms that are bearable: one a series in 90 days (2,160 hours: a score of 3.3), at most one in 200 points.

The budget is time because a person's attention is; days and weeks are too few to be rationed by the quarter.
"""

SHARE_UP = 0.8
"""Part of the false alarms given to rises: an unnoticed rise costs money, a fall mostly saves it."""

WARM_UP = 8
"""Points before the first alarm; two cycles where a series is seasonal."""

MIN_POINTS = 3
"""Points before the first score: a level and a scatter are known only then."""

LEAST_DEGREES, MOST_DEGREES = 3.0, 5.0
"""Degrees of freedom of the t tail: costs have fatter tails than a normal, however well their scale is known."""

TAIL_FROM = 1.0
TAIL_PRIOR = 60.0
"""Past exceedances of a score of 1 that the t tail weighs against those seen: a series' own tail counts as much after
600 points. Other series' tails are not used: anomalies common to many would pass as normal."""
TAIL_CAP = 2.0
"""Largest excess learnt from: an anomaly must not teach that anomalies are normal."""
NOMINAL_SHARE = 0.1
NOMINAL_EXCESS = 1 / np.log(10)

HOUR, DAY, WEEK = 3600.0, 86400.0, 604800.0
POSITIVE_SHARE = 0.9
"""A series is judged by its logarithm while at least 9 in 10 of its points so far are above zero."""

SCHEMA = {"unique_id": pl.String, "score": pl.Float64, "is_anomaly": pl.Boolean}


def score_series(frame: pl.DataFrame) -> pl.DataFrame:
    """Score every point of every series against what was known before it.

    Args:
        frame: (unique_id, ds, y): ds Date or Datetime in any regular step, gaps and any order allowed; y numeric, null
            or nan where missing. Series of one frame share what is typical of a scatter, so give alike series together.

    Returns:
        (unique_id, ds, score, is_anomaly) in the order of the rows given. `score` is -log10 of the chance of a point
        as far off, rises weighed four times as heavily as falls; 0 where y is missing or fewer than 3 points came
        before. `is_anomaly` marks scores that a calm series reaches once in 90 days, at most once in 200 points (3.3
        for hours, 2.3 for days and weeks), after 8 points or two cycles, one alarm an episode: within a cycle (a day
        of hours, a week of days) of an alarm only a higher score alarms again. Nothing after ds changes a row.

    Raises:
        ValueError: A column is missing or of the wrong type, or a series has a time twice.
    """
    _require(frame)
    rows = frame.with_row_index("row").with_columns(pl.col("y").cast(pl.Float64).fill_nan(None))
    rows = rows.filter(pl.col("y").is_finite()).sort("unique_id", "ds")
    score, alarm = np.zeros(frame.height), np.zeros(frame.height, dtype=bool)
    if rows.height:
        at = rows["row"].to_numpy()
        points = _points(rows)
        score[at] = _scores(points)
        alarm[at] = _alarms(points, score[at])
    return frame.select("unique_id", "ds").with_columns(
        pl.Series("score", score), pl.Series("is_anomaly", alarm, dtype=pl.Boolean)
    )


def _require(frame: pl.DataFrame) -> None:
    missing = [c for c in ("unique_id", "ds", "y") if c not in frame.columns]
    if missing:
        raise ValueError(f"score_series needs the columns unique_id, ds and y; missing: {', '.join(missing)}.")
    if frame.schema["ds"] != pl.Date and not isinstance(frame.schema["ds"], pl.Datetime):
        raise ValueError(f"score_series: ds must be Date or Datetime, not {frame.schema['ds']}; cast it first.")
    if not frame.schema["y"].is_numeric() and frame.schema["y"] != pl.Null:
        raise ValueError(f"score_series: y must be numeric, not {frame.schema['y']}; cast it first.")
    twice = frame.filter(frame.select("unique_id", "ds").is_duplicated())
    if twice.height:
        name, when = twice.select("unique_id", "ds").row(0)
        raise ValueError(f"score_series: series {name} has {when} more than once; keep one row for each time.")


@dataclass(frozen=True)
class _Points:
    """Points sorted by series and time, as arrays."""

    series: Ints
    time: Ints
    seconds: Floats
    value: Floats
    first: Ints
    slots: Ints
    step: Floats
    cycle: Floats


def _points(rows: pl.DataFrame) -> _Points:
    series = rows["unique_id"].rle_id().to_numpy().astype(np.int64)
    instant = rows["ds"].cast(pl.Datetime("us")) if rows["ds"].dtype == pl.Date else rows["ds"].dt.cast_time_unit("us")
    seconds = instant.dt.epoch("us").to_numpy() / 1e6
    # People sleep by the clock on the wall, steps go by instants.
    wall = instant.dt.replace_time_zone(None).dt.epoch("us").to_numpy() / 1e6
    first = np.searchsorted(series, series)
    start = np.arange(series.size) == first
    gap = np.where(start, np.inf, np.diff(seconds, prepend=seconds[0]))
    # The step as far as it is known: the smallest gap so far.
    step = _running_min(gap, first)
    hour = np.floor(wall % DAY / HOUR).astype(np.int64)
    weekday = np.floor(wall % WEEK / DAY).astype(np.int64)
    hourly, daily = step <= DAY / 2, (step > DAY / 2) & (step <= DAY)
    by_day = np.where(hourly, hour, np.where(daily, weekday, -1))
    by_week = np.where(hourly, weekday * 24 + hour, -1)
    slots = np.column_stack([by_day, by_week])
    cycle = np.where(hourly, DAY, np.where(daily, WEEK, 0.0))
    cycle[start] = 0.0
    slots[start] = -1
    time = rows["ds"].rank("dense").to_numpy().astype(np.int64) - 1
    kept = slots[:, (slots >= 0).any(axis=0)]
    return _Points(series, time, seconds, rows["y"].to_numpy(), first, kept, step, cycle)


def _running_min(values: Floats, first: Ints) -> Floats:
    """Smallest value so far within each series."""
    frame = pl.DataFrame({"first": first, "value": values})
    return frame.select(pl.col("value").cum_min().over("first"))["value"].to_numpy()


def _before(values: Floats, first: Ints) -> Floats:
    """Sum of the values before each point within its series, added series by series: no rounding from the others."""
    frame = pl.DataFrame({"first": first, "value": values})
    return frame.select(pl.col("value").cum_sum().shift(1, fill_value=0.0).over("first"))["value"].to_numpy()


def _scores(points: _Points) -> Floats:
    """Corrected scores: on logarithms, or on plain values where a series has been at or below zero too often."""
    value, first = points.value, points.first
    position = np.arange(value.size) - first
    positive = value > 0
    share = (_before(positive.astype(np.float64), first) + positive) / (position + 1)
    plain = (share < POSITIVE_SHARE) | ~positive
    out = np.zeros(value.size)
    logs = np.log(np.where(positive, value, 1.0))
    nominal = _nominal(points, logs, np.ones(value.size), positive)
    out[positive] = nominal
    if plain.any():
        # All series take part, for which of them will need it is not known beforehand.
        usual = _before(np.abs(value), first) / np.maximum(position, 1)
        # Of a series that has been zero only, the first other value is its own measure.
        unit = np.where(usual > 0, usual, np.where(positive | (value < 0), np.abs(value), 1.0))
        out = np.where(plain, _nominal(points, value, unit, np.ones(value.size, dtype=bool)), out)
    return _corrected(out, points)


def _nominal(points: _Points, value: Floats, unit: Floats, used: NDArray[np.bool_]) -> Floats:
    """Scores of the used points under the t tail."""
    size = int(used.sum())
    panel = Panel(
        points.series[used], points.time[used], np.zeros(size, dtype=np.int64), value[used], np.zeros(size),
        unit[used], points.slots[used],
    )  # fmt: skip
    return t_scores(panel, forecast(panel))


def t_scores(panel: Panel, found: Forecasts) -> Floats:
    """Minus log10 of the chance of each point under its forecast: the smaller of both sides' chances, split."""
    z = (panel.value - found.mean) / np.sqrt(found.level_variance + found.scatter_variance + panel.noise)
    degrees = np.clip(found.degrees, LEAST_DEGREES, MOST_DEGREES)
    rise = np.log(special.stdtr(degrees, -z)) - np.log(SHARE_UP)
    fall = np.log(special.stdtr(degrees, z)) - np.log(1 - SHARE_UP)
    score = np.maximum(-np.minimum(rise, fall) / np.log(10), 0.0)
    return np.where(found.points >= MIN_POINTS, np.nan_to_num(score), 0.0)


def _corrected(score: Floats, points: _Points) -> Floats:
    """Scores after the tail of past scores, the series' own and those of all series, has been seen."""
    beyond = score > TAIL_FROM
    excess = np.where(beyond, np.minimum(score - TAIL_FROM, TAIL_CAP), 0.0)
    judged = (np.arange(score.size) - points.first >= MIN_POINTS).astype(np.float64)
    n, k, total = (_before(v, points.first) for v in (judged, beyond.astype(np.float64), excess))
    share = (k + TAIL_PRIOR) / (n + TAIL_PRIOR / NOMINAL_SHARE)
    mean = (total + TAIL_PRIOR * NOMINAL_EXCESS) / (k + TAIL_PRIOR)
    at_edge = -np.log10(np.clip(share, 1e-3, 0.9))
    return np.where(beyond, at_edge + (score - TAIL_FROM) * NOMINAL_EXCESS / mean, score * at_edge / TAIL_FROM)


def _alarms(points: _Points, score: Floats) -> NDArray[np.bool_]:
    """Alarms after the warm-up, one an episode unless it becomes worse."""
    position = np.arange(score.size) - points.first
    step = np.where(position > 0, points.step, DAY)
    warm = position >= np.maximum(WARM_UP, 2 * points.cycle / step)
    limit = np.log10(np.maximum(PATIENCE_DAYS * DAY / step, LEAST_PATIENCE))
    out = np.zeros(score.size, dtype=bool)
    last, series, worst = -np.inf, -1, 0.0
    for i in np.flatnonzero(warm & (score >= limit)):
        if points.series[i] != series or points.seconds[i] - last > points.cycle[i]:
            worst = 0.0
        series = points.series[i]
        if score[i] > worst:
            out[i], last, worst = True, points.seconds[i], score[i]
    return out
