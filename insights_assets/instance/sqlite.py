"""SQLite event log that stores a batch of events in one transaction a file: the run's own, and the index of all runs.

Stock storage opens new connections for each event (figures: docs/adr/0013).
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dagster import EventLogEntry
from dagster._core.storage.event_log import SqlEventLogStorageTable, SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import func, select

from insights_assets.instance.batching import BatchedEvents
from insights_assets.instance.versions import is_known


class BatchedSqliteEventLogStorage(BatchedEvents, SqliteEventLogStorage):
    """Stock SQLite event log, batched."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Nothing to configure: the files are where stock storage has them, under `DAGSTER_HOME`."""
        return {}

    @classmethod
    def from_config_value(  # type: ignore[override]  # stock is no subclass
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> SqliteEventLogStorage:
        """Open the storage of the instance at `DAGSTER_HOME`: stock on a Dagster that we do not know."""
        storage = cls if is_known() else SqliteEventLogStorage
        files = Path(os.environ["DAGSTER_HOME"]) / "history" / "runs"
        return storage(str(files), inst_data=inst_data, **config_value)

    def _write(self, events: Sequence[EventLogEntry], rows: list[dict[str, Any]]) -> None:
        table = SqlEventLogStorageTable
        with self.run_connection(events[0].run_id) as connection:
            connection.execute(table.insert(), rows)
        with self.index_transaction() as connection:
            connection.execute(table.insert(), rows)
            # The insert holds the write lock, and ids follow each other: https://www.sqlite.org/autoinc.html
            last = connection.execute(select(func.max(table.c.id))).scalar_one()
            self._index(connection, events, range(last - len(rows) + 1, last + 1))
