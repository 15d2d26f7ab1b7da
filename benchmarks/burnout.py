"""Burnout predictions of fleets made here, beside persistence, the seeds' scorecard, each learner alone and an oracle.

Five worlds of 40 accounts x 156 weeks, in which ads tire in four ways or not at all; every row is predicted
walk-forward, the weeks after the first year are scored. `rule` is what is said before anything was learnt; `oracle`
knows the rates of the week in question, but not its counts. Then ten ads alone, and the time of 174 accounts x 52 weeks
x 50 ads. Seeds here were not looked at while the method was made.
"""

import resource
import time

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit

from insights_assets.analytics.burnout import walk_forward
from insights_assets.analytics.burnout_learners import the_rule
from insights_assets.analytics.burnout_quality import qualities
from insights_assets.analytics.burnout_walk import Pairs, pairs_of, walk
from insights_assets_tests.analytics.burnout_worlds import Nature, world

Floats = NDArray[np.float64]
WORLDS = {
    "frequency": Nature(),
    "onset": Nature(tires="onset", results=80),
    "age": Nature(tires="age", strength=3.0),
    "recent, loud": Nature(
        tires="recent", strength=1.2, results=25, wobble=0.12, memory=0.7, shock=0.06, spread=20, season=0.2
    ),
    "never": Nature(tires="never", wobble=0.15, memory=0.7, shock=0.06),
}
SEED, SCORED_FROM = 907, 52
RANKERS = ("persistence", "scorecard", "oracle")


def scorecard(rows: pl.DataFrame) -> pl.Series:
    """The seeds' weights on deviations from the four weeks before."""
    ad = ["account_id", "ad_id"]
    made = rows.with_columns(
        frequency=pl.col("impressions") / pl.col("reach"),
        ctr=pl.col("link_clicks") / pl.col("impressions"),
        cpc=pl.col("spend") / pl.col("link_clicks").clip(1),
    )

    def delta(name: str) -> pl.Expr:
        usual = pl.col(name).shift(1).rolling_median(4, min_samples=2).over(ad)
        return (pl.col(name) / usual - 1).clip(-2, 2).fill_nan(0).fill_null(0)

    def slope(name: str) -> pl.Expr:
        weights = (-0.3, -0.1, 0.1, 0.3)
        line = sum((w * pl.col(name).shift(3 - k).over(ad) for k, w in enumerate(weights)), pl.lit(0.0))
        mean = pl.col(name).rolling_mean(4).over(ad)
        return (line / mean).clip(-2, 2).fill_nan(0).fill_null(0)

    def step(name: str) -> pl.Expr:
        return (pl.col(name) / pl.col(name).shift(1).over(ad) - 1).clip(-2, 2).fill_nan(0).fill_null(0)

    score = 0.25 * delta("frequency") - 0.2 * delta("ctr") + 0.15 * delta("cpc") + 0.2 * slope("frequency")
    return made.select(score - 0.1 * slope("ctr") - 0.1 * step("reach") + 0.05 * step("spend")).to_series()


def oracle(made: pl.DataFrame, horizon: int) -> Floats:
    """Expected cost of the week in question over the median of final costs."""
    cost = pl.when(pl.col("results") > 0).then(pl.col("spend") / pl.col("results")).otherwise(float("inf"))
    median = made.rolling("week", period="4w", group_by=["account_id", "ad_id"]).agg(cost.median().alias("median"))
    coming = made.select(
        "account_id", "ad_id", pl.col("week").dt.offset_by(f"-{horizon}w"), pl.col("expected_cpr").alias("coming")
    )
    keys = ["account_id", "ad_id", "week"]
    both = made.select(keys).join(median, on=keys).join(coming, on=keys, how="left").sort(keys)
    return (both["coming"] / both["median"]).fill_null(0.0).to_numpy()


def judge(made: pl.DataFrame, since: int = SCORED_FROM) -> dict[int, dict[str, tuple[Floats, Floats]]]:
    """Scores and outcomes by horizon and method."""
    made = made.sort("account_id", "ad_id", "week")
    pairs = pairs_of(made.drop("expected_cpr"))
    out = {}
    for horizon in (1, 2):
        said = methods(pairs, horizon)
        said |= {"scorecard": scorecard(made).to_numpy(), "oracle": oracle(made, horizon)}
        burnt = pairs.burnt[horizon]
        known = np.isfinite(burnt) & (pairs.week >= since)
        out[horizon] = {name: (values[known], burnt[known]) for name, values in said.items()}
    return out


def methods(pairs: Pairs, horizon: int) -> dict[str, Floats]:
    x, names = pairs.signals[horizon], pairs.names[horizon]
    fitted, logistic, trees = (np.full(pairs.week.size, np.nan) for _ in range(3))
    for model in walk(pairs, horizon):
        at = model.rows
        fitted[at], logistic[at] = model.risk, expit(model.logistic.logit(x[at]))
        trees[at] = logistic[at] if model.trees_said is None else expit(model.trees_said)
    return {
        "persistence": x[:, names.index("week_0")].astype(np.float64),
        "rule": expit(the_rule(names).logit(x)),
        "logistic": logistic,
        "trees": trees,
        "fitted": fitted,
    }


def show(name: str, found: dict[int, dict[str, tuple[Floats, Floats]]]) -> None:
    for horizon, by_method in found.items():
        for method in ("persistence", "scorecard", "rule", "logistic", "trees", "fitted", "oracle"):
            told = qualities(*by_method[method])
            line = f"{name}, {horizon} ahead, {method:11s} AUC {told.auc:.3f} AP {told.average_precision:.3f} "
            line += f"top tenth {told.top_precision:.3f}"
            if method not in RANKERS:
                line += f" Brier {told.brier:.4f} calibration error {told.calibration_error:.4f}"
            print(f"{line} ({told.pairs:,} pairs, {told.base_rate:.3f} burnt)", flush=True)


def pooled(parts: list[dict[int, dict[str, tuple[Floats, Floats]]]]) -> dict[int, dict[str, tuple[Floats, Floats]]]:
    def joined(h: int, method: str, side: int) -> Floats:
        return np.concatenate([part[h][method][side] for part in parts])

    return {h: {m: (joined(h, m, 0), joined(h, m, 1)) for m in parts[0][h]} for h in (1, 2)}


def speed() -> None:
    made = world(SEED, accounts=174, weeks=52, slots=52).drop("expected_cpr")
    begin, used = time.perf_counter(), time.process_time()
    walk_forward(made)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{made.height:,} ad weeks of 174 accounts x 52 weeks: {time.perf_counter() - begin:.0f} s, "
        f"{time.process_time() - used:.0f} s of CPU, peak {peak:.1f} GB"
    )


if __name__ == "__main__":
    speed()
    show("ten ads", pooled([judge(world(SEED + k, accounts=2, slots=5), 8) for k in range(8)]))
    for name, nature in WORLDS.items():
        show(name, judge(world(SEED, nature)))
