"""Postgres event log that stores a batch of events in one transaction, and keeps a connection open.

Stock storage batches materializations only, and opens a new connection for each statement (figures: docs/adr/0013).
"""

import os
import weakref
from collections.abc import Mapping, Sequence
from typing import Any, Self

from dagster import EventLogEntry
from dagster._core.storage.event_log import SqlEventLogStorageTable
from dagster._serdes import ConfigurableClassData
from dagster_postgres import PostgresEventLogStorage
from dagster_postgres.utils import create_pg_engine, get_token_provider_from_config, pg_url_from_config

from insights_assets.instance.batching import BatchedEvents

# One connection stays open in a process; more are opened as needed and closed after use, as all are in stock storage.
# It is asked whether it lives before each use: the server may have been restarted in between.
POOL = {"pool_size": 1, "max_overflow": -1, "pool_pre_ping": True, "pool_recycle": 600}


class PostgresBatches(BatchedEvents, PostgresEventLogStorage):
    """Stock Postgres event log, batched, with a connection that is used again."""

    def __init__(self, postgres_url: str, **options: Any) -> None:
        """Open the storage; `options` are those of the stock storage."""
        super().__init__(postgres_url, **options)
        stock = self._engine
        self._engine = create_pg_engine(postgres_url, self._token_provider, isolation_level="AUTOCOMMIT", **POOL)
        stock.dispose()
        # A fork must not speak on its parent's connection.
        os.register_at_fork(after_in_child=_Forget(self))

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        """Open the storage with stock configuration."""
        return cls(
            inst_data=inst_data,
            postgres_url=pg_url_from_config(config_value),
            should_autocreate_tables=config_value.get("should_autocreate_tables", True),
            token_provider=get_token_provider_from_config(config_value),
        )

    def dispose(self) -> None:
        """Close the watcher and the connection."""
        super().dispose()
        self._engine.dispose()

    def _write(self, events: Sequence[EventLogEntry], rows: list[dict[str, Any]]) -> None:
        table = SqlEventLogStorageTable
        insert = table.insert().returning(table.c.id, sort_by_parameter_order=True)
        with self.index_transaction() as connection:
            ids = connection.execute(insert, rows).scalars().all()
            self._index(connection, events, ids)


class _Forget:
    """Makes a forked child open its own connections; holds the storage weakly, since it is registered for ever."""

    def __init__(self, storage: PostgresBatches) -> None:
        self._storage = weakref.ref(storage)

    def __call__(self) -> None:
        storage = self._storage()
        if storage is not None:
            storage._engine.dispose(close=False)  # noqa: SLF001
