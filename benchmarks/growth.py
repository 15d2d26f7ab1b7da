"""How the cost of derived assets and of reading grows with the accounts: 1x, 4x and 16x of 174, and the fitted growth.

Few weeks and ads, so that 2,784 accounts fit: what a fleet of another depth costs is told by `backfill.py`,
`serving.py` and the benchmarks of the stages. At each size, on its own lake: the read API asked by one client, each
account for the first time and again; plain SQL over the views; `insights backfill` of every derived asset on SQLite;
the same assets' functions without Dagster, which tells the steps apart. CPU is that of all processes, so other work on
the machine changes walls most. Growth is the exponent of accounts: 0 for what does not grow, 1 for what grows as the
accounts do. It is told for the whole and for the last step, where fixed costs (imports, runs) weigh least. Figures are
printed after each part, so that a run cut short is not lost.
"""

import argparse
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
from served_fleet import write_fleet
from serving import FREE, SERVER, questions, raw

from benchmarks import backfill as whole
from benchmarks import plain
from benchmarks.fleet_lake import write_raw
from insights_assets.api.keys import KeyStore
from insights_assets.commands.serve import SMALL_FRAMES
from insights_assets.instance_home import FRUGAL
from insights_assets.lake.store import Lake

SIZES = (174, 4 * 174, 16 * 174)
LOOKS = 60
"""Accounts that the read API is asked for; all of the same size, so that they say what one account costs."""
READY_S = 60
LARGE = 100
"""From which on figures are printed without decimals."""
TOO_SMALL = {"s": 0.2, "ms": 0.2, "MB": 1.0, "": 1.0}
"""By unit, below which nothing is fitted: a clock's tick, or noise."""
Figures = dict[tuple[str, str], float]


def derived(root: Path, accounts: int, options: argparse.Namespace) -> Figures:
    """Costs of one backfill of all derived assets, and of their functions alone."""
    steps = whole.chosen_steps(options.without)
    lake = Lake(str(root / "full" / "lake"))
    _, mondays = write_raw(lake, accounts, options.weeks, options.ads)
    cost = whole.backfill(root / "full", steps, mondays, options)
    alone, spent, by_step = plain.alone(root / "plain", steps, (accounts, options.weeks, options.ads), options.workers)
    count = len(steps) * accounts * len(mondays)
    instance, stored = root / "full" / "dagster", [f for f in (root / "full" / "lake").rglob("*") if f.is_file()]
    return {
        ("backfill: CPU", "s"): cost.cpu,
        ("backfill: wall", "s"): cost.wall,
        ("backfill: largest memory", "MB"): cost.peak_mb,
        ("backfill: asset-partitions", ""): count,
        ("beyond the functions, an asset-partition", "ms"): (cost.cpu - sum(spent.values())) / count * 1000,
        ("functions alone: largest memory", "MB"): alone.peak_mb,
        **{(f"functions alone: {name}", "s"): seconds for name, seconds in spent.items()},
        **{(f"  {step}", "s"): seconds for step, seconds in by_step.items()},
        ("lake: parquet files", ""): sum(f.suffix == ".parquet" for f in stored),
        ("lake: commits", ""): sum(f.parent.name == "_delta_log" for f in stored),
        ("lake: bytes", "MB"): sum(f.stat().st_size for f in stored) / 1e6,
        ("event log: bytes", "MB"): sum(f.stat().st_size for f in instance.rglob("*.db")) / 1e6,
    }


@contextmanager
def api(folder: Path, root: Path, port: int) -> Iterator[tuple[httpx.Client, psutil.Process]]:
    """The read API in a process of its own on a lake, and a client that may read all of it."""
    _, key = KeyStore(folder).add("bench", "viewer", None, datetime.now(UTC), requests_per_minute=FREE)
    command = [sys.executable, "-W", "ignore", "-c", SERVER, str(folder), str(root), str(port)]
    server = subprocess.Popen(command, env={**os.environ, **FRUGAL, **SMALL_FRAMES})  # noqa: S603
    headers = {"Authorization": f"Bearer {key}"}
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=600) as client:
            until = time.monotonic() + READY_S
            while not _healthy(client):
                if time.monotonic() > until:
                    sys.exit("The API did not start; nothing was measured.")
                time.sleep(0.1)
            yield client, psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait()


