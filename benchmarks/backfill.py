"""One backfill of every derived asset over a fleet, beside the same functions without Dagster and stock storage.

The raw tables are drawn and written to a lake; then `insights backfill` runs as a user runs it, on the real instance.
Beside it, in the same run: the assets' own functions called one after the other on the same frames in one process,
without Dagster, checks and instance ("plain"; reading, computing and writing told apart); and on a slice of the
accounts the same command with the batched and with Dagster's stock event log. Memory is the largest sum over all
processes of the command, shared pages divided among them (PSS). CPU is that of all processes, imports included.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import polars as pl
import psutil

from benchmarks.fleet_lake import later, write_raw
from benchmarks.postgres_server import Server
from insights_assets.definitions import DERIVED_ASSETS
from insights_assets.instance_home import BATCHED_EVENT_LOG, FRUGAL, shared_threads
from insights_assets.lake.io_manager import COLUMNS
from insights_assets.lake.store import Lake, Partition
from insights_assets.lineage import lineage_of
from insights_assets.partitions import key
from insights_assets.settings import load_settings
from insights_assets.tables.model import Table
from insights_assets.tables.registry import TABLES

INSIGHTS = Path(sys.executable).parent / "insights"
NOWHERE = "http://127.0.0.1:9"  # no raw step is run
GRAPH = lineage_of(DERIVED_ASSETS)
SAMPLE_S = 1.0


@dataclass(frozen=True)
class Cost:
    """Seconds on the wall and of the processors, largest memory (MB)."""

    wall: float
    cpu: float
    peak_mb: float


@dataclass(frozen=True)
class CountingLake(Lake):
    """A lake that knows the seconds of processors its reads took."""

    spent: dict[str, float] = field(default_factory=lambda: {"read": 0.0}, compare=False)

    def rows(self, table: Table, columns: Sequence[str], *where: pl.Expr, **limits: Any) -> pl.DataFrame:
        """Read, and count."""
        began = time.process_time()
        found = super().rows(table, columns, *where, **limits)
        self.spent["read"] += time.process_time() - began
        return found


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


def watched(command: Sequence[str], variables: dict[str, str]) -> tuple[Cost, str]:
    """Run a command to its end: what it cost, and what it printed."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with (
        subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as process,  # noqa: S603
        largest_memory(process.pid) as peak,
    ):
        printed, _ = process.communicate()
    if process.returncode:
        sys.exit(f"{command[0]} ended with {process.returncode}: {printed}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.perf_counter() - began, cpu, peak[0]), printed


@contextmanager
def largest_memory(pid: int) -> Iterator[list[float]]:
    """The largest sum of the memory (MB) of a process and its children while the block runs."""
    peak, ended = [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(SAMPLE_S):
            try:
                parent = psutil.Process(pid)
                family = [parent, *parent.children(recursive=True)]
                peak[0] = max(peak[0], sum(p.memory_full_info().pss for p in family) / 2**20)
            except psutil.Error:  # it has just ended
                continue

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


def plainly(
    root: str, steps: Sequence[str], groups: Sequence[Sequence[str]], mondays: Sequence[date]
) -> dict[str, Any]:
    """The assets' functions one after the other on the frames of the lake: seconds of processors by what they did."""
    lake, assets = CountingLake(root), {a.key.path[-1]: a for a in DERIVED_ASSETS}
    settings = load_settings({"INSIGHTS_HOME": str(Path(root).parent), "INSIGHTS_LAKE": root})
    given = {"settings": settings, "families": {}, "thresholds": settings.recommendations}
    resources = SimpleNamespace(lake=lake, clock=lambda: later(mondays), **given)
    spent = {"read": 0.0, "compute": 0.0, "write": 0.0}
    by_step: dict[str, float] = {}
    for stage in ([s for s in steps if s not in GRAPH.pooled], [s for s in steps if s in GRAPH.pooled]):
        for names in groups:
            cells = [(name, week) for name in names for week in mondays]
            context = SimpleNamespace(resources=resources, partition_keys=[key(*c) for c in cells])
            for step in stage:
                times = _plain_step(lake, assets[step], context, cells, TABLES[step])
                by_step[step] = by_step.get(step, 0.0) + times["compute"]
                spent = {name: spent[name] + times[name] for name in spent}
    return {**spent, "steps": by_step}


def _plain_step(
    lake: CountingLake, asset: dg.AssetsDefinition, context: Any, cells: Sequence[Partition], table: Table
) -> dict[str, float]:
    began = time.process_time()
    back = dict(GRAPH.above[table.name])
    accounts, weeks = sorted({a for a, _ in cells}), sorted({w for _, w in cells})
    inputs = {}
    for argument, asked in asset.op.ins.items():
        source = TABLES[asset.keys_by_input_name[argument].path[-1]]
        since = weeks[0] - 7 * back.get(source.name, 0) * date.resolution
        columns = (asked.metadata or {}).get(COLUMNS)
        if asked.dagster_type.is_nothing:
            continue
        inputs[argument] = lake.read(source, accounts=accounts, since=since, until=weeks[-1], columns=columns)
    loaded, inside = time.process_time(), lake.spent["read"]
    function = _function(asset)
    made = function(context, **inputs) if "context" in function.__code__.co_varnames else function(**inputs)
    computed = time.process_time()
    lake.replace(table, made.value, cells)
    inner = lake.spent["read"] - inside
    return {
        "read": loaded - began + inner,
        "compute": computed - loaded - inner,
        "write": time.process_time() - computed,
    }


def _function(asset: dg.AssetsDefinition) -> Callable[..., dg.MaterializeResult[pl.DataFrame]]:
    decorated: Any = asset.op.compute_fn  # of a decorator; Dagster also allows a plain function
    function: Callable[..., dg.MaterializeResult[pl.DataFrame]] = decorated.decorated_fn
    return function


def groups_of(names: Sequence[str], count: int) -> list[list[str]]:
    """Accounts in as many groups as the backfill makes runs."""
    size = -(-len(names) // count)
    return [list(names[start : start + size]) for start in range(0, len(names), size)]


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
    parser.add_argument("--plain", metavar="JSON", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.plain:
        asked = json.loads(options.plain)
        print(json.dumps(plainly(asked["root"], asked["steps"], asked["groups"], _dates(asked["mondays"]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), options)


def _dates(told: Sequence[str]) -> list[date]:
    return [date.fromisoformat(d) for d in told]


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
    lake = root / "plain" / "lake"
    names, mondays = write_raw(Lake(str(lake)), accounts, options.weeks, options.ads)
    groups = groups_of(names, options.workers)
    asked = {"root": str(lake), "steps": steps, "groups": groups, "mondays": [str(m) for m in mondays]}
    # The memory and threads of a worker, so that what differs is Dagster.
    alike = {**os.environ, **FRUGAL, **shared_threads(options.workers)}
    cost, printed = watched([sys.executable, __file__, "--plain", json.dumps(asked)], alike)
    plain = json.loads(printed.splitlines()[-1])
    count = len(steps) * len(names) * len(mondays)
    told(cost, count, f"plain, one process, {accounts} accounts")
    spent = {name: plain[name] for name in ("read", "compute", "write")}
    print("  of it " + ", ".join(f"{name} {s:.1f} s" for name, s in spent.items()) + "; the rest is imports")
    slowest = sorted(plain["steps"].items(), key=lambda kv: -kv[1])
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


def told(cost: Cost, count: int, what: str) -> None:
    """Print what something cost."""
    each = cost.cpu / count * 1000
    print(
        f"{what}: {cost.wall:.0f} s, {cost.cpu:.0f} s of CPU = {each:.2f} ms an asset-partition, "
        f"{cost.peak_mb:,.0f} MB at most",
        flush=True,
    )


if __name__ == "__main__":
    main()
