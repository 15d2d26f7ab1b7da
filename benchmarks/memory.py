"""Largest process of a first backfill of one account of 600 ads and 52 weeks, over HTTP, every raw asset and check.

One run of all its weeks took 1,400 MB (blocks of weeks: `run_sizes.sized`).
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from insights_assets.lake.store import Lake
from insights_assets.sandbox import World, running_sandbox
from insights_assets.tables.insights import INSIGHTS_DAILY

NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)
UNTIL = date(2026, 11, 15)
INSIGHTS = Path(sys.executable).parent / "insights"


def backfill(home: str, url: str, since: date) -> None:
    names = {"INSIGHTS_HOME": home, "INSIGHTS_MODE": "sandbox", "INSIGHTS_SANDBOX_URL": url}
    variables = {**os.environ, **names, "INSIGHTS_NOW": NOW.isoformat()}
    for arguments in (["accounts", "discover"], ["backfill", "--since", str(since), "--until", str(UNTIL)]):
        asked = [*arguments, *(["--select", "group:raw", "--workers", "1"] if arguments[0] == "backfill" else [])]
        subprocess.run([str(INSIGHTS), *asked], env=variables, check=True, stdout=subprocess.DEVNULL)  # noqa: S603


def largest_child_mb() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ads", type=int, default=600)
    parser.add_argument("--weeks", type=int, default=52)
    options = parser.parse_args()
    since = UNTIL - timedelta(days=7 * options.weeks - 1)
    world = World(accounts=1, start=since - timedelta(weeks=4), ads_per_account=options.ads, weeks=options.weeks + 5)
    with running_sandbox(world, now=lambda: NOW, report_latency_s=0) as server, tempfile.TemporaryDirectory() as folder:
        backfill(folder, server.url, since)
        lake = Lake(str(Path(folder) / "lake"))
        rows, requests = lake.count(INSIGHTS_DAILY), len(server.requests)
    print(f"{options.ads} ads x {options.weeks} weeks: {rows:,} ad-days, {requests} requests")
    print(f"largest process: {largest_child_mb():.0f} MB")


if __name__ == "__main__":
    main()
