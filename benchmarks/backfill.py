"""One backfill of every derived asset over a fleet, beside the same functions without Dagster and stock storage.

The raw tables are drawn and written to a lake; then `insights backfill` runs as a user runs it, on the real instance.
Beside it, in the same run: the assets' own functions called one after the other on the same frames in one process,
without Dagster, checks and instance ("plain"; reading, computing and writing told apart); and on a slice of the
accounts the same command with the batched and with Dagster's stock event log. `watching.py` says how cost is taken.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

from benchmarks.fleet_lake import later, write_raw
from benchmarks.plain import GRAPH, alone
from benchmarks.postgres_server import Server
from benchmarks.watching import Cost, told, watched
from insights_assets.instance_home import BATCHED_EVENT_LOG
from insights_assets.lake.store import Lake

INSIGHTS = Path(sys.executable).parent / "insights"
NOWHERE = "http://127.0.0.1:9"  # no raw step is run


def chosen_steps(without: Sequence[str]) -> list[str]:
    """Names of derived assets, each after what it reads; without forecasts there is little to score."""
    left_out = (*without, *(["prediction_scores"] if "forecasts" in without else []))
    return [step for step in GRAPH.above if not step.startswith(tuple(left_out) or ("-",))]


def backfill(home: Path, steps: Sequence[str], mondays: Sequence[date], options: argparse.Namespace) -> Cost:
    """The user's command, and what it cost."""
    names = {"INSIGHTS_HOME": str(home), "INSIGHTS_MODE": "sandbox", "INSIGHTS_SANDBOX_URL": NOWHERE}
    variables = {**os.environ, **names, "INSIGHTS_NOW": later(mondays).isoformat()}
    selection = " or ".join(f'key:"*/{step}"' for step in steps)
    asked = ["backfill", "--since", str(mondays[0]), "--until", str(mondays[-1]), "--select", selection]
    return watched([str(INSIGHTS), *asked, "--workers", str(options.workers)], variables)[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=174)
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--ads", type=int, default=50)
    parser.add_argument("--slice", type=int, default=4, help="accounts of the comparison with stock storage")
    parser.add_argument("--plain-accounts", type=int, help="accounts of the run without Dagster; all when left out")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--without", nargs="*", default=[], help="stages left out, such as forecasts")
    parser.add_argument("--postgres", action="store_true", help="the instance on a Postgres server instead of SQLite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), options)


def compare(root: Path, options: argparse.Namespace) -> None:
    """Run everything and print it."""
    steps = chosen_steps(options.without)
    names, mondays = write_raw(Lake(str(root / "full" / "lake")), options.accounts, options.weeks, options.ads)
    count = len(steps) * len(names) * len(mondays)
    print(
        f"{len(steps)} derived assets x {len(names)} accounts of {options.ads} ads x {len(mondays)} weeks = "
        f"{count:,} asset-partitions, {options.workers} workers, {'Postgres' if options.postgres else 'SQLite'}",
        flush=True,
    )
    server = Server(root) if options.postgres else None
    try:
        if server:
            os.environ["DAGSTER_PG_URL"] = server.database()
        whole = backfill(root / "full", steps, mondays, options)
    finally:
        if server:
            print(f"the Postgres server: {server.cpu_s():.0f} s of CPU")
            server.stop()
            del os.environ["DAGSTER_PG_URL"]
    told(whole, count, "backfill")
    part = options.plain_accounts or options.accounts
    beside_plain(root, steps, part, options, whole)
    if options.slice:
        beside_stock(root, steps, options)


def beside_plain(root: Path, steps: Sequence[str], accounts: int, options: argparse.Namespace, whole: Cost) -> None:
    """The same functions on the same frames without Dagster, scaled to the backfill where on fewer accounts."""
    cost, spent, by_step = alone(root / "plain", steps, (accounts, options.weeks, options.ads), options.workers)
    count = len(steps) * accounts * options.weeks
    told(cost, count, f"plain, one process, {accounts} accounts")
    print("  of it " + ", ".join(f"{name} {s:.1f} s" for name, s in spent.items()) + "; the rest is imports")
    slowest = sorted(by_step.items(), key=lambda kv: -kv[1])
    print("  computing by asset: " + ", ".join(f"{s} {t:.1f}" for s, t in slowest if t >= cost.cpu / 100))
    scale = options.accounts / accounts
    beyond = (whole.cpu - scale * sum(spent.values())) / (count * scale)
    print(
        f"backfill / computing: {whole.cpu / spent['compute'] / scale:.2f} x the CPU; beyond reading, computing and "
        f"writing once: {beyond * 1000:.2f} ms of CPU an asset-partition",
        flush=True,
    )


def beside_stock(root: Path, steps: Sequence[str], options: argparse.Namespace) -> None:
    """The same command on a slice of the accounts, with our event log and with Dagster's."""
    found = {}
    for kind in ("batched", "stock"):
        part, mondays = write_raw(Lake(str(root / kind / "lake")), options.slice, options.weeks, options.ads)
        if kind == "stock":
            text = (root / "batched" / "dagster" / "dagster.yaml").read_text(encoding="utf-8")
            stock = root / "stock" / "dagster" / "dagster.yaml"
            stock.parent.mkdir(parents=True)
            stock.write_text(text.replace(BATCHED_EVENT_LOG, ""), encoding="utf-8")
        found[kind] = backfill(root / kind, steps, mondays, options)
        told(found[kind], len(steps) * len(part) * len(mondays), f"slice of {len(part)} accounts, {kind} SQLite")
    more = asdict(found["stock"])["cpu"] - found["batched"].cpu
    scaled = more * options.accounts / options.slice
    print(f"  scaled to {options.accounts} accounts (a lower bound), stock storage adds {scaled / 60:.0f} min of CPU")


if __name__ == "__main__":
    main()
