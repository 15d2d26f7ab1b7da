"""Seconds until pages of assets with 18,000 partitions show what they hold, in chromium on a real webserver.

An instance as `insights` makes it is filled with the bookkeeping of 174 accounts x 104 weeks of a few assets (runs that
compute nothing under the keys of real assets, their checks too); then `dagster-webserver` serves the real definitions,
and each page is opened in a new browser context. A page is there when a text of its last part can be seen.
"""

import argparse
import logging
import math
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import httpx
import psutil
from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from benchmarks.bookkeeping import Nowhere
from insights_assets.assets.declare import key_of
from insights_assets.instance.quiet_runs import QUIET
from insights_assets.instance_home import BATCHED_EVENT_LOG, child_environment
from insights_assets.partitions import ACCOUNT, FIRST_WEEK, account_weeks, range_tags
from insights_assets.settings import load_settings
from insights_assets.tables.anomalies import ANOMALIES
from insights_assets.tables.burnout_weeks import BURNOUT_WEEKS
from insights_assets.tables.features import FEATURES_AD
from insights_assets.tables.model import Table
from insights_assets.tables.operations import SCHEMA_CHECK

TABLES: tuple[Table, ...] = (FEATURES_AD, ANOMALIES["ad"], ANOMALIES["campaign"], BURNOUT_WEEKS)
SHOWN = "/".join(key_of(FEATURES_AD).path)
AT_ONCE = 29
"""Accounts of a run that fills."""
CHROMIUM = "/usr/bin/chromium"
SLOW_MS = 180_000


def filler(tables: Sequence[Table]) -> dg.JobDefinition:
    """A job that materializes nothing under the keys of real assets, each with its check."""
    assets: list[dg.AssetsDefinition] = []
    checks: list[dg.AssetChecksDefinition] = []
    for table in tables:

        @dg.asset(
            key=key_of(table),
            partitions_def=account_weeks,
            backfill_policy=dg.BackfillPolicy.single_run(),
            io_manager_key="nowhere",
        )
        def made() -> int:
            return 1

        @dg.asset_check(asset=made, name=SCHEMA_CHECK, blocking=True, partitions_def=account_weeks)
        def fits() -> dg.AssetCheckResult:
            return dg.AssetCheckResult(passed=True)

        assets.append(made)
        checks.append(fits)
    definitions = dg.Definitions(assets=assets, asset_checks=checks, resources={"nowhere": Nowhere()})
    return definitions.resolve_implicit_global_asset_job_def()


def fill(tables: Sequence[Table], names: Sequence[str], mondays: Sequence[date]) -> None:
    """Runs of some accounts each, over all weeks."""
    job = filler(tables)
    with dg.DagsterInstance.get() as instance:
        instance.add_dynamic_partitions(ACCOUNT, list(names))
        for start in range(0, len(names), AT_ONCE):
            tags = range_tags(names[start : start + AT_ONCE], mondays)
            if not job.execute_in_process(instance=instance, tags=tags, run_config=QUIET).success:
                sys.exit("A run failed; nothing was measured.")


@contextmanager
def webserver(home: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Dagster's webserver on the real definitions, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = [str(Path(sys.executable).parent / "dagster-webserver"), "-m", "insights_assets.definitions"]
    with (home / "webserver.log").open("wb") as log:
        running = subprocess.Popen(  # noqa: S603
            [*command, "-h", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log, env=dict(os.environ)
        )
        base = f"http://127.0.0.1:{port}"
        try:
            while not _answers(base):
                if running.poll() is not None:
                    sys.exit((home / "webserver.log").read_text())
                time.sleep(0.5)
            yield base, psutil.Process(running.pid)
        finally:
            running.terminate()
            try:
                running.wait(60)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def _answers(base: str) -> bool:
    question = {"query": "{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }"}
    try:
        return bool(httpx.post(f"{base}/graphql", json=question, timeout=120).json()["data"]["repositoriesOrError"])
    except httpx.TransportError:
        return False


def cpu_s(process: psutil.Process) -> float:
    """Seconds of processors of a process and its children."""
    return float(sum(sum(p.cpu_times()[:2]) for p in [process, *process.children(recursive=True)]))


def opened(browser: Browser, address: str, text: str, screenshot: Path | None) -> float:
    """Seconds until a text of a page can be seen; infinite when it does not come."""
    context = browser.new_context(viewport={"width": 1500, "height": 950})
    page = context.new_page()
    began = time.perf_counter()
    page.goto(address, wait_until="domcontentloaded")
    try:
        page.get_by_text(text).first.wait_for(timeout=SLOW_MS)
        return time.perf_counter() - began
    except PlaywrightTimeoutError:
        return math.inf
    finally:
        if screenshot:
            page.screenshot(path=str(screenshot))
        context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=174)
    parser.add_argument("--weeks", type=int, default=104)
    parser.add_argument("--assets", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--stock", action="store_true", help="fill with Dagster's stock event log (slow: few accounts)")
    parser.add_argument("--screenshots", type=Path, help="a folder for a picture of each page")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    names = [f"act_{1_000_000_000 + n}" for n in range(options.accounts)]
    mondays = [FIRST_WEEK + timedelta(weeks=n) for n in range(options.weeks)]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        os.environ |= child_environment(load_settings({"INSIGHTS_HOME": folder}), None)
        if options.stock:
            config = home / "dagster" / "dagster.yaml"
            config.write_text(config.read_text().replace(BATCHED_EVENT_LOG, ""))
        began = time.process_time()
        fill(TABLES[: options.assets], names, mondays)
        size = sum(f.stat().st_size for f in (home / "dagster").rglob("*.db")) / 2**20
        kind = "stock" if options.stock else "batched"
        print(
            f"{options.assets} assets x {len(names) * len(mondays):,} partitions, {kind} SQLite, "
            f"filled with {time.process_time() - began:.0f} s of CPU; {size:.0f} MB of databases",
            flush=True,
        )
        with webserver(home) as (base, server), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            measure(browser, base, server, len(names) * len(mondays), options)
            browser.close()


def measure(browser: Browser, base: str, server: psutil.Process, partitions: int, options: argparse.Namespace) -> None:
    """Open each page, the first time apart from the median of the rest."""
    asset = f"{base}/assets/{SHOWN}"
    pages = {
        "asset": (asset, "Latest materialization"),
        "partitions": (f"{asset}?view=partitions", f"Materialized ({partitions})"),
        "checks": (f"{asset}?view=checks", SCHEMA_CHECK),
        "lineage": (f"{asset}?view=lineage", FEATURES_AD.name),
        "graph": (f"{base}/asset-groups", "Materialize"),
    }
    for name, (address, text) in pages.items():
        spent, times = cpu_s(server), []
        for _ in range(options.repeats + 1):
            picture = options.screenshots / f"{name}.png" if options.screenshots else None
            times.append(opened(browser, address, text, picture))
        each = (cpu_s(server) - spent) / len(times)
        print(
            f"{name:12} first {times[0]:6.1f} s, then {statistics.median(times[1:]):6.1f} s (median of "
            f"{options.repeats}); the webserver's CPU {each:.2f} s a page",
            flush=True,
        )


if __name__ == "__main__":
    main()
