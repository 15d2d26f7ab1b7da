"""Old runs leave Dagster's instance, but for those that say how a partition stands.

The newest materialization of a partition, its newest plan (of a run that failed or is at work) and its newest failure
are events of a run; a run that holds one of them stays, however old it is (docs/adr/0025).
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import dagster as dg
from dagster._core.events import DagsterEventType
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.storage.event_log import SqlEventLogStorage, SqlEventLogStorageTable, SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetEventTagsTable
from sqlalchemy import delete, func, select
from sqlalchemy.exc import DBAPIError

from insights_assets.instance import sqlite_files
from insights_assets.problems import FailedError

_TELLING: Final = (
    DagsterEventType.ASSET_MATERIALIZATION,
    DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    DagsterEventType.ASSET_OBSERVATION,
    DagsterEventType.ASSET_FAILED_TO_MATERIALIZE,
)
_PAGE: Final = 1000


def retire_runs(instance: dg.DagsterInstance, now: datetime, keep_days: int, *, dry_run: bool = False) -> int:
    """Remove superseded runs that ended more than some days ago (0: none); return how many.

    Raises:
        FailedError: the instance's database refused.
    """
    if not keep_days:
        return 0
    try:
        runs = superseded_runs(instance, now - timedelta(days=keep_days))
        if not dry_run:
            remove_runs(instance, runs)
    except (DBAPIError, OSError) as error:
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
        raise FailedError(f"Dagster's old runs could not be removed ({reason}); the next time goes on.") from error
    return len(runs)


def superseded_runs(instance: dg.DagsterInstance, before: datetime) -> list[str]:
    """Runs that ended before an instant (UTC) and hold nothing newest of any partition; oldest first."""
    telling = _telling_runs(instance)
    return [run_id for run_id in _ended_runs(instance, before) if run_id not in telling]


def remove_runs(instance: dg.DagsterInstance, run_ids: list[str]) -> None:
    """Remove runs with their events and what their steps printed; cut short, it goes on the next time."""
    for run_id in run_ids:
        _remove_events(instance, run_id)
        instance.delete_run(run_id)
        with suppress(NotImplementedError):  # not every log store can
            instance.compute_log_manager.delete_logs(prefix=[run_id])
        storage = instance.event_log_storage
        if isinstance(storage, SqliteEventLogStorage):
            sqlite_files.remove(storage.path_for_shard(run_id))
            storage._initialized_dbs.discard(run_id)  # noqa: SLF001 - it would be taken for a file that is there


def _ended_runs(instance: dg.DagsterInstance, before: datetime) -> Iterator[str]:
    asked = dg.RunsFilter(statuses=list(FINISHED_STATUSES), updated_before=before)
    cursor = None
    while records := instance.get_run_records(asked, limit=_PAGE, cursor=cursor, ascending=True):
        yield from (record.dagster_run.run_id for record in records)
        cursor = records[-1].dagster_run.run_id


def _telling_runs(instance: dg.DagsterInstance) -> set[str]:
    """Runs that hold the newest event of a kind of some partition, or of an asset without partitions."""
    table = SqlEventLogStorageTable.c
    newest = (
        select(func.max(table.id))
        .where(table.asset_key.is_not(None), table.dagster_event_type.in_([kind.value for kind in _TELLING]))
        .group_by(table.asset_key, table.partition, table.dagster_event_type)
    )
    with _sql(instance).index_connection() as connection:
        return set(connection.execute(select(table.run_id).where(table.id.in_(newest)).distinct()).scalars())


def _remove_events(instance: dg.DagsterInstance, run_id: str) -> None:
    """As Dagster's own, which names each event in its statement: a fleet's run has more than SQLite takes."""
    table, storage = SqlEventLogStorageTable, _sql(instance)
    events = select(table.c.id).where(table.c.run_id == run_id)
    with storage.index_connection() as connection:
        connection.execute(delete(AssetEventTagsTable).where(AssetEventTagsTable.c.event_id.in_(events)))
        connection.execute(delete(table).where(table.c.run_id == run_id))
    if isinstance(storage, SqliteEventLogStorage) and Path(storage.path_for_shard(run_id)).exists():
        with storage.run_connection(run_id) as connection:
            connection.execute(delete(table))


def _sql(instance: dg.DagsterInstance) -> Any:
    """The event log as the SQL storage that all of ours are."""
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        raise TypeError(f"runs can be removed from an SQL event log, not from {type(storage).__name__}")
    return storage
