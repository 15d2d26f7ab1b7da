"""How much of a weekly or daily ad's spend could be foreseen at all: the bound below which no method comes.

The oracle knows how `benchmarks/forecasts.py` makes each ad, every component's state at the origin, and its parameters;
what is left is what happens afterwards (jumps of budgets, new scatter, pauses). Beside it the forecast, same series.
"""

import numpy as np
from forecasts import YEAR, Case, Floats, ads, error, frame, paused, remembered

from insights_assets.analytics.forecasts import forecast

SEEDS, SERIES = (911, 912, 913, 914), 240


def known_ads(seed: int, points: int, horizon: int, *, daily: bool) -> tuple[list[Floats], Floats]:
    """The ads of `forecasts.ads`, draw by draw, and the oracle's forecast of each from `points` on."""
    rng = np.random.default_rng(seed)
    steps = points + horizon
    common = np.cumsum(rng.normal(0, 0.008 if daily else 0.02, steps))
    year = 0.15 * np.cos(2 * np.pi * np.arange(steps) / (365.25 if daily else YEAR) + 1)
    ahead, last = np.arange(1, horizon + 1), points - 1
    made, told = [], []
    for _ in range(SERIES):
        jumps = np.cumsum(rng.normal(0, 0.5, steps) * (rng.random(steps) < (0.012 if daily else 0.04)))
        memory, size = rng.uniform(0.1, 0.9), rng.uniform(0.08, 0.45)
        scatter = remembered(size * np.sqrt((1 - memory**2) / 2) * rng.standard_t(4, steps), memory)
        drift, season = rng.uniform(0, 1.5), rng.uniform(0, 1.5)
        fatigue = -rng.uniform(0, 0.0015 if daily else 0.01) * np.arange(steps)
        level = rng.normal(4, 1.3)
        weekday = rng.normal(0, rng.uniform(0.05, 0.3), 7)[np.arange(steps) % 7] if daily else np.zeros(steps)
        spend = paused(
            rng, np.exp(level + jumps + scatter + common * drift + year * season + fatigue + weekday), daily=daily
        )
        known = level + jumps[last] + scatter[last] * memory**ahead + common[last] * drift
        after = last + ahead
        made.append(spend)
        told.append(np.exp(known + year[after] * season + fatigue[after] + weekday[after]) * (spend[last] > 0))
    return made, np.array(told)


if __name__ == "__main__":
    for daily, horizon, season, lengths in ((False, 4, 52, (26, 52, 156)), (True, 7, 7, (26, 90))):
        for points in lengths:
            found = []
            for seed in SEEDS:
                series, oracle = known_ads(seed, points, horizon, daily=daily)
                same = ads(seed, points + horizon, daily=daily, results=False, series=SERIES)
                if not all(np.allclose(a, b) for a, b in zip(series, same, strict=True)):
                    raise RuntimeError("the oracle no longer makes the series of benchmarks/forecasts.py")
                case = Case(series, horizon, season)
                ours = forecast(frame(case), horizon, season)["mean"].to_numpy().reshape(oracle.shape)
                found.append([error(f, case, smape=False) for f in (oracle, ours)])
            bound, ours = np.mean(found, axis=0)
            print(
                f"{points} {'days' if daily else 'weeks'} of spend: oracle {bound:.3f}, forecast {ours:.3f}", flush=True
            )
