"""Time of a tick of every sensor and schedule at 1,000 accounts x 52 weeks, beside reading the whole table each time.

The lake is as a day of refreshes leaves it before compaction: 13 small files an account in `sync_log`, one in the
ledger. Each tick is evaluated three times; the median is shown. `busy` ticks ask for runs, `quiet` ones find nothing.
"""

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

import dagster as dg
import polars as pl

from insights_assets.automation.schedules import due_at
from insights_assets.definitions import PARTITIONED_ASSETS, build_defs
from insights_assets.lake.store import Lake
from insights_assets.settings import load_settings
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.completeness import COMPLETENESS
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.model import Table
from insights_assets.tables.operations import SYNC_LOG
from insights_assets.tables.restatements import RESTATEMENTS
from insights_assets.timetable import Timetable

NOW = datetime(2026, 11, 18, 12, 30, tzinfo=UTC)
MONDAY = date(2026, 11, 16)
STEPS = [a.key.path[-1] for a in PARTITIONED_ASSETS]
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "America/Sao_Paulo")
REPEATS = 3
TABLE = Timetable()


def filled(table: Table, keys: pl.DataFrame, **values: object) -> pl.DataFrame:
    """Rows of a table from their keys; columns that are not named get some value of their type."""
    plain = {pl.String: "x", pl.Int64: 1, pl.Float64: 1.0, pl.Boolean: True, pl.Date: MONDAY, pl.Datetime: NOW}
    columns = []
    for name, kind in table.schema.items():
        if name in keys.columns and name not in values:
            columns.append(pl.col(name))
        elif isinstance(kind, pl.List):
            columns.append(pl.lit(None, dtype=kind).alias(name))
        else:
            columns.append(pl.lit(values.get(name, plain[kind.base_type()]), dtype=kind).alias(name))
    return keys.select(columns)


def fill(lake: Lake, accounts: int, weeks: int) -> list[str]:
    """Write the lake; return the accounts."""
    names = [f"act_{10_000 + n}" for n in range(accounts)]
    own = pl.DataFrame({"account_id": names}).with_row_index("n")
    zones = own.with_columns(timezone_name=pl.lit(pl.Series(ZONES).implode()).list.get(pl.col("n") % len(ZONES)))
    registry = filled(ACCOUNTS, zones, currency="EUR", source="added", status="ACTIVE", token_env=None, token_path=None)
    lake.overwrite(ACCOUNTS, registry)
    every = pl.DataFrame({"week": [MONDAY - timedelta(weeks=n) for n in range(weeks)]})
    partitions = own.select("account_id").join(every, how="cross")
    young = partitions.filter(pl.col("week") >= MONDAY - timedelta(weeks=4))
    ok = {"status": "ok", "error_type": None, "retry_after": None, "message": None}
    long_ago = partitions.join(pl.DataFrame({"step": STEPS}), how="cross")
    lake.append(SYNC_LOG, filled(SYNC_LOG, long_ago, finished_at=NOW - timedelta(days=30), **ok))
    for hour, step in enumerate(STEPS[:13]):
        at = NOW - timedelta(hours=20 - hour)
        lake.append(SYNC_LOG, filled(SYNC_LOG, young, step=step, finished_at=at, **ok))
    lake.append(INSIGHTS_DAILY, filled(INSIGHTS_DAILY, young, date=MONDAY))
    lake.append(COMPLETENESS, filled(COMPLETENESS, young, metric="spend", lookback_days=14))
    days = young.join(pl.DataFrame({"ad_id": [str(n) for n in range(50)]}), how="cross")
    read_at = pl.duration(seconds=pl.col("account_id").str.slice(4).cast(pl.Int64) % 10_000)
    for ago in (9, 1):
        rows = filled(RESTATEMENTS, days, date=MONDAY, metric="spend", observed_at=NOW - timedelta(days=ago))
        lake.append(RESTATEMENTS, rows.with_columns(pl.col("observed_at") + read_at))
    return names


