"""SQLite event log that stores a batch of events in one transaction a file: the run's own, and the index of all runs.

Stock storage opens new connections for each event, and makes an engine for each connection, which forgets every
statement it has compiled. Here both are kept (`sqlite_files.py`; figures: docs/adr/0013 and 0020).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dagster import EventLogEntry
from dagster._core.storage.event_log import SqlEventLogStorageTable, SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._serdes import ConfigurableClassData
from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from insights_assets.instance.batching import BatchedEvents
from insights_assets.instance.sqlite_files import engine_of


class SqliteBatches(BatchedEvents, SqliteEventLogStorage):
    """Stock SQLite event log, batched."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        """A transaction on a file, which is made where it is not there."""
        with self._db_lock:
            engine = engine_of(self.path_for_shard(shard))
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table; one that is there stays."""
        if table_name not in self._tables:
            with engine_of(self.path_for_shard(INDEX_SHARD_NAME)).connect() as connection:
                if not connection.dialect.has_table(connection, table_name):
                    return False
            self._tables.add(table_name)
        return True

    def _write(self, events: Sequence[EventLogEntry], rows: list[dict[str, Any]]) -> None:
        table = SqlEventLogStorageTable
        with self.run_connection(events[0].run_id) as connection:
            connection.execute(table.insert(), rows)
        with self.index_transaction() as connection:
            connection.execute(table.insert(), rows)
            # The insert holds the write lock, and ids follow each other: https://www.sqlite.org/autoinc.html
            last = connection.execute(select(func.max(table.c.id))).scalar_one()
            self._index(connection, events, range(last - len(rows) + 1, last + 1))
