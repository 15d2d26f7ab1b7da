"""What is new in a table since a version of it, and what its files hold: from the commit log, without reading rows.

Delta's protocol keeps each file's row count, nulls, smallest and largest values in the log:
https://github.com/delta-io/delta/blob/master/PROTOCOL.md#per-file-statistics
"""

from datetime import datetime

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from insights_assets.lake.store import Lake
from insights_assets.tables.model import Table

_ACCOUNT = "partition.account_id"


def changed_accounts(lake: Lake, table: Table, snapshot: DeltaTable, since: int | None) -> set[str]:
    """Accounts whose files in a snapshot differ from those of an earlier version of a partitioned table.

    Args:
        lake: the lake.
        table: the table.
        snapshot: the newer state.
        since: the earlier version; None, or one that is no longer kept, makes every account a changed one.
    """
    if since == snapshot.version():
        return set()
    now, then = _files(snapshot), _version(lake, table, since)
    if then is None:
        return set(now[_ACCOUNT])
    both = [now.join(then, on="path", how="anti"), then.join(now, on="path", how="anti")]
    return set(pl.concat(both)[_ACCOUNT])


def file_statistics(snapshot: DeltaTable | None) -> pl.DataFrame:
    """One row a file: path, num_records, `partition.account_id` and null_count, min, max of each column.

    A table that was never written (None) or is empty gives no rows, and then not all columns.
    """
    return pl.DataFrame() if snapshot is None else pl.DataFrame(snapshot.get_add_actions(flatten=True))


def read_files(lake: Lake, table: Table, files: pl.DataFrame) -> pl.DataFrame:
    """Rows of some files of a partitioned table (rows of `file_statistics`), typed as the table says."""
    if files.is_empty():
        return table.empty()
    paths = [f"{lake.uri(table)}/{path}" for path in files["path"]]
    rows = pl.scan_parquet(
        paths,
        hive_partitioning=True,
        hive_schema={"account_id": pl.String},
        missing_columns="insert",
        extra_columns="ignore",
        storage_options=lake.storage_options or None,
        glob=False,
    )
    return rows.select(pl.col(c).cast(t) for c, t in table.schema.items()).collect()


def ended_since(files: pl.DataFrame, column: str, since: datetime) -> pl.DataFrame:
    """Files that may hold rows whose `column` is an instant at or after `since`."""
    return files if files.is_empty() else files.filter(pl.col(f"max.{column}") >= since)


def _version(lake: Lake, table: Table, version: int | None) -> pl.DataFrame | None:
    if version is None:
        return None
    try:
        return _files(DeltaTable(lake.uri(table), version=version, storage_options=lake.storage_options or None))
    except DeltaError:
        return None  # cleaned up since


def _files(snapshot: DeltaTable) -> pl.DataFrame:
    actions = pl.DataFrame(snapshot.get_add_actions(flatten=True))
    if actions.is_empty():
        return pl.DataFrame(schema={"path": pl.String, _ACCOUNT: pl.String})
    return actions.select("path", pl.col(_ACCOUNT).cast(pl.String))
