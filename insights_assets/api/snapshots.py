"""The newest commit of each table, known without asking the log for each request.

A snapshot is a version and its active files by account. The log is looked at again when what is known is older than
`max_age_s`; that costs 0.4 ms while nothing was committed, and 20 ms for 1,000 accounts when something was.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import unquote

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from insights_assets.lake.store import Lake
from insights_assets.tables.model import Table

ALL = ""  # the one place of a table without partitions


@dataclass(frozen=True)
class Snapshot:
    """Active files of one commit, by account (by `ALL` for a table without partitions); version -1: never written."""

    table: Table
    version: int = -1
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _marks: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def of(self, account_id: str) -> tuple[str, ...]:
        """Files of an account."""
        return self.files.get(account_id if self.table.partitioned else ALL, ())

    def mark(self, account_id: str) -> str:
        """What tells this state of an account's rows from any other: a commit elsewhere leaves it as it is."""
        if account_id not in self._marks:
            files = "\n".join((self.table.name, *self.of(account_id)))
            self._marks[account_id] = hashlib.sha256(files.encode()).hexdigest()[:16]
        return self._marks[account_id]


@dataclass
class _Known:
    lock: threading.Lock
    delta: DeltaTable | None = None
    snapshot: Snapshot | None = None
    looked_at: float = float("-inf")


class Snapshots:
    """Newest snapshots of a lake's tables; for many threads.

    Args:
        lake: where the tables are.
        seconds: a clock that only goes forward.
        max_age_s: how long a commit may go unseen.
    """

    def __init__(self, lake: Lake, seconds: Callable[[], float], max_age_s: float) -> None:
        self.lake = lake
        self._seconds = seconds
        self._max_age_s = max_age_s
        self._known: dict[str, _Known] = {}
        self._adding = threading.Lock()

    def at_hand(self, table: Table) -> Snapshot | None:
        """What is known, where it is young enough."""
        known = self._known.get(table.name)
        young = known is not None and self._seconds() - known.looked_at <= self._max_age_s
        return known.snapshot if known is not None and young else None

    def newest(self, table: Table, *, anew: bool = False) -> Snapshot:
        """Look at the log, unless that was done just now; `anew` forgets what is known.

        Raises:
            LakeError: the table cannot be opened.
        """
        with self._adding:
            known = self._known.setdefault(table.name, _Known(threading.Lock()))
        with known.lock:
            if not anew and (found := self.at_hand(table)) is not None:
                return found
            if anew:
                known.delta = known.snapshot = None
            at = self._seconds()
            snapshot = self._look(table, known)
            known.snapshot, known.looked_at = snapshot, at
            return snapshot

    def _look(self, table: Table, known: _Known) -> Snapshot:
        if known.delta is not None:
            try:
                known.delta.update_incremental()
            except (DeltaError, OSError):
                known.delta = None  # made anew by a restore, say
        if known.delta is None:
            known.delta = self.lake.delta(table)
        if known.delta is None:
            return Snapshot(table)
        version = known.delta.version()
        if known.snapshot is not None and known.snapshot.version == version:
            return known.snapshot
        return Snapshot(table, version, _files(self.lake.uri(table), table, known.delta))


def _files(root: str, table: Table, delta: DeltaTable) -> dict[str, tuple[str, ...]]:
    actions = pl.DataFrame(cast("Any", delta.get_add_actions(flatten=True)))
    accounts: Iterable[str] = actions["partition.account_id"] if table.partitioned else [ALL] * actions.height
    found: dict[str, list[str]] = {}
    for path, account_id in zip(actions["path"], accounts, strict=True):
        found.setdefault(account_id, []).append(f"{root}/{unquote(path) if '://' not in root else path}")
    return {account_id: tuple(sorted(paths)) for account_id, paths in found.items()}
