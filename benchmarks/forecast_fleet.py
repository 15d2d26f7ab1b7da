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
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context

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
FEWEST_DAYS = 30
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


def conforming(table: Table, rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame([{c: row.get(c) for c in table.schema} for row in rows], schema=table.schema)


def build(lake: Lake) -> tuple[list[str], int]:
    names = [f"act_{n}" for n in range(1, FLEET + 1)]
    registry = [
        {"account_id": n, "name": n, "currency": "EUR", "timezone_name": "Europe/Berlin", "status": "ACTIVE"}
        | {"source": "added", "observed_at": datetime(2026, 4, 1, tzinfo=UTC)}
        for n in names
    ]
    lake.append(
        ACCOUNTS, pl.DataFrame([{c: r.get(c) for c in ACCOUNTS.schema} for r in registry], schema=ACCOUNTS.schema)
    )
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
    lake.append(SYNC_LOG, conforming(SYNC_LOG, log))
    return names, sum(p.filter(pl.col("week") == LAST).height for p in parts["weekly"])


def library(lake: Lake) -> float:
    """CPU seconds of a damped ETS by statsmodels for one series, by day and by week, of spend and results."""
    rows = lake.read(RESULTS_DAILY, accounts=["act_2"]).filter(pl.col("level") == "ad").sort("entity_id", "date")
    weekly = lake.read(RESULTS_WEEKLY, accounts=["act_2"]).filter(pl.col("level") == "ad").sort("entity_id", "week")
    begin, fits = time.process_time(), 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for frame, horizon in ((rows, 7), (weekly, 4)):
            series = [part["spend"].to_numpy() for (_,), part in frame.group_by("entity_id", maintain_order=True)]
            for values in [y for y in series if y.size > FEWEST_DAYS][: SLICE // 2]:
                ets(values, horizon)
                fits += 1
    return (time.process_time() - begin) / fits


def week_of(task: tuple[str, str, list[str]]) -> tuple[str, int, int]:
    """Forecast one level of some accounts; return level, entities and rows."""
    root, level, names = task
    rows = forecasts_of(Lake(root), level, [(name, LAST) for name in names])
    return level, rows.select("account_id", "entity_id").n_unique(), rows.height


def fleet(root: str, names: list[str]) -> None:
    """A week of all accounts in two processes, as `insights backfill` works."""
    halves = [names[: FLEET // 2], names[FLEET // 2 :]]
    tasks = [(root, level, half) for level in reversed(FORECASTS) for half in halves]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(len, halves))
        begin = time.perf_counter()
        found = pl.DataFrame(list(pool.map(week_of, tasks)), schema=["level", "entities", "rows"], orient="row")
        took = time.perf_counter() - begin
    print(found.group_by("level", maintain_order=True).sum())
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"a week of {FLEET} accounts: {found['rows'].sum()} rows, {took:.1f} s in two processes, "
        f"{used.ru_utime + used.ru_stime:.0f} s of CPU, {used.ru_maxrss / 1024:.0f} MB the larger, imports included",
        flush=True,
    )


def one_year(lake: Lake, name: str) -> None:
    begin, cpu = time.perf_counter(), time.process_time()
    wanted = [(name, LAST - timedelta(weeks=w)) for w in range(YEAR)]
    rows = sum(forecasts_of(lake, level, wanted).height for level in FORECASTS)
    took, cpu = time.perf_counter() - begin, time.process_time() - cpu
    print(
        f"{YEAR} origins of one account of {ADS} ads: {rows} rows, {took:.1f} s, {cpu:.1f} s of CPU; "
        f"{FLEET} such accounts {cpu * FLEET / 60:.0f} CPU minutes",
        flush=True,
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(folder)
        names, entities = build(lake)
        fleet(folder, names)
        one_year(lake, names[0])
        one, fits = library(lake), 4 * entities
        print(
            f"statsmodels, damped ETS: {1000 * one:.0f} ms of CPU a fit; {fits} of that week {fits * one / 60:.0f} min "
            f"(scaled from {SLICE})"
        )
