"""The lake: Delta tables under one root, a commit for each write, whatever number of partitions it covers.

Belongs here: reading and writing whole tables and ranges of partitions. Does not belong here: Dagster
(`io_manager.py`), SQL (`catalog.py`), judging rows (`tables/`).
delta-rs: https://delta-io.github.io/delta-rs/usage/writing/
"""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from insights_assets.lake.locking import WRITE_WAIT_S, BusyError, writing
from insights_assets.problems import FailedError
from insights_assets.tables.model import Table

Partition = tuple[str, date]
COMMIT_TRIES = 12  # eight writers on one account lost at most 4 races in a row when measured


class LakeError(FailedError):
    """The lake could not be read or written; the message is one sentence for the user."""


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

    @contextmanager
    def lock(self, table: Table, accounts: Collection[str]) -> Iterator[None]:
        """Keep other processes of this machine from writing these accounts of a table; nothing on an object store.

        Raises:
            LakeError: another process held them for `write_wait_s` seconds.
        """
        if "://" in self.root:
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

    def delta(self, table: Table) -> DeltaTable | None:
        """The table's newest snapshot, or None when it was never written."""
        try:
            return DeltaTable(self.uri(table), storage_options=self.storage_options)
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            raise LakeError(f"Table {table.name} at {self.uri(table)} cannot be opened: {error}") from error

    def count(self, table: Table) -> int:
        """How many rows a table has, from the commit log alone."""
        snapshot = self.delta(table)
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
    ) -> pl.DataFrame:
        """Some columns of the rows for which every condition holds, unsorted; an unwritten table is empty.

        Conditions on the account, and on columns that a file holds in a narrow range (`finished_at`, `observed_at`),
        skip files by the statistics of the commit log, unread.
        """
        snapshot = self.delta(table)
        if snapshot is None:
            return table.empty().select(columns)
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
            return typed.collect()
        except (DeltaError, OSError, pl.exceptions.PolarsError) as error:
            raise LakeError(f"Table {table.name} at {self.uri(table)} cannot be read: {error}") from error

    def accounts_of(self, table: Table) -> set[str]:
        """Accounts that a partitioned table has files of, from the commit log alone."""
        snapshot = self.delta(table)
        return set() if snapshot is None else {str(p["account_id"]) for p in snapshot.partitions()}

    def replace(
        self,
        table: Table,
        frame: pl.DataFrame,
        partitions: Iterable[Partition],
        *,
        where: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        """Replace exactly the given (account, week) partitions by the frame's rows, in one atomic commit.

        `where` narrows the replacement to rows with one of these values (a table that several writers share).

        Raises:
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
        self._commit(table, rows, mode="overwrite", predicate=predicate(wanted, where or {}))

    def append(self, table: Table, frame: pl.DataFrame) -> None:
        """Add rows, in one atomic commit."""
        self._commit(table, table.conform(frame), mode="append")

    def overwrite(self, table: Table, frame: pl.DataFrame) -> None:
        """Replace a whole unpartitioned table."""
        self._commit(table, table.conform(frame), mode="overwrite")

    def ensure(self, tables: Iterable[Table]) -> None:
        """Create tables that do not exist, so that concurrent first writers do not race for it."""
        for table in tables:
            if self.delta(table) is None:
                self._commit(table, table.empty(), mode="append")

    def _commit(self, table: Table, rows: pl.DataFrame, **how: Any) -> None:
        partition_by = ["account_id"] if table.partitioned else None
        if how.get("predicate") is not None and self.delta(table) is None:
            # A replace needs a table. Creating it empty first lets two first writers meet in the commit log.
            write_deltalake(
                self.uri(table),
                table.empty(),
                mode="ignore",
                partition_by=partition_by,
                storage_options=self.storage_options,
            )
        for attempt in range(COMMIT_TRIES):
            try:
                write_deltalake(
                    self.uri(table), rows, partition_by=partition_by, storage_options=self.storage_options, **how
                )
            except CommitFailedError as error:
                if attempt == COMMIT_TRIES - 1:
                    raise LakeError(
                        f"Table {table.name}: {COMMIT_TRIES} commits lost against other writers."
                    ) from error
                self.sleep(random.uniform(0, 0.05 * 2 ** min(attempt, 6)))
            except (DeltaError, OSError) as error:
                raise LakeError(f"Table {table.name} at {self.uri(table)} cannot be written: {error}") from error
            else:
                return


def predicate(partitions: Collection[Partition], where: Mapping[str, Collection[str]]) -> str:
    """Return SQL that holds for exactly the partitions; accounts with the same weeks share a clause: it stays short."""
    weeks_of: dict[str, set[date]] = defaultdict(set)
    for account_id, week in partitions:
        weeks_of[account_id].add(week)
    accounts_of: dict[tuple[date, ...], list[str]] = defaultdict(list)
    for account_id, weeks in weeks_of.items():
        accounts_of[tuple(sorted(weeks))].append(account_id)
    clauses = [
        f"(account_id IN ({_quoted(sorted(accounts))}) AND {_weeks(weeks)})" for weeks, accounts in accounts_of.items()
    ]
    narrowed = "".join(f" AND {name} IN ({_quoted(values)})" for name, values in where.items())
    return f"({' OR '.join(clauses)}){narrowed}"


def _weeks(weeks: Sequence[date]) -> str:
    if (weeks[-1] - weeks[0]).days == 7 * (len(weeks) - 1):
        return f"week >= '{weeks[0]}' AND week <= '{weeks[-1]}'"
    return f"week IN ({_quoted(str(w) for w in weeks)})"


def _quoted(values: Iterable[str]) -> str:
    return ", ".join("'" + v.replace("'", "''") + "'" for v in values)
