"""How far `forecast` errs beside naive forecasts and statsmodels in the same run, and how often its intervals hold.

Series are made here. Long weekly ones: random walks with fat tails and changing volatility, momentum, smooth trends,
years of 52.18 weeks with sharp or smooth, moving seasons, noise around them, level shifts. Ad panels, weekly and daily:
budgets that jump, correlated scatter, weekdays, a common drift, pauses, ends; spend, and results drawn around it.
The error is the mean over series of the absolute error in units of the history's mean absolute step, divided by the
same of the last value; for long series the mean of that ratio and of the ratio of sMAPE.
"""

import time
import warnings
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.signal import lfilter
from statsmodels.tsa.forecasting.theta import ThetaModel
from statsmodels.tsa.holtwinters import ExponentialSmoothing
from statsmodels.tsa.seasonal import STL

from insights_assets.analytics.forecasts import forecast

Floats = NDArray[np.float64]
YEAR, WEEKDAYS, QUARTER = 365.25 / 7, 7, 13
KINDS = ("random walk", "momentum", "smooth", "season", "noisy season")
SLICE, SHIFTED, ENDED = 40, 0.15, 0.12


def long_weekly(seed: int, series: int = 120) -> list[Floats]:
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(series):
        points = int(rng.choice([80, 93, 260, 500, 1000, 1400, 2000, 2300])) + 13
        logs = one_long(rng, points, str(rng.choice(KINDS, p=[0.25, 0.2, 0.13, 0.25, 0.17])))
        out.append(np.exp(logs - logs[-1] + rng.uniform(2, 12)))
    return out


def one_long(rng: np.random.Generator, points: int, kind: str) -> Floats:
    volatility = np.exp(np.cumsum(rng.normal(0, 0.015, points)))
    shocks = rng.standard_t(rng.choice([3, 5, 30]), points) * volatility / volatility.mean()
    size = np.exp(rng.uniform(*np.log([0.002, 0.04])))
    if kind == "random walk":
        logs = np.cumsum(size * shocks + rng.normal(0, 0.0007))
    elif kind == "momentum":
        logs = np.cumsum(remembered(0.6 * size * shocks, rng.uniform(0.2, 0.85)))
    elif kind == "smooth":
        logs = np.cumsum(remembered(0.1 * size * shocks, 0.97)) + 0.2 * size * rng.standard_normal(points)
    else:
        height = np.exp(rng.uniform(*np.log([0.02, 0.4])))
        noise = rng.uniform(0.02, 0.15) if kind == "season" else rng.uniform(0.2, 0.8)
        walk = np.cumsum(height * rng.uniform(0.01, 0.15) * shocks)
        logs = height * yearly(rng, points) + walk + noise * height * rng.standard_t(5, points)
    if rng.random() < SHIFTED:
        logs[int(rng.uniform(0.3, 1) * points) :] += rng.normal(0, 8 * size)
    return logs


def remembered(shocks: Floats, memory: float) -> Floats:
    return np.asarray(lfilter([1.0], [1.0, -memory], shocks))


def yearly(rng: np.random.Generator, points: int) -> Floats:
    """A year of unit variance whose harmonics wander."""
    waves = np.arange(1, 27)
    height = rng.standard_normal(26) / waves ** rng.uniform(0.6, 2)
    wander = np.cumsum(rng.normal(0, 0.005, (points, 26)), axis=0) + rng.uniform(0, 2 * np.pi, 26)
    angle = 2 * np.pi * np.arange(points)[:, None] * waves / YEAR + wander
    return (
        np.cos(angle)
        @ height
        / np.sqrt((height**2).sum() / 2)
        * (1 + np.cumsum(rng.normal(0, 0.01, points)) * rng.uniform(0, 0.5))
    )


