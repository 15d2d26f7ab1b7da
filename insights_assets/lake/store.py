"""The lake: Delta tables under one root, a commit for each write, whatever number of partitions it covers.

Belongs here: reading and writing whole tables and ranges of partitions. Does not belong here: Dagster
(`io_manager.py`), SQL (`catalog.py`), judging rows (`tables/`).
delta-rs: https://delta-io.github.io/delta-rs/usage/writing/
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from insights_assets.lake.failures import told
from insights_assets.lake.locking import WRITE_WAIT_S, BusyError, writing
from insights_assets.lake.patience import COMMIT_TRIES, tries
from insights_assets.lake.predicates import of_partitions
from insights_assets.lake.snapshot import Handles, Snapshot
from insights_assets.lake.stored_schema import difference
from insights_assets.problems import FailedError
from insights_assets.tables.model import Table

Partition = tuple[str, date]
_OPEN = Handles()
WHOLE = ("whole table",)  # what writers of an unpartitioned table lock


class LakeError(FailedError):
    """The lake could not be read or written; the message is one sentence for the user."""


class LostRaceError(LakeError):
    """Another writer changed what a write was computed from; nothing was written."""


@dataclass(frozen=True)
class Lake:
    """Delta tables at `root/<layer>/<table>`, Hive-partitioned by `account_id`.

    `root` is a path or an object-store URI; `storage_options` go to delta-rs as they are; `write_wait_s` seconds is how
    long a write waits for another process's.
    """

    root: str
    storage_options: dict[str, str] = field(default_factory=dict, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False, compare=False)
    write_wait_s: float = WRITE_WAIT_S

    @property
    def remote(self) -> bool:
        """Whether it is in an object store."""
        return "://" in self.root

    @contextmanager
    def lock(self, table: Table, accounts: Collection[str]) -> Iterator[None]:
        """Keep other processes of this machine from writing these accounts of a table; nothing on an object store.

        Raises:
            LakeError: another process held them for `write_wait_s` seconds.
        """
        if self.remote:
            yield
            return
        folder = Path(self.root) / "_locks" / table.name
        with ExitStack() as stack:
            try:
                stack.enter_context(writing(folder, accounts, wait_s=self.write_wait_s))
            except BusyError as error:
                raise LakeError(f"Table {table.name} is being written by another process ({error}).") from error
            yield

    def uri(self, table: Table) -> str:
        """Where a table lives."""
        return f"{self.root}/{table.layer}/{table.name}"

    def delta(self, table: Table) -> Snapshot | None:
        """The table's newest snapshot, the caller's own, or None when it was never written.

        Raises:
            LakeError: it cannot be opened, or another release wrote it and its columns are not the table's.
        """
        snapshot = self.open(table)
        return None if snapshot is None else self._fitting(table, snapshot)

    def _fitting(self, table: Table, snapshot: Snapshot) -> Snapshot:
        if why := difference(table, snapshot):
            raise LakeError(f"Table {table.name} at {self.uri(table)} {why}.")
        return snapshot

    def _at_hand(self, table: Table) -> Snapshot | None:
        """As `delta`, until the next question of this thread, which moves it on."""
        if self.remote:
            return self.delta(table)
        return _OPEN.newest(self.uri(table), lambda: self.delta(table), lambda found: self._fitting(table, found))

    def open(self, table: Table) -> Snapshot | None:
        """The table's newest snapshot whatever its columns, or None when it was never written."""
        try:
            return Snapshot(self.uri(table), storage_options=self.storage_options)
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            raise LakeError(f"Table {table.name} at {self.uri(table)} cannot be opened: {told(error)}.") from error

    def lock_names(self, table: Table, snapshot: DeltaTable) -> set[str]:
        """What to lock to keep every writer of a table out: its accounts, or the one name of an unpartitioned one."""
        return {str(p["account_id"]) for p in snapshot.partitions()} if table.partitioned else set(WHOLE)

    def count(self, table: Table) -> int:
        """How many rows a table has, from the commit log alone."""
        snapshot = self._at_hand(table)
        return 0 if snapshot is None else snapshot.count()

    def read(
        self,
        table: Table,
        *,
        accounts: Collection[str] | None = None,
        since: date | None = None,
        until: date | None = None,
        columns: Collection[str] | None = None,
    ) -> pl.DataFrame:
        """Rows of the given accounts and weeks (both ends included), sorted by key; an unwritten table is empty.

        `columns` names those to read beside the key's: a year of a fleet's days without their actions is a tenth.
        """
        wanted = [c for c in table.schema if columns is None or c in columns or c in table.key]
        return self.rows(table, wanted, accounts=accounts, since=since, until=until).sort(table.key)

    def rows(
        self,
        table: Table,
        columns: Sequence[str],
        *where: pl.Expr,
        accounts: Collection[str] | None = None,
        since: date | None = None,
        until: date | None = None,
        then: Callable[[pl.LazyFrame], pl.LazyFrame] | None = None,
    ) -> pl.DataFrame:
        """Some columns of the rows for which every condition holds, unsorted; an unwritten table is empty.

        `then` (a sum by account, ...) runs while they are read, so that they are never in memory all at once.

        Conditions on the account, and on columns that a file holds in a narrow range (`finished_at`, `observed_at`),
        skip files by the statistics of the commit log, unread.
        """
        snapshot = self._at_hand(table)
        if snapshot is None:
            empty = table.empty().select(columns)
            return then(empty.lazy()).collect() if then else empty
        kept = list(where)
        if accounts is not None:
            kept.append(pl.col("account_id").is_in(list(accounts)))
        if since is not None:
            kept.append(pl.col("week") >= since)
        if until is not None:
            kept.append(pl.col("week") <= until)
        rows = pl.scan_delta(snapshot)
        if kept:
            rows = rows.filter(*kept)
        typed = rows.select(pl.col(c).cast(table.schema[c]) for c in columns)
        try:
            return then(typed).collect(engine="streaming") if then else typed.collect()
        except (DeltaError, OSError, pl.exceptions.PolarsError) as error:
            raise LakeError(f"Table {table.name} at {self.uri(table)} cannot be read: {told(error)}.") from error

    def accounts_of(self, table: Table) -> set[str]:
        """Accounts that a partitioned table has files of, from the commit log alone."""
        snapshot = self._at_hand(table)
        return set() if snapshot is None else {str(p["account_id"]) for p in snapshot.partitions()}

    def replace(
        self,
        table: Table,
        frame: pl.DataFrame,
        partitions: Iterable[Partition],
        *,
        where: Mapping[str, Collection[str]] | None = None,
        base: Snapshot | None = None,
    ) -> None:
        """Replace exactly the given (account, week) partitions by the frame's rows, in one atomic commit.

        `where` narrows the replacement to rows with one of these values (a table that several writers share). `base` is
        the snapshot from which the rows were computed: the write is refused when these partitions changed since.

        Raises:
            LostRaceError: they did.
            ValueError: the frame has rows outside the partitions; nothing is written.
            LakeError: the commit lost against other writers `COMMIT_TRIES` times, or storage failed.
        """
        wanted = set(partitions)
        rows = table.conform(frame)
        present = set(rows.select("account_id", "week").unique().iter_rows())
        if stray := sorted(present - wanted):
            raise ValueError(f"table {table.name}: rows outside the run's partitions, e.g. {stray[0]}")
        if not wanted:
            return
        predicate = of_partitions(wanted, where or {})
        self._commit(table, rows, base=base, mode="overwrite", predicate=predicate)

    def append(self, table: Table, frame: pl.DataFrame) -> None:
        """Add rows, in one atomic commit."""
        self._commit(table, table.conform(frame), mode="append")

    def overwrite(self, table: Table, frame: pl.DataFrame) -> None:
        """Replace a whole unpartitioned table."""
        self._commit(table, table.conform(frame), mode="overwrite")

    def ensure(self, tables: Iterable[Table]) -> None:
        """Create tables that do not exist, so that concurrent first writers do not race for it."""
        for table in tables:
            if self._at_hand(table) is None:
                self._commit(table, table.empty(), mode="append")

    def _commit(self, table: Table, rows: pl.DataFrame, *, base: Snapshot | None = None, **how: Any) -> None:
        place: dict[str, Any] = {"partition_by": ["account_id"] if table.partitioned else None}
        place["storage_options"] = self.storage_options
        known = self._at_hand(table) if base is None else base
        if known is None and how.get("predicate") is not None:
            # A replace needs a table. Creating it empty first lets two first writers meet in the commit log.
            write_deltalake(self.uri(table), table.empty(), mode="ignore", **place)
        for _ in tries(self.sleep):
            try:
                write_deltalake(known or self.uri(table), rows, **place, **how)
            except CommitFailedError as error:
                if base is not None:
                    raise LostRaceError(f"Table {table.name} was changed by another writer meanwhile.") from error
                known = None  # the next try begins at the newest version
            except (DeltaError, OSError) as error:
                self.delta(table)  # says so when another release's columns are the cause
                raise LakeError(f"Table {table.name} at {self.uri(table)} cannot be written: {told(error)}.") from error
            else:
                if known is not None and known is not base and not self.remote:
                    _OPEN.keep(self.uri(table), known)
                return
        raise LakeError(f"Table {table.name}: {COMMIT_TRIES} commits lost against other writers.")