def _healthy(client: httpx.Client) -> bool:
    try:
        return client.get("/health").is_success
    except httpx.ConnectError:
        return False


def reading(root: Path, accounts: int, options: argparse.Namespace) -> Figures:
    """Costs of questions to the read API and to the views."""
    lake = write_fleet(root / "served", accounts, options.weeks, options.ads)
    draw, by_kind = random.Random(1), defaultdict(list)
    for account in draw.sample(range(accounts), LOOKS):
        for kind, path in questions(draw, account, options.ads):
            by_kind[kind].append(path)
    out: Figures = {}
    with api(root, root / "served", options.port) as (client, server):

        def ask(paths: Sequence[str]) -> float:
            began = server.cpu_times()
            for path in paths:
                client.get(path).raise_for_status()
            ended = server.cpu_times()
            return (ended.user + ended.system - began.user - began.system) * 1000

        out["API: first overview", "ms"] = ask(by_kind["overview"][:1])
        first = sum(ask(paths) for kind, paths in by_kind.items() if kind != "page of accounts")
        out["API: first look at an account (13 questions)", "ms"] = first / LOOKS
        for kind, paths in by_kind.items():
            out[f"API: {kind}", "ms"] = ask(paths) / len(paths)
        out["API: memory", "MB"] = server.memory_info().rss / 1e6
    for question, (wall, cpu) in raw(lake).items():
        out[f"views: {question}", "ms"] = cpu or wall
    return out


def exponent(accounts: Sequence[int], values: Sequence[float]) -> float:
    """The power of the number of accounts by which something grows: least squares on logarithms."""
    x, y = [math.log(a) for a in accounts], [math.log(v) for v in values]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    across = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return across / sum((a - mean_x) ** 2 for a in x)


def told(sizes: Sequence[int], found: Sequence[Figures]) -> None:
    """A line a figure: its value at each size, its growth over all and over the last step."""
    head = "".join(f"{size:>12,}" for size in sizes)
    print(f"{'accounts':52}{head}{'growth':>9}{'last':>7}")
    for (name, unit), last in found[-1].items():
        values = [figures[name, unit] for figures in found]
        line = "".join(f"{v:>12,.{2 if last < LARGE else 0}f}" for v in values)
        grown = ""
        if min(values) > 0 and last >= TOO_SMALL[unit] and len(sizes) > 1:
            grown = f"{exponent(sizes, values):>9.2f}{exponent(sizes[-2:], values[-2:]):>7.2f}"
        print(f"{f'{name} [{unit}]' if unit else name:52}{line}{grown}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=list(PARTS))
    parser.add_argument("--weeks", type=int, default=2)
    parser.add_argument("--ads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--without", nargs="*", default=[], help="stages left out, such as forecasts")
    parser.add_argument("--port", type=int, default=8798)
    options = parser.parse_args()
    sizes: list[int] = options.accounts
    found: dict[str, list[Figures]] = {part: [] for part in options.parts}
    print(f"{options.weeks} weeks, accounts of {options.ads} ads, {options.workers} workers")
    for number, size in enumerate(sizes, 1):
        for part, figures in found.items():
            began = time.perf_counter()
            with tempfile.TemporaryDirectory() as folder:
                figures.append(PARTS[part](Path(folder), size, options))
            wall, load = time.perf_counter() - began, os.getloadavg()[0]
            print(f"\n{part}, {size:,} accounts: {wall:.0f} s, the machine's load {load:.1f} at the end", flush=True)
            told(sizes[:number], figures)


PARTS: dict[str, Callable[[Path, int, argparse.Namespace], Figures]] = {"reading": reading, "derived": derived}

if __name__ == "__main__":
    main()