def ads(seed: int, points: int, *, daily: bool, results: bool, series: int = 400) -> list[Floats]:
    rng = np.random.default_rng(seed)
    common = np.cumsum(rng.normal(0, 0.008 if daily else 0.02, points))
    year = 0.15 * np.cos(2 * np.pi * np.arange(points) / (365.25 if daily else YEAR) + 1)
    out = []
    for _ in range(series):
        jumps = np.cumsum(rng.normal(0, 0.5, points) * (rng.random(points) < (0.012 if daily else 0.04)))
        memory, size = rng.uniform(0.1, 0.9), rng.uniform(0.08, 0.45)
        scatter = remembered(size * np.sqrt((1 - memory**2) / 2) * rng.standard_t(4, points), memory)
        shared = common * rng.uniform(0, 1.5) + year * rng.uniform(0, 1.5)
        fatigue = -rng.uniform(0, 0.0015 if daily else 0.01) * np.arange(points)
        logs = rng.normal(4, 1.3) + jumps + scatter + shared + fatigue
        if daily:
            logs += rng.normal(0, rng.uniform(0.05, 0.3), 7)[np.arange(points) % 7]
        spend = paused(rng, np.exp(logs), daily=daily)
        out.append(counted(rng, spend) if results else spend)
    return out


def paused(rng: np.random.Generator, spend: Floats, *, daily: bool) -> Floats:
    for start in np.flatnonzero(rng.random(spend.size) < (0.008 if daily else 0.012)):
        spend[start : start + int(rng.geometric(0.2 if daily else 0.35))] = 0
    if rng.random() < ENDED:
        spend[int(rng.uniform(0.5, 1) * spend.size) :] = 0
    return spend


def counted(rng: np.random.Generator, spend: Floats) -> Floats:
    extra = rng.uniform(3, 30)
    rate = spend / np.exp(rng.normal(2, 0.8)) * rng.gamma(extra, 1 / extra, spend.size)
    return rng.poisson(rate).astype(np.float64)


@dataclass(frozen=True)
class Case:
    """Series whose last `horizon` points are to be forecast."""

    series: list[Floats]
    horizon: int
    season: int

    @property
    def past(self) -> list[Floats]:
        """What is known."""
        return [y[: -self.horizon] for y in self.series]

    @property
    def future(self) -> Floats:
        """What follows, (series, horizon)."""
        return np.array([y[-self.horizon :] for y in self.series])


def frame(case: Case) -> pl.DataFrame:
    days = 1 if case.season == WEEKDAYS else 7
    past = case.past
    step = np.concatenate([np.arange(y.size) for y in past])
    name = np.repeat([f"s{k:06d}" for k in range(len(past))], [y.size for y in past])
    rows = pl.DataFrame({"unique_id": name, "step": step, "y": np.concatenate(past)})
    when = (pl.lit(date(2020, 1, 6)) + pl.duration(days=days * pl.col("step"))).cast(pl.Date)
    return rows.select("unique_id", when.alias("ds"), "y")


def seasonal_naive(y: Floats, case: Case) -> Floats:
    return np.resize(y[-case.season :] if y.size >= case.season else y[-1:], case.horizon)


def ets(y: Floats, horizon: int) -> Floats:
    fit = ExponentialSmoothing(y, trend="add", damped_trend=True, initialization_method="estimated").fit()
    return np.asarray(fit.forecast(horizon))


def plain_ets(y: Floats, case: Case) -> Floats:
    seasonal = "add" if case.season == WEEKDAYS else None
    model = ExponentialSmoothing(
        y, trend="add", damped_trend=True, seasonal=seasonal, seasonal_periods=7, initialization_method="estimated"
    )
    return np.maximum(np.asarray(model.fit().forecast(case.horizon)), 0)


def combined(y: Floats, case: Case) -> Floats:
    """Mean of ETS on STL-adjusted logarithms, ETS of the last 104 weeks and Theta: what statsmodels alone gives."""
    season, logs = np.zeros(case.horizon), np.log(y)
    if y.size > 2 * case.season:
        cycle = STL(logs, period=case.season).fit().seasonal
        season, logs = np.resize(cycle[-case.season :], case.horizon), logs - cycle
    theta = ThetaModel(logs, period=1, deseasonalize=False).fit().forecast(case.horizon)
    fits = [np.exp(ets(logs, case.horizon) + season), ets(y[-104:], case.horizon), np.exp(np.asarray(theta) + season)]
    return np.mean(fits, axis=0)


