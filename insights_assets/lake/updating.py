"""Read, change and write an unpartitioned table as one step: no other writer's change in between is lost.

On a disk writers wait for each other (`Lake.lock`). On an object store there is no lock: there a commit is refused when
any other came after what was read, and the change is computed again.
"""

from collections.abc import Callable

import polars as pl
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError

from insights_assets.lake.failures import told
from insights_assets.lake.patience import COMMIT_TRIES, tries
from insights_assets.lake.store import WHOLE, Lake, LakeError
from insights_assets.tables.model import REASON, Table


def update(lake: Lake, table: Table, change: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
    """Replace a table's rows by what `change` makes of them; no commit when it changes nothing.

    Args:
        lake: the lake.
        table: an unpartitioned table.
        change: old rows in, new rows out; may be called again with newer rows.

    Returns:
        The rows that are stored now, sorted by key.

    Raises:
        LakeError: storage failed, or other writers were faster `COMMIT_TRIES` times.
        ValueError: a new row does not fit the table's model; nothing is written.
    """
    with lake.lock(table, WHOLE):
        lake.ensure([table])
        for _ in tries(lake.sleep):
            snapshot = lake.delta(table)
            if snapshot is None:
                raise LakeError(f"Table {table.name} at {lake.uri(table)} is gone.")
            before = _read(table, snapshot)
            after = table.conform(change(before)).sort(table.key)
            if after.equals(before):
                return before
            split = table.split(after)
            if split.bad.height:
                raise ValueError(f"table {table.name}: {split.bad[REASON][0]}")
            try:
                _commit(lake, snapshot, after)
            except CommitFailedError:
                continue
            except (DeltaError, OSError) as error:
                raise LakeError(f"Table {table.name} at {lake.uri(table)} cannot be written: {told(error)}.") from error
            else:
                return after
    raise LakeError(f"Table {table.name}: {COMMIT_TRIES} commits lost against other writers.")


def _read(table: Table, snapshot: DeltaTable) -> pl.DataFrame:
    return pl.scan_delta(snapshot).select(pl.col(c).cast(t) for c, t in table.schema.items()).collect().sort(table.key)


def _commit(lake: Lake, snapshot: DeltaTable, rows: pl.DataFrame) -> None:
    # No retry inside: delta-rs would rebase an overwrite of an empty table on a newer one and double its rows.
    write_deltalake(
        snapshot,
        rows,
        mode="overwrite",
        storage_options=lake.storage_options or None,
        commit_properties=CommitProperties(max_commit_retries=0),
    )
