"""Tiers and advice of 174 accounts x 52 weeks x 50 ads, and how good the tiers are, on feature rows made here.

Prints wall time, CPU and peak memory of the pure functions, and the walk-forward figures beside rules, persistence and
the most frequent tier. `--accounts`, `--entities`, `--weeks` make it smaller.
"""

import argparse
import resource
import time

import polars as pl

from insights_assets.analytics.advice_outcomes import advice_outcomes
from insights_assets.analytics.classifications import FEATURES, HISTORY_WEEKS, classify
from insights_assets.analytics.recommendations import Asked, recommend
from insights_assets.analytics.tier_backtest import backtest
from insights_assets_tests.analytics.tier_worlds import tier_world

KEY = ("account_id", "week", "entity_id")


def timed(name: str, started: tuple[float, float]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    print(f"{name:<28} {wall - started[0]:7.1f} s wall {cpu - started[1]:7.1f} s CPU")
    return wall, cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=174)
    parser.add_argument("--entities", type=int, default=50)
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    world = tier_world(
        accounts=asked.accounts, entities=asked.entities, weeks=asked.weeks + HISTORY_WEEKS, seed=asked.seed
    )
    weeks = sorted(world["week"].unique())[-asked.weeks :]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{world.height} entity-weeks in all; {before:.0f} MB before")
    clock = time.perf_counter(), time.process_time()
    tiers = classify("ad", world.select(*KEY, *FEATURES), weeks)
    clock = timed(f"classify {tiers.height}", clock)
    advice = recommend(Asked("ad", weeks), world, tiers)
    clock = timed(f"recommend {advice.height}", clock)
    followed = advice_outcomes(advice, world, weeks)
    clock = timed(f"follow up {followed.height}", clock)
    scored = backtest(tiers, world)
    timed("backtest", clock)
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")
    with pl.Config(tbl_cols=-1, tbl_rows=-1, tbl_hide_dataframe_shape=True):
        print(scored)
        print(tiers["source"].value_counts())
        print(advice.group_by("recommendation_type").agg(pl.len(), pl.col("is_new").sum()).sort("recommendation_type"))


if __name__ == "__main__":
    main()
