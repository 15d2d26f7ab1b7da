"""Files that no table names any more, rows that are past their time, and the log's own old entries, are removed.

What a running reader holds stays: its snapshot's files are kept for `keep_files_h` hours after they left the table.
`lake/changes.py` compares versions by the log alone, and takes one that is gone for a change of everything.
https://delta-io.github.io/delta-rs/usage/managing-tables/
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError

from insights_assets.lake.compaction import FIRST_PAUSE_S, TRIES
from insights_assets.lake.failures import told
from insights_assets.lake.patience import tries
from insights_assets.lake.store import Lake, LakeError
from insights_assets.tables.model import Table

# A reader replays the log since its last checkpoint: 20 commits are one small file each.
CHECKPOINT_FROM: Final = 20


@dataclass(frozen=True)
class Expiry:
    """Rows whose time is over once the instant in a column, where there is one, lies before a date."""

    table: Table
    column: str


def vacuum(lake: Lake, table: Table, *, keep_h: int, dry_run: bool = False) -> list[str]:
    """Remove files that left a table, or never were in one (a writer died), `keep_h` hours ago; return their paths."""
    snapshot = lake.open(table)
    if snapshot is None:
        return []
    try:
        found = _vacuum(snapshot, keep_h, dry_run=True)
        if found and not dry_run:
            _vacuum(snapshot, keep_h, dry_run=False)
    except (DeltaError, OSError) as error:
        raise LakeError(f"Table {table.name}: old files cannot be removed: {told(error)}.") from error
    return found


def tidy_log(lake: Lake, table: Table) -> None:
    """Write a checkpoint where many commits came since the last, then drop the log's entries of over 30 days before."""
    snapshot = lake.open(table)
    if snapshot is None or snapshot.version() < CHECKPOINT_FROM:
        return
    try:
        snapshot.create_checkpoint()
        snapshot.cleanup_metadata()
    except (DeltaError, OSError) as error:
        raise LakeError(f"Table {table.name}: no checkpoint could be written: {told(error)}.") from error


def expire(lake: Lake, expiry: Expiry, before: datetime, *, dry_run: bool = False) -> int:
    """Remove rows whose time was over before an instant (UTC); return how many."""
    table, column = expiry.table, expiry.column
    for _ in tries(lake.sleep, TRIES, FIRST_PAUSE_S):
        snapshot = lake.delta(table)
        old = 0 if snapshot is None else lake.rows(table, [column], pl.col(column) < before).height
        if snapshot is None or dry_run or not old:
            return old
        try:
            with lake.lock(table, lake.lock_names(table, snapshot)):
                return int(snapshot.delete(f"{column} < '{before:%Y-%m-%dT%H:%M:%SZ}'")["num_deleted_rows"])
        except CommitFailedError:
            continue
        except (DeltaError, OSError) as error:
            raise LakeError(f"Table {table.name}: old rows cannot be removed: {told(error)}.") from error
    raise LakeError(f"Table {table.name}: old rows stay until the next time: others wrote it {TRIES} times meanwhile.")


def _vacuum(snapshot: DeltaTable, keep_h: int, *, dry_run: bool) -> list[str]:
    # full: files of a writer that died are in no log, and only a listing finds them.
    return snapshot.vacuum(retention_hours=keep_h, dry_run=dry_run, enforce_retention_duration=False, full=True)
