"""One backfill of every derived asset over a fleet: wall, CPU an asset-partition, memory; and the same without Dagster.

The raw tables are drawn and written to a lake; `insights backfill` of the derived groups runs as a user would run it.
On a slice of the accounts, in the same run: the same assets called one after the other without Dagster (read, compute,
write), and the backfill on Dagster's stock SQLite event log. A year of origins of forecasts costs most by far, so
`--without forecasts` leaves them (and their scores) out.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import polars as pl
import psutil

from benchmarks.fleet import FIRST_WEEK, LEVELS, adset_rows, daily_rows, weekly_rows
from insights_assets import partitions
from insights_assets.definitions import DERIVED_ASSETS
from insights_assets.instance_home import BATCHED_EVENT_LOG
from insights_assets.lake.io_manager import COLUMNS
from insights_assets.lake.store import Lake
from insights_assets.lineage import lineage_of
from insights_assets.settings import load_settings
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.entities import ADS, ADSETS, CAMPAIGNS
from insights_assets.tables.insights import (
    INSIGHTS_DAILY,
    INSIGHTS_WEEKLY_AD,
    INSIGHTS_WEEKLY_ADSET,
    INSIGHTS_WEEKLY_CAMPAIGN,
)
from insights_assets.tables.model import Table
from insights_assets.tables.registry import TABLES

INSIGHTS = Path(sys.executable).parent / "insights"
WEEKLY = {"campaign": INSIGHTS_WEEKLY_CAMPAIGN, "adset": INSIGHTS_WEEKLY_ADSET, "ad": INSIGHTS_WEEKLY_AD}
GOAL = "OFFSITE_CONVERSIONS"
EVENT = "PURCHASE"
PURCHASE = "offsite_conversion.fb_pixel_purchase"
VALUE = 40.0
AT_ONCE = 20  # accounts written at once
SAMPLE_S = 0.5


@dataclass(frozen=True)
class Cost:
    """Seconds on the wall and of the processors, and the largest sum of memory of the processes."""

    wall: float
    cpu: float
    peak_mb: float


def write_raw(lake: Lake, accounts: int, weeks: int, ads: int, seen: datetime) -> None:
    """Draw a fleet's raw tables and store them."""
    names = [f"act_{n + 1}" for n in range(accounts)]
    rows = pl.DataFrame({"account_id": names}).with_columns(
        pl.lit("EUR").alias("currency"),
        pl.lit("Europe/Berlin").alias("timezone_name"),
        pl.lit("ACTIVE").alias("status"),
        pl.lit("sandbox").alias("source"),
        pl.col("account_id").alias("name"),
        pl.lit(seen).alias("observed_at"),
    )
    lake.overwrite(ACCOUNTS, filled(ACCOUNTS, rows))
    for start in range(0, accounts, AT_ONCE):
        count = min(AT_ONCE, accounts - start)
        drawn = daily_rows(count, weeks, ads, seed=start + 1).with_columns(
            pl.format("act_{}", pl.col("account_id").str.strip_prefix("act_").cast(pl.Int64) + start).alias(
                "account_id"
            ),
            *[pl.format(f"{start}x{{}}", f"{level}_id").alias(f"{level}_id") for level in LEVELS],
            pl.lit(seen).alias("observed_at"),
        )
        write_fleet(lake, drawn, names[start : start + count])


