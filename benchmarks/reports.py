"""Reports and exports of a fleet: CPU, peak memory and size at 1,000 accounts x 50 ads.

python benchmarks/reports.py [accounts]. Each report and export runs in its own process, over one lake of made rows.
"""

import multiprocessing as mp
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from insights_assets.lake.store import Lake
from insights_assets.serving.editions import make_edition
from insights_assets.serving.exports import export
from insights_assets.serving.periods import KINDS
from insights_assets.serving.report import write_report
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.anomalies import ANOMALIES_AD
from insights_assets.tables.features import FEATURES_AD
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.model import Table
from insights_assets.tables.results import RESULTS_DAILY

ADS, DAYS, WEEKS, FINDINGS = 50, 60, 16, 20
NOW = datetime(2026, 3, 11, 6, tzinfo=UTC)
MONDAY = date(2026, 3, 2)
SIZES = {"impressions": 1000, "inline_link_clicks": 10, "spend": 10.0, "results": 1.0, "cpr": 10.0, "frequency": 1.5}
WORDS = {"currency": "EUR", "result_family": "purchase", "level": "ad", "is_primary": True, "is_complete": True}
FINDING = {"granularity": "week", "anomaly_type": "cpr_spike", "metric": "cpr", "direction": "up", "severity": "high"}
FINDING |= {"status": "new", "anomaly_score": 0.6, "current_value": 20.0, "baseline_value": 10.0, "delta_pct": 100.0}
REGISTRY = {"timezone_name": "Europe/Berlin", "status": "ACTIVE", "source": "added", "observed_at": NOW}


def put(lake: Lake, table: Table, rows: pl.DataFrame, **values: object) -> None:
    """Write rows, each other column the same value in all of them."""
    known = {**SIZES, **WORDS, "is_settled": True, **values}
    others = [pl.lit(known.get(c), dtype=t).alias(c) for c, t in table.schema.items() if c not in rows.columns]
    lake.append(table, rows.with_columns(others).select(list(table.schema)))


def build(folder: str, accounts: int) -> None:
    """A lake of one day repeated."""
    lake = Lake(folder)
    names = pl.DataFrame({"account_id": [f"act_{n}" for n in range(1, accounts + 1)]})
    put(lake, ACCOUNTS, names.with_columns(name="account_id"), **REGISTRY)
    ads = names.join(pl.DataFrame({"ad": [str(n) for n in range(ADS)]}), how="cross")
    ads = ads.select("account_id", (pl.col("account_id") + "-" + pl.col("ad")).alias("entity_id"))
    days = pl.DataFrame({"date": [NOW.date() - timedelta(days=n + 1) for n in range(DAYS)]})
    days = days.with_columns(pl.col("date").dt.truncate("1w").alias("week"))
    put(lake, INSIGHTS_DAILY, ads.rename({"entity_id": "ad_id"}).join(days, how="cross"))
    put(lake, RESULTS_DAILY, ads.join(days, how="cross"))
    weeks = pl.DataFrame({"week": [MONDAY - timedelta(weeks=n) for n in range(WEEKS)]})
    put(lake, FEATURES_AD, ads.join(weeks, how="cross"))
    found = ads.group_by("account_id").head(FINDINGS).with_columns(pl.lit(MONDAY).alias("week"))
    put(lake, ANOMALIES_AD, found.with_columns(pl.col("entity_id").alias("finding_id")), **FINDING)


def report(folder: str, kind: str, out: str) -> Path:
    """Make one report; its page."""
    return write_report(make_edition(Lake(folder), kind, now=NOW), Path(out)).html


def table(folder: str, form: str, out: str) -> Path:
    """Export the daily results: all, or of Excel what a tenth of the accounts have."""
    target = Path(out) / f"results_daily.{form}"
    some = [f"act_{n}" for n in range(1, 101)] if form == "xlsx" else None
    export(Lake(folder), "results_daily", form, target, accounts=some)
    return target


def measured(work: Callable[[str, str, str], Path], *given: str) -> None:
    """Run in this process and print what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    made = work(*given)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    took = f"{time.process_time() - cpu:6.1f} s CPU {time.perf_counter() - wall:6.1f} s wall {peak:6.0f} MB"
    print(f"{given[1]:8} {took} {made.stat().st_size / 2**20:8.2f} MB {made.suffix}", flush=True)


def main() -> None:
    """Build the lake, then each report and each export."""
    accounts = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    context = mp.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        for work, given in (
            (build, (folder + "/lake", accounts)),
            *((measured, (report, folder + "/lake", kind, folder)) for kind in KINDS),
            *((measured, (table, folder + "/lake", form, folder)) for form in ("csv", "parquet", "xlsx")),
        ):
            process = context.Process(target=work, args=given)
            process.start()
            process.join()


if __name__ == "__main__":
    main()
