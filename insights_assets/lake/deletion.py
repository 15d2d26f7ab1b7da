"""Deleting rows for good: out of the table, out of its older versions, out of its commit log (docs/adr/0021).

Belongs here: what one table needs, and which partitions nothing may write. Does not belong here: which tables and
weeks (`deletions.py`).
"""

from collections.abc import Collection, Mapping
from datetime import date, timedelta

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError

from insights_assets.lake.failures import told
from insights_assets.lake.patience import COMMIT_TRIES, tries
from insights_assets.lake.predicates import of_partitions
from insights_assets.lake.store import Lake, LakeError, Partition
from insights_assets.tables.deletions import DELETIONS
from insights_assets.tables.model import Table

_KEEP = {"delta.logRetentionDuration": "interval 30 days", "delta.deletedFileRetentionDuration": "interval 1 week"}
_FORGET = dict.fromkeys(_KEEP, "interval 0 seconds")


def barred(lake: Lake, accounts: Collection[str] | None = None) -> frozenset[Partition]:
    """Partitions that were deleted and that nothing may write until the deletion is lifted.

    Args:
        lake: the lake.
        accounts: only of these; None for all.
    """
    columns = ["account_id", "first_week", "last_week"]
    rows = lake.rows(DELETIONS, columns, pl.col("lifted_at").is_null(), accounts=accounts)
    return frozenset(
        (account, first + timedelta(weeks=n))
        for account, first, last in rows.iter_rows()
        for n in range((last - first).days // 7 + 1)
    )


def without(rows: pl.DataFrame, partitions: Collection[Partition]) -> pl.DataFrame:
    """The rows outside some partitions."""
    if not partitions or rows.is_empty():
        return rows
    schema = {name: rows.schema[name] for name in ("account_id", "week")}
    gone = pl.DataFrame(list(partitions), schema=schema, orient="row")
    return rows.join(gone, on=["account_id", "week"], how="anti", maintain_order="left")


def count_rows(
    lake: Lake, table: Table, account_id: str, weeks: Collection[date], where: Mapping[str, Collection[str]]
) -> int:
    """How many rows `delete_rows` would delete."""
    kept = [pl.col(name).is_in(list(values)) for name, values in where.items()]
    rows = lake.rows(table, ["week"], pl.col("week").is_in(list(weeks)), *kept, accounts=[account_id])
    return rows.height


def delete_rows(
    lake: Lake, table: Table, account_id: str, weeks: Collection[date], where: Mapping[str, Collection[str]]
) -> int:
    """Delete rows of some weeks of one account in one commit; the older versions still hold them (`forget`).

    Args:
        lake: the lake.
        table: a table with account_id and week.
        account_id: the account.
        weeks: Mondays.
        where: only rows with one of these values.

    Returns:
        How many.

    Raises:
        LakeError: storage failed, or other writers were faster `COMMIT_TRIES` times.
    """
    condition = of_partitions({(account_id, week) for week in weeks}, where)
    with lake.lock(table, [account_id]):
        for _ in tries(lake.sleep):
            snapshot = lake.delta(table)
            if snapshot is None or not weeks:
                return 0
            try:
                return int(snapshot.delete(condition)["num_deleted_rows"] or 0)
            except CommitFailedError:
                continue
            except (DeltaError, OSError) as error:
                raise LakeError(f"Table {table.name} at {lake.uri(table)} cannot be written: {told(error)}.") from error
    raise LakeError(f"Table {table.name}: {COMMIT_TRIES} commits lost against other writers.")


def forget(lake: Lake, table: Table) -> None:
    """Remove the files that no version but older ones names, and the log's own record of them.

    The log keeps the smallest and largest value of every file, deleted ones too: it is folded into a checkpoint of what
    there is now. Files that another process is about to commit are named by no version and stay.

    Raises:
        LakeError: storage failed, or other writers were faster `COMMIT_TRIES` times.
    """
    for _ in tries(lake.sleep):
        snapshot = lake.delta(table)
        if snapshot is None or snapshot.version() == 0:
            return  # made, and never written to
        try:
            _forget(lake, table, snapshot)
        except CommitFailedError:
            continue
        except (DeltaError, OSError) as error:
            raise LakeError(
                f"Old files of {table.name} at {lake.uri(table)} cannot be removed: {told(error)}."
            ) from error
        else:
            return
    raise LakeError(f"Table {table.name}: {COMMIT_TRIES} commits lost against other writers.")


def _forget(lake: Lake, table: Table, snapshot: DeltaTable) -> None:
    snapshot.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    snapshot.alter.set_table_properties(_FORGET)
    try:
        folded = lake.delta(table) or snapshot
        lake.sleep(0.01)  # what is as old as now is not yet expired
        folded.create_checkpoint()
        folded.cleanup_metadata()
    finally:
        (lake.delta(table) or snapshot).alter.set_table_properties(_KEEP)