def write_fleet(lake: Lake, drawn: pl.DataFrame, names: Sequence[str]) -> None:
    """Store the raw tables of some accounts."""
    mondays = drawn["week"].unique().sort().to_list()
    cells = [(name, week) for name in names for week in mondays]

    def store(table: Table, rows: pl.DataFrame) -> None:
        lake.replace(table, filled(table, rows), cells)

    windows = ("w1d_click", "w7d_click", "w28d_click", "w1d_view")

    def actions(value: pl.Expr) -> pl.Expr:
        told = [pl.lit(PURCHASE).alias("action_type"), value.alias("value")]
        return pl.concat_list(pl.struct(*told, *[value.alias(w) for w in windows]))

    daily = drawn.with_columns(
        pl.lit("EUR").alias("currency"),
        pl.lit(GOAL).alias("optimization_goal"),
        (pl.col("impressions") // 2).alias("reach"),
        pl.lit(2.0).alias("frequency"),
        actions(pl.col("results")).alias("actions"),
        actions(pl.col("results") * VALUE).alias("action_values"),
        pl.lit(value=True).alias("is_settled"),
        pl.col("observed_at").alias("first_observed_at"),
    )
    store(INSIGHTS_DAILY, daily)
    observed = drawn["observed_at"][0]
    for level, rows in weekly_rows(drawn).items():
        store(WEEKLY[level], rows.with_columns(pl.lit(observed).alias("observed_at")))
    alive = [
        pl.lit("ACTIVE").alias("status"),
        pl.lit("ACTIVE").alias("effective_status"),
        pl.lit(observed).alias("observed_at"),
    ]
    goal = [pl.lit(GOAL).alias("optimization_goal"), pl.lit(EVENT).alias("custom_event_type")]
    store(ADSETS, adset_rows(drawn).with_columns(*alive, *goal, pl.col("adset_id").alias("name")))
    ad = drawn.select("account_id", "week", "ad_id", "adset_id", "campaign_id").unique()
    store(ADS, ad.with_columns(*alive, goal[0], pl.col("ad_id").alias("name"), pl.col("ad_id").alias("creative_id")))
    campaign = drawn.select("account_id", "week", "campaign_id").unique()
    store(CAMPAIGNS, campaign.with_columns(*alive, pl.col("campaign_id").alias("name")))


def filled(table: Table, rows: pl.DataFrame) -> pl.DataFrame:
    """The table's columns: those that are missing are null."""
    return rows.select(
        (pl.col(c) if c in rows.columns else pl.lit(None)).cast(t).alias(c) for c, t in table.schema.items()
    )


def steps(without: Sequence[str]) -> list[dg.AssetsDefinition]:
    """Derived assets in an order in which each comes after what it reads."""
    order = list(lineage_of(DERIVED_ASSETS).above)
    left_out = {name for name in order if any(name.startswith(w) for w in without)}
    if "forecasts" in without:
        left_out.add("prediction_scores")
    by_name = {a.key.path[-1]: a for a in DERIVED_ASSETS}
    return [by_name[name] for name in order if name not in left_out]


def backfill(
    home: Path, chosen: Sequence[dg.AssetsDefinition], accounts: Sequence[str], last: date, workers: int
) -> Cost:
    """The user's command, and what it cost."""
    names = {"INSIGHTS_HOME": str(home), "INSIGHTS_MODE": "sandbox", "INSIGHTS_SANDBOX_URL": "http://127.0.0.1:9"}
    variables = {**os.environ, **names, "INSIGHTS_NOW": f"{last + timedelta(days=60)}T06:00:00+00:00"}
    selection = " or ".join(f'key:"{a.key.to_user_string()}"' for a in chosen)
    command = [str(INSIGHTS), "backfill", "--since", str(FIRST_WEEK), "--until", str(last), "--select", selection]
    asked = [*command, "--accounts", ",".join(accounts), "--workers", str(workers)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    process = subprocess.Popen(asked, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)  # noqa: S603
    with watched(process.pid) as peak:
        _, said = process.communicate()
    if process.returncode:
        sys.exit(said.decode())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.perf_counter() - began, cpu, peak[0])


@contextmanager
def watched(pid: int) -> Iterator[list[float]]:
    """The largest sum of the memory (MB) of a process and its children while the block runs."""
    peak, ended = [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(SAMPLE_S):
            try:
                parent = psutil.Process(pid)
                family = [parent, *parent.children(recursive=True)]
                peak[0] = max(peak[0], sum(p.memory_info().rss for p in family) / 2**20)
            except psutil.NoSuchProcess:
                continue

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


def plainly(
    lake: Lake, chosen: Sequence[dg.AssetsDefinition], accounts: Sequence[str], mondays: Sequence[date]
) -> Cost:
    """The same assets one after the other without Dagster: read, compute, write."""
    graph = lineage_of(DERIVED_ASSETS)
    settings = load_settings({"INSIGHTS_LAKE": lake.root})
    now = datetime(mondays[-1].year, mondays[-1].month, mondays[-1].day, tzinfo=UTC) + timedelta(days=60)
    given = {
        "lake": lake,
        "families": {},
        "thresholds": settings.recommendations,
        "clock": lambda: now,
        "settings": settings,
    }
    cells = [(name, week) for name in accounts for week in mondays]
    began, cpu = time.perf_counter(), time.process_time()
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(partitions.ACCOUNT, list(accounts))
        for asset in chosen:
            name = asset.key.path[-1]
            back = dict(graph.above.get(name, ()))
            inputs = {}
            for argument, key in asset.keys_by_input_name.items():
                if argument not in asset.op.ins:
                    continue
                table = TABLES[key.path[-1]]
                columns = (asset.op.ins[argument].metadata or {}).get(COLUMNS)
                since = mondays[0] - timedelta(weeks=back.get(table.name, 0))
                inputs[argument] = lake.read(table, accounts=accounts, since=since, until=mondays[-1], columns=columns)
            wanted = {k: given[k] for k in asset.required_resource_keys if k in given}
            keys = dg.PartitionKeyRange(
                partitions.key(accounts[0], mondays[0]), partitions.key(accounts[-1], mondays[-1])
            )
            context = dg.build_asset_context(partition_key_range=keys, resources=wanted, instance=instance)
            made = asset(context, **inputs) if "context" in _arguments(asset) else asset(**inputs)
            lake.replace(TABLES[name], made.value, cells)
    return Cost(time.perf_counter() - began, time.process_time() - cpu, 0.0)


def _arguments(asset: dg.AssetsDefinition) -> set[str]:
    decorated = asset.op.compute_fn.decorated_fn
    return set(decorated.__code__.co_varnames[: decorated.__code__.co_argcount])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=174)
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--ads", type=int, default=50)
    parser.add_argument("--slice", type=int, default=8, help="accounts of the comparisons")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--without", nargs="*", default=[], help="stages left out, such as forecasts")
    options = parser.parse_args()
    mondays = [FIRST_WEEK + timedelta(weeks=n) for n in range(options.weeks)]
    names = [f"act_{n + 1}" for n in range(options.accounts)]
    part = names[: options.slice]
    chosen = steps(options.without)
    seen = datetime(mondays[-1].year, mondays[-1].month, mondays[-1].day, tzinfo=UTC) + timedelta(days=50)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_raw(Lake(str(root / "full" / "lake")), options.accounts, options.weeks, options.ads, seen)
        for name in ("plain", "stock", "slice"):
            write_raw(Lake(str(root / name / "lake")), options.slice, options.weeks, options.ads, seen)
        told(
            len(chosen),
            options.accounts,
            options.weeks,
            "whole",
            backfill(root / "full", chosen, names, mondays[-1], options.workers),
        )
        told(
            len(chosen),
            options.slice,
            options.weeks,
            "slice, one worker",
            backfill(root / "slice", chosen, part, mondays[-1], 1),
        )
        told(
            len(chosen),
            options.slice,
            options.weeks,
            "slice, without Dagster",
            plainly(Lake(str(root / "plain" / "lake")), chosen, part, mondays),
        )
        stock = root / "stock" / "dagster" / "dagster.yaml"
        stock.parent.mkdir(parents=True)
        ours = (root / "slice" / "dagster" / "dagster.yaml").read_text(encoding="utf-8")
        stock.write_text(ours.replace(BATCHED_EVENT_LOG, ""), encoding="utf-8")
        told(
            len(chosen),
            options.slice,
            options.weeks,
            "slice, stock SQLite",
            backfill(root / "stock", chosen, part, mondays[-1], 1),
        )


def told(assets: int, accounts: int, weeks: int, what: str, cost: Cost) -> None:
    count = assets * accounts * weeks
    memory = f", {cost.peak_mb:,.0f} MB at most" if cost.peak_mb else ""
    print(
        f"{what}: {assets} assets x {accounts} accounts x {weeks} weeks = {count:,} asset-partitions: "
        f"{cost.wall:.0f} s, {cost.cpu:.0f} s of processors = {cost.cpu / count * 1000:.2f} ms each{memory}"
    )


if __name__ == "__main__":
    main()
