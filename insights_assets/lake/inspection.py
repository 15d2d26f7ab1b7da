"""Is the lake whole: does each table open with its columns, are its files there, is no key there twice?

Belongs here: looking. Nothing is repaired: what is wrong is said in a sentence with what to do.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import polars as pl

from insights_assets.lake.compaction import SMALL_BYTES
from insights_assets.lake.failures import told
from insights_assets.lake.listing import LOG, files_below, named_files, storage
from insights_assets.lake.store import Lake, LakeError
from insights_assets.tables.model import Table

_OWN: Final = ("_locks",)


@dataclass(frozen=True)
class Inspected:
    """What a table has: rows, files (small ones too), bytes, log entries; and what is wrong with it."""

    table: str
    rows: int = 0
    files: int = 0
    small_files: int = 0
    bytes: int = 0
    log_files: int = 0
    problems: tuple[str, ...] = ()


def inspect(lake: Lake, table: Table, *, accounts: int, draw: str) -> Inspected:
    """Look at one table.

    Args:
        lake: the lake.
        table: the table.
        accounts: of how many accounts keys are read; an unpartitioned table is read whole, but not for 0.
        draw: which ones; another word draws others, so that in time all have their turn.
    """
    try:
        snapshot = lake.delta(table)
        if snapshot is None:
            return Inspected(table.name)
        # First what is named, then what is there: a file that joins in between is not missed.
        named = named_files(snapshot)
        there = files_below(storage(lake, f"{table.layer}/{table.name}"))
        problems = [*_missing(table, named, there), *_repeated(lake, table, accounts, draw)]
    except LakeError as error:
        return Inspected(table.name, problems=(str(error),))
    except OSError as error:
        return Inspected(table.name, problems=(f"Table {table.name} cannot be listed: {told(error)}.",))
    return Inspected(
        table.name,
        rows=snapshot.count(),
        files=len(named),
        small_files=sum(size < SMALL_BYTES for size in named.values()),
        bytes=sum(named.values()),
        log_files=sum(path.startswith(f"{LOG}/") for path in there),
        problems=tuple(problems),
    )


def strays(lake: Lake, tables: Iterable[Table]) -> list[str]:
    """Folders of the lake that are no table's: of an earlier release, or put there by hand. They are left alone."""
    known = {f"{t.layer}/{t.name}" for t in tables}
    try:
        found = {"/".join(path.split("/")[:2]) for path in files_below(storage(lake))}
    except OSError as error:
        raise LakeError(f"The lake at {lake.root} cannot be listed: {told(error)}.") from error
    return sorted(f for f in found - known if f.split("/")[0] not in _OWN)


def _missing(table: Table, named: dict[str, int], there: dict[str, int]) -> list[str]:
    lost = [path for path in named if path not in there]
    cut = [path for path, size in named.items() if there.get(path, size) != size]
    return [
        f"Table {table.name}: {len(paths)} of {len(named)} files {what}, the first is {paths[0]}; restore them from a "
        f"backup, or remove the table's folder and make it anew."
        for what, paths in (("are not there", lost), ("have another size than the log says", cut))
        if paths
    ]


def _repeated(lake: Lake, table: Table, accounts: int, draw: str) -> list[str]:
    chosen = None
    if table.partitioned:
        ordered = sorted(lake.accounts_of(table), key=lambda a: sha256(f"{draw}|{a}".encode()).digest())
        chosen = ordered[:accounts]
    if not accounts:
        return []
    keys = lake.rows(table, table.key, accounts=chosen)
    twice = keys.filter(pl.struct(table.key).is_duplicated()).sort(table.key)
    if twice.is_empty():
        return []
    first = ", ".join(str(v) for v in twice.row(0))
    told = f"{twice.n_unique()} keys are there more than once, the first is {first}"
    return [f"Table {table.name}: {told}; run the backfill of that account and week again with --force."]