def error(found: Floats, case: Case, *, smape: bool) -> float:
    """Error over that of the last value."""
    past, future = case.past, case.future
    naive = np.array([np.full(case.horizon, y[-1]) for y in past])
    step = np.array([np.abs(np.diff(y)).mean() for y in past])
    moved = step > 0

    ours, theirs = np.abs(found - future), np.abs(naive - future)
    ratio = float((ours.mean(axis=1)[moved] / step[moved]).mean() / (theirs.mean(axis=1)[moved] / step[moved]).mean())
    if not smape:
        return ratio
    return (ratio + float((ours / (np.abs(found) + future)).mean() / (theirs / (naive + future)).mean())) / 2


def judge(case: Case) -> dict[str, float]:
    long = case.horizon == QUARTER
    told = forecast(frame(case), case.horizon, case.season)
    shape = (len(case.series), case.horizon)
    out = {"forecast": error(told["mean"].to_numpy().reshape(shape), case, smape=long)}
    seasonal = np.array([seasonal_naive(y, case) for y in case.past])
    out["seasonal naive"] = error(seasonal, case, smape=long)
    for n in (80, 95):
        low, high = (told[f"{side}_{n}"].to_numpy() for side in ("lo", "hi"))
        out[f"covered {n}"] = float(((low <= case.future.ravel()) & (case.future.ravel() <= high)).mean())
    few = Case(case.series[:SLICE], case.horizon, case.season)
    mean = told["mean"].to_numpy().reshape(shape)[:SLICE]
    out["forecast, slice"] = error(mean, few, smape=long)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out["ETS, slice"] = error(np.array([plain_ets(y, few) for y in few.past]), few, smape=long)
        if long:
            out["STL/ETS/Theta, slice"] = error(np.array([combined(y, few) for y in few.past]), few, smape=True)
    return out


def cases() -> list[tuple[str, list[Case]]]:
    out = [("weekly, 80 to 2,300 points, h = 13", [Case(long_weekly(seed), 13, 52) for seed in (901, 902, 903)])]
    for daily, horizon, season, lengths in ((False, 4, 52, (26, 52, 156)), (True, 7, 7, (26, 90, 365))):
        for points in lengths:
            for results in (False, True):
                name = f"ads, {points} {'days' if daily else 'weeks'}, {'results' if results else 'spend'}"
                made = [ads(seed, points + horizon, daily=daily, results=results) for seed in (911, 912)]
                out.append((name, [Case(series, horizon, season) for series in made]))
    return out


def co2() -> None:
    """Weekly CO2 at Mauna Loa (statsmodels' own data set), an origin every 90 weeks."""
    values = sm.datasets.co2.load_pandas().data["co2"].to_numpy()
    errors, covered = [], []
    for end in range(500, values.size - 13, 90):
        past, future = values[:end], values[end : end + 13]
        told = forecast(frame(Case([np.r_[past, future]], 13, 52)), 13, 52)
        known = np.isfinite(future)
        last = past[np.isfinite(past)][-1]
        errors.append([np.abs(told["mean"].to_numpy() - future)[known].mean(), np.abs(last - future)[known].mean()])
        inside = (told["lo_95"].to_numpy() <= future) & (future <= told["hi_95"].to_numpy())
        covered.append(inside[known].mean())
    ours, naive = np.mean(errors, axis=0)
    print(
        f"CO2, {len(errors)} origins: error {ours:.2f} ppm, last value {naive:.2f}, covered 95 {np.mean(covered):.3f}"
    )


def speed() -> None:
    for name, points, horizon, season in (("52 weeks", 52, 4, 52), ("90 days", 90, 7, 7), ("365 days", 365, 7, 7)):
        made = ads(921, points + horizon, daily=season == WEEKDAYS, results=True, series=500)
        rows = frame(Case([made[k % 500] * (1 + k // 500) for k in range(10_000)], horizon, season))
        begin = time.perf_counter()
        forecast(rows, horizon, season)
        print(f"10,000 series of {name}: {time.perf_counter() - begin:.1f} s")


if __name__ == "__main__":
    for name, repeats in cases():
        found = [judge(case) for case in repeats]
        print(f"{name}: " + ", ".join(f"{key} {np.mean([f[key] for f in found]):.3f}" for key in found[0]), flush=True)
    co2()
    speed()
