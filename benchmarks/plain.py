"""The functions of the derived assets, called one after the other on a lake in one process, without Dagster.

Neither checks nor instance, so that what a backfill costs beyond them can be told; reading, computing and writing are
told apart.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import polars as pl

from benchmarks.fleet_lake import later, write_raw
from benchmarks.watching import Cost, watched
from insights_assets.definitions import DERIVED_ASSETS
from insights_assets.instance_home import FRUGAL, shared_threads
from insights_assets.lake.io_manager import COLUMNS
from insights_assets.lake.store import Lake, Partition
from insights_assets.lineage import lineage_of
from insights_assets.partitions import key
from insights_assets.settings import load_settings
from insights_assets.tables.model import Table
from insights_assets.tables.registry import TABLES

GRAPH = lineage_of(DERIVED_ASSETS)
KINDS = ("read", "compute", "write")


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


def alone(
    home: Path, steps: Sequence[str], fleet: tuple[int, int, int], workers: int
) -> tuple[Cost, dict[str, float], dict[str, float]]:
    """Call the functions in a process of its own, with the memory and threads of a worker.

    Args:
        home: where the lake of a fleet is made.
        steps: names of assets, each after what it reads.
        fleet: accounts, weeks, ads.
        workers: groups of accounts that are computed together.

    Returns:
        What the process cost; seconds of processors that it read, computed and wrote; seconds of computing by step.
    """
    lake = home / "lake"
    names, mondays = write_raw(Lake(str(lake)), *fleet)
    asked = {"root": str(lake), "steps": steps, "groups": _groups(names, workers), "weeks": [str(m) for m in mondays]}
    # So that what differs from a worker is Dagster.
    alike = {**os.environ, **FRUGAL, **shared_threads(workers)}
    cost, printed = watched([sys.executable, __file__, json.dumps(asked)], alike)
    told = json.loads(printed.splitlines()[-1])
    return cost, {kind: told[kind] for kind in KINDS}, told["steps"]


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
    everyone = [name for names in groups for name in names]
    own, pooled = ([s for s in steps if (s in GRAPH.pooled) == told] for told in (False, True))
    fleetwide = [s for s in pooled if s in GRAPH.fleetwide]
    others = [s for s in pooled if s not in GRAPH.fleetwide]
    for stage, parts in ((own, groups), (fleetwide, [everyone]), (others, groups)):
        for names in parts:
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


def _groups(names: Sequence[str], count: int) -> list[list[str]]:
    """Accounts in as many groups as there are workers."""
    size = -(-len(names) // count)
    return [list(names[start : start + size]) for start in range(0, len(names), size)]


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    weeks = [date.fromisoformat(d) for d in given["weeks"]]
    print(json.dumps(plainly(given["root"], given["steps"], given["groups"], weeks)))
