"""A fleet's refresh through Dagster runs, over HTTP: wall, CPU, runs lost, and what a run of one account spends.

`insights refresh` of every account over the running week and the four before, from nothing, against the sandbox whose
reports take `--latency` seconds: raw assets one account a run, derived assets vectorised, checks and all. The sandbox
runs in this process, so its CPU is told apart. `--profile` then runs the raw assets of one account once more under
cProfile.
"""

import argparse
import cProfile
import os
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from insights_assets import runs
from insights_assets.commands.home import open_home
from insights_assets.definitions import RAW_ASSETS
from insights_assets.partitions import monday, weeks_covering
from insights_assets.sandbox import World, running_sandbox
from insights_assets.settings import load_settings
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.operations import SYNC_LOG

NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)
DAYS = 28
INSIGHTS = Path(sys.executable).parent / "insights"
SHOWN = 45


def spent(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def refresh(home: str, url: str, workers: int) -> tuple[float, float, float]:
    """Discover the accounts and refresh them: seconds on the wall, of our processors and of the sandbox's."""
    names = {"INSIGHTS_HOME": home, "INSIGHTS_MODE": "sandbox", "INSIGHTS_SANDBOX_URL": url}
    os.environ |= {**names, "INSIGHTS_NOW": NOW.isoformat()}
    subprocess.run([str(INSIGHTS), "accounts", "discover"], check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    began, ours, sandbox = time.perf_counter(), spent(resource.RUSAGE_CHILDREN), spent(resource.RUSAGE_SELF)
    ended = subprocess.run([str(INSIGHTS), "refresh", "--workers", str(workers)], check=False)  # noqa: S603
    if ended.returncode:
        print(f"insights refresh ended with {ended.returncode}")
    wall = time.perf_counter() - began
    return wall, spent(resource.RUSAGE_CHILDREN) - ours, spent(resource.RUSAGE_SELF) - sandbox


def told(accounts: int) -> None:
    """What became of the runs and of the account-weeks."""
    home = open_home(load_settings())
    since = monday((NOW - timedelta(days=DAYS)).date())
    statuses = Counter(record.dagster_run.status.value for record in home.instance.get_run_records())
    log = home.lake.read(SYNC_LOG, since=since).unique(["account_id", "week", "step", "status"])
    daily = log.filter(step=INSIGHTS_DAILY.name, status="ok").height
    weeks = len(weeks_covering(since, NOW.date()))
    print(f"runs: {', '.join(f'{n} {status}' for status, n in statuses.items())}")
    failed = log.filter(status="failed").height
    print(f"account-weeks of daily insights: {daily} of {accounts * weeks}; failed steps {failed}")
    print(f"rows of daily insights: {home.lake.count(INSIGHTS_DAILY):,}")


def profiled(account: str) -> None:
    """The raw assets of one account once more, in this process."""
    home = open_home(load_settings())
    runs.start_worker(home.environment)
    weeks = weeks_covering((NOW - timedelta(days=DAYS)).date(), NOW.date())
    steps = [a.key.path[-1] for a in RAW_ASSETS]
    runs.run_partitions(steps, [account], weeks, None)
    profile = cProfile.Profile(time.process_time)
    began, wall = time.process_time(), time.perf_counter()
    profile.enable()
    runs.run_partitions(steps, [account], weeks, None)
    profile.disable()
    print(f"one account again: {time.process_time() - began:.2f} s of CPU, {time.perf_counter() - wall:.2f} s")
    pstats.Stats(profile).sort_stats("cumtime").print_stats(SHOWN)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=174)
    parser.add_argument("--ads", type=int, default=50)
    parser.add_argument("--latency", type=float, default=1.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    start = monday((NOW - timedelta(days=DAYS)).date()) - timedelta(weeks=4)
    world = World(accounts=options.accounts, ads_per_account=options.ads, start=start, weeks=10)
    with (
        running_sandbox(world, now=lambda: NOW, report_latency_s=options.latency) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        wall, ours, sandbox = refresh(folder, server.url, options.workers)
        print(
            f"{options.accounts} accounts x 5 weeks x {options.ads} ads, reports take {options.latency:g} s, "
            f"{options.workers} workers: {wall:.0f} s; CPU {ours:.0f} s, the sandbox's {sandbox:.0f} s; "
            f"{len(server.requests):,} requests"
        )
        told(options.accounts)
        if options.profile:
            profiled(world.accounts[0].id)


if __name__ == "__main__":
    main()
