"""Bring a lake of an earlier release to today's columns: each table rewritten whole, in one commit.

Belongs here: how a table is rewritten while others may write. Does not belong here: what changes (`tables/history.py`).
Adding columns to the log alone would leave files that lack them, which readers of plain Parquet files do not expect.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import polars as pl
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError

from insights_assets.lake.failures import told
from insights_assets.lake.patience import COMMIT_TRIES, tries
from insights_assets.lake.store import Lake, LakeError
from insights_assets.lake.stored_schema import difference, stored_schema
from insights_assets.tables.history import NewerError, NoWayError, Upgrade, upgrade_of, upgraded
from insights_assets.tables.model import Table


@dataclass(frozen=True)
class Migrated:
    """A table that was brought, or would be brought, to today's columns."""

    table: str
    upgrade: Upgrade
    rows: int


def migrate(lake: Lake, table: Table, *, dry_run: bool = False) -> Migrated | None:
    """Rewrite a table with its model's columns; None when it has them, or was never written.

    Readers see the old rows or the new ones. Memory is that of one account's rows.

    Raises:
        LakeError: no way leads there, storage failed, or other writers were faster `COMMIT_TRIES` times.
    """
    snapshot = lake.open(table)
    if snapshot is None or _upgrade(lake, table, snapshot) is None:
        return None
    with lake.lock(table, lake.lock_names(table, snapshot)):
        for _ in tries(lake.sleep):
            snapshot = lake.open(table)
            upgrade = None if snapshot is None else _upgrade(lake, table, snapshot)
            if snapshot is None or upgrade is None:
                return None
            done = Migrated(table.name, upgrade, snapshot.count())
            if dry_run:
                return done
            try:
                _rewrite(table, snapshot, upgrade, lake.storage_options)
            except CommitFailedError:
                continue
            except (DeltaError, OSError, pl.exceptions.PolarsError) as error:
                raise LakeError(f"Table {table.name} cannot be migrated: {told(error)}; it is as it was.") from error
            return done
    raise LakeError(f"Table {table.name}: {COMMIT_TRIES} commits lost against other writers; stop them and try again.")


def _upgrade(lake: Lake, table: Table, snapshot: DeltaTable) -> Upgrade | None:
    try:
        return upgrade_of(table, stored_schema(snapshot))
    except (NewerError, NoWayError) as error:
        raise LakeError(f"Table {table.name} at {lake.uri(table)} {difference(table, snapshot)}.") from error


def _rewrite(table: Table, snapshot: DeltaTable, upgrade: Upgrade, storage_options: dict[str, str]) -> None:
    schema = table.empty().to_arrow().schema
    reads = _reads(table, snapshot)

    def batches() -> Iterator[pa.RecordBatch]:
        # delta-rs pulls from inside its own runtime, in which nothing of delta-rs can be called: another thread reads.
        with ThreadPoolExecutor(1) as reader:
            for read in reads:
                rows = reader.submit(_part, table, upgrade, read).result()
                yield from rows.to_arrow().cast(schema).to_batches()

    # No retry inside: rebased on a newer version, an overwrite would lose what came in between.
    write_deltalake(
        snapshot,
        pa.RecordBatchReader.from_batches(schema, batches()),
        mode="overwrite",
        schema_mode="overwrite",
        partition_by=["account_id"] if table.partitioned else None,
        storage_options=storage_options or None,
        commit_properties=CommitProperties(max_commit_retries=0, custom_metadata={"insights": f"migrate: {upgrade}"}),
    )


def _reads(table: Table, snapshot: DeltaTable) -> list[pl.LazyFrame]:
    """A table in parts: its accounts, or the whole of an unpartitioned one, which is small."""
    rows = pl.scan_delta(snapshot)
    if not table.partitioned:
        return [rows]
    return [
        rows.filter(pl.col("account_id") == account)
        for account in sorted({str(p["account_id"]) for p in snapshot.partitions()})
    ]


def _part(table: Table, upgrade: Upgrade, read: pl.LazyFrame) -> pl.DataFrame:
    return upgraded(table, upgrade, read.collect())
