"""How long a week of forecasts takes for a fleet, and a year of an account, beside a library fit for each series.

A lake is made here: 174 accounts of 3 campaigns, 10 ad sets and 50 ads (spend of `benchmarks/forecasts.py`'s ads, with
jumps, pauses and ends; results drawn around it), 104 weeks of them by week and 13 by day. Timed is what the four assets
do for one week, reading included; what Dagster, the check and the commit add is not. statsmodels fits a damped ETS to a
slice of the same series in the same run, its time scaled up and said so.
"""

import resource
import tempfile
import time
import warnings
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
from forecasts import ads, ets
from numpy.typing import NDArray

from insights_assets.assets.forecasts import forecasts_of
from insights_assets.lake.store import Lake
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.forecasts import FORECASTS
from insights_assets.tables.model import Table
from insights_assets.tables.operations import SYNC_LOG
from insights_assets.tables.results import RESULTS_DAILY, RESULTS_WEEKLY

Floats = NDArray[np.float64]
FLEET, CAMPAIGNS, ADSETS, ADS = 174, 3, 10, 50
WEEKS, YEAR = 104, 52
LAST = date(2026, 3, 23)
SLICE = 60
PERIODS = {RESULTS_DAILY: "date", RESULTS_WEEKLY: "week"}


def levels(account: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Daily and weekly rows of all three levels of an account."""
    rng = np.random.default_rng(account)
    days = 7 * WEEKS
    spend = np.array(ads(account, days, daily=True, results=False, series=ADS))
    results = rng.poisson(spend / np.exp(rng.normal(2, 0.8, (ADS, 1)))).astype(np.float64)
    start = LAST - timedelta(weeks=WEEKS - 1)
    rows = pl.DataFrame(
        {
            "ad": np.repeat(np.arange(ADS), days),
            "day": np.tile(np.arange(days), ADS),
            "spend": spend.ravel(),
            "results": results.ravel(),
        }
    ).filter(pl.col("spend") > 0)
    dated = rows.with_columns(
        (pl.lit(start) + pl.duration(days=pl.col("day"))).cast(pl.Date).alias("date"),
        adset=pl.col("ad") % ADSETS,
    ).with_columns(pl.col("date").dt.truncate("1w").alias("week"), campaign=pl.col("adset") % CAMPAIGNS)
    names = {"ad": "adset", "adset": "campaign", "campaign": None}
    daily, weekly = [], []
    for level, parent in names.items():
        entity = pl.format(f"{level}{{}}", level).alias("entity_id")
        above = pl.lit(None, pl.String) if parent is None else pl.format(f"{parent}{{}}", parent)
        sums = pl.col("spend", "results").sum()
        told = dated.with_columns(entity, above.alias("parent_id"), level=pl.lit(level))
        daily.append(told.group_by("level", "entity_id", "week", "date").agg(sums))
        weekly.append(told.group_by("level", "entity_id", "parent_id", "week").agg(sums))
    return pl.concat(daily), pl.concat(weekly)


def finished(rows: pl.DataFrame, table: Table, account_id: str) -> pl.DataFrame:
    return rows.with_columns(
        account_id=pl.lit(account_id),
        result_family=pl.lit("purchase"),
        result_value=pl.lit(None, pl.Float64),
        cpr=pl.when(pl.col("results") > 0).then(pl.col("spend") / pl.col("results")),
        is_primary=pl.lit(value=True),
        is_settled=pl.col("week") < LAST - timedelta(weeks=5),
    ).select(list(table.schema))


def build(lake: Lake) -> tuple[list[str], int]:
    names = [f"act_{n}" for n in range(1, FLEET + 1)]
    registry = [
        {"account_id": n, "name": n, "currency": "EUR", "timezone_name": "Europe/Berlin", "status": "ACTIVE"}
        | {"source": "added", "observed_at": datetime(2026, 4, 1, tzinfo=UTC)}
        for n in names
    ]
    lake.append(ACCOUNTS, pl.DataFrame([{c: r.get(c) for c in ACCOUNTS.schema} for r in registry], schema=ACCOUNTS.schema))
    parts: dict[str, list[pl.DataFrame]] = {"daily": [], "weekly": []}
    log = []
    for n, name in enumerate(names):
        daily, weekly = levels(n % 20)
        if n:
            # A week's daily forecast reads a quarter; the year of one account reads more.
            daily = daily.filter(pl.col("week") > LAST - timedelta(weeks=13))
        parts["daily"].append(finished(daily, RESULTS_DAILY, name))
        parts["weekly"].append(finished(weekly, RESULTS_WEEKLY, name))
        log += [
            {"account_id": name, "week": LAST - timedelta(weeks=w), "step": "insights_daily", "status": "ok"}
            | {"attempts": 1, "requests": 1, "duration_s": 1.0, "rows": 1, "run_id": "r"}
            | {"finished_at": datetime(2026, 3, 30, 6, tzinfo=UTC) - timedelta(weeks=w)}
            for w in range(WEEKS)
        ]
    lake.append(RESULTS_DAILY, pl.concat(parts["daily"]))
    lake.append(RESULTS_WEEKLY, pl.concat(parts["weekly"]))
    lake.append(SYNC_LOG, pl.DataFrame([{c: r.get(c) for c in SYNC_LOG.schema} for r in log], schema=SYNC_LOG.schema))
    return names, sum(p.filter(pl.col("week") == LAST).height for p in parts["weekly"])


def library(lake: Lake) -> float:
    """Seconds of a damped ETS by statsmodels for one series, by day and by week, of spend and results."""
    rows = lake.read(RESULTS_DAILY, accounts=["act_2"]).filter(pl.col("level") == "ad").sort("entity_id", "date")
    weekly = lake.read(RESULTS_WEEKLY, accounts=["act_2"]).filter(pl.col("level") == "ad").sort("entity_id", "week")
    begin, fits = time.perf_counter(), 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for frame, horizon in ((rows, 7), (weekly, 4)):
            series = [part["spend"].to_numpy() for (_,), part in frame.group_by("entity_id", maintain_order=True)]
            for values in [y for y in series if y.size > 30][: SLICE // 2]:
                ets(values, horizon)
                fits += 1
    return (time.perf_counter() - begin) / fits


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(folder)
        names, entities = build(lake)
        total, height = 0.0, 0
        for level in FORECASTS:
            begin = time.perf_counter()
            rows = forecasts_of(lake, level, [(n, LAST) for n in names])
            took = time.perf_counter() - begin
            total, height = total + took, height + rows.height
            print(f"{level}: {rows['entity_id'].n_unique() if level == 'account' else rows.select('account_id', 'entity_id').n_unique()} entities, {rows.height} rows, {took:.1f} s", flush=True)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"a week of {FLEET} accounts: {height} rows, {total:.1f} s, peak {peak:.0f} MB (the lake's making included)")
        begin = time.perf_counter()
        origins = [LAST - timedelta(weeks=w) for w in range(YEAR)]
        rows = pl.concat([forecasts_of(lake, level, [(names[0], w) for w in origins]) for level in FORECASTS])
        took = time.perf_counter() - begin
        print(f"{YEAR} origins of one account of {ADS} ads: {rows.height} rows, {took:.1f} s; {FLEET} of them in turn {took * FLEET / 60:.0f} min")
        one = library(lake)
        fits = 4 * entities
        print(f"statsmodels, damped ETS: {1000 * one:.0f} ms a fit; {fits} fits of that week {fits * one / 60:.0f} min (scaled from {SLICE})")
