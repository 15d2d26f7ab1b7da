"""SQLite event log that stores a batch of events in one transaction a file: the run's own, and the index of all runs.

Stock storage opens new connections for each event, and makes an engine for each connection, which forgets every
statement it has compiled (figures: docs/adr/0013 and 0020). Here engines are kept, connections are not.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from dagster import EventLogEntry
from dagster._core.storage.event_log import SqlEventLogStorageTable, SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import create_engine, func, select
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import NullPool

from insights_assets.instance.batching import BatchedEvents

ENGINES = 32
"""Files whose engine is kept: the index and the newest runs'."""


@lru_cache(maxsize=ENGINES)
def _engine(url: str) -> Engine:
    """The engine of a file. It holds no connection, so threads and forked processes may share it."""
    return create_engine(url, poolclass=NullPool, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})


class SqliteBatches(BatchedEvents, SqliteEventLogStorage):
    """Stock SQLite event log, batched."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        """A transaction on a file, which is made where it is not there."""
        with self._db_lock:
            engine = _engine(self.conn_string_for_shard(shard))
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table; one that is there stays."""
        if table_name not in self._tables:
            with _engine(self.conn_string_for_shard(INDEX_SHARD_NAME)).connect() as connection:
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
