"""What `dagster.yaml` names: the batched SQLite event log, or the stock one on a Dagster that we do not know.

It imports nothing that may be missing elsewhere: on Dagster 1.12 the batched log cannot even be imported.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData

from insights_assets.instance.versions import is_known


class BatchedSqliteEventLogStorage(SqliteEventLogStorage):
    """Opens the event log of the instance at `DAGSTER_HOME`; its files are where stock storage has them."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Nothing."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Any:
        """Open the batched storage, or the stock one and say so: neither is of this class, which stock promises."""
        files = str(Path(os.environ["DAGSTER_HOME"]) / "history" / "runs")
        if not is_known():
            return SqliteEventLogStorage(files, inst_data=inst_data, **config_value)
        from insights_assets.instance.sqlite_batches import SqliteBatches  # noqa: PLC0415 - see above

        return SqliteBatches(files, inst_data=inst_data, **config_value)