def blocked(lake: Lake, names: list[str]) -> None:
    """Every tenth account was blocked an hour ago."""
    keys = pl.DataFrame({"account_id": names[::10], "week": [MONDAY] * len(names[::10])})
    told = {"status": "failed", "error_type": "rate_limited", "retry_after": NOW - timedelta(minutes=5)}
    rows = filled(SYNC_LOG, keys, step="insights_daily", finished_at=NOW - timedelta(hours=1), message=None, **told)
    lake.append(SYNC_LOG, rows)


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Median seconds, and what came out."""
    seconds, found = [], None
    for _ in range(REPEATS):
        start = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - start)
    return median(seconds), found


class Ticks:
    """Evaluates sensors and schedules of the code location."""

    def __init__(self, folder: str, lake: Lake, instance: dg.DagsterInstance) -> None:
        settings = load_settings({"INSIGHTS_HOME": folder, "INSIGHTS_MODE": "live", "META_ACCESS_TOKEN": "none-needed"})
        self.now = NOW
        self.instance = instance
        self.defs = build_defs(settings, overrides={"lake": lake, "clock": lambda: self.now})
        self.repository = self.defs.get_repository_def()

    def sensor(self, name: str, cursor: str | None = None) -> int:
        """How many runs a sensor's tick asks for."""
        with dg.build_sensor_context(self.instance, cursor, repository_def=self.repository) as context:
            return len(self.defs.resolve_sensor_def(name).evaluate_tick(context).run_requests or [])

    def schedule(self, name: str, at: datetime) -> int:
        """How many runs a schedule's tick asks for."""
        with dg.build_schedule_context(
            self.instance, scheduled_execution_time=at, repository_def=self.repository
        ) as context:
            return len(self.defs.resolve_schedule_def(name).evaluate_tick(context).run_requests or [])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--weeks", type=int, default=52)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as home:
        lake = Lake(str(Path(folder) / "lake"))
        names = fill(lake, options.accounts, options.weeks)
        print(f"{options.accounts} accounts x {options.weeks} weeks; sync_log {lake.count(SYNC_LOG):,} rows, ", end="")
        print(f"restatements {lake.count(RESTATEMENTS):,} rows")
        with dg.DagsterInstance.local_temp(home) as instance:
            instance.add_dynamic_partitions("account", names)
            measure(Ticks(folder, lake, instance), lake, names)


def measure(ticks: Ticks, lake: Lake, names: list[str]) -> None:
    first = due_at(names[0], ZONES[0], NOW.date(), TABLE.refresh_from, TABLE.refresh_until)
    due = first.replace(minute=first.minute // 10 * 10, second=0) + timedelta(minutes=10)
    cursor = (NOW - timedelta(hours=2)).isoformat()
    cases: list[tuple[str, Callable[[], int]]] = [
        ("resume_blocked_accounts, quiet", lambda: ticks.sensor("resume_blocked_accounts")),
        ("register_accounts, quiet", lambda: ticks.sensor("register_accounts")),
        ("refresh_stale, quiet", lambda: ticks.sensor("refresh_stale")),
        ("refresh_restated, quiet", lambda: ticks.sensor("refresh_restated", cursor)),
        ("refresh_restated, a whole fleet", lambda: ticks.sensor("refresh_restated")),
        ("refresh_accounts (schedule)", lambda: ticks.schedule("refresh_accounts", due)),
        ("anomalies_ad (schedule)", lambda: ticks.schedule("anomalies_ad", NOW)),
    ]
    for name, work in cases:
        show(name, *timed(work))
    ticks.now = NOW + timedelta(days=2)
    show("refresh_stale, a whole fleet", *timed(lambda: ticks.sensor("refresh_stale")))
    ticks.now = NOW
    blocked(lake, names)
    show("resume_blocked_accounts, a tenth", *timed(lambda: ticks.sensor("resume_blocked_accounts")))
    print("beside it, the whole table read by a tick:")
    for table in (SYNC_LOG, RESTATEMENTS):
        seconds, _ = timed(lambda table=table: lake.read(table))
        print(f"  {table.name:40} {seconds:7.3f} s")


def show(name: str, seconds: float, requests: object) -> None:
    print(f"  {name:40} {seconds:7.3f} s {requests:>5} requests")


if __name__ == "__main__":
    main()
