"""What `dagster.yaml` names: the batched Postgres event log, or the stock one on a Dagster that we do not know.

It imports nothing that may be missing elsewhere.
"""

from collections.abc import Mapping
from typing import Any

from dagster._serdes import ConfigurableClassData
from dagster_postgres import PostgresEventLogStorage

from insights_assets.instance.versions import is_known


class BatchedPostgresEventLogStorage(PostgresEventLogStorage):
    """Opens the event log by the stock one's configuration."""

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Any:
        """Open the batched storage, or the stock one and say so: neither is of this class, which stock promises."""
        if not is_known():
            return PostgresEventLogStorage.from_config_value(inst_data, config_value)
        from insights_assets.instance.postgres_batches import PostgresBatches  # noqa: PLC0415 - see above

        return PostgresBatches.from_config_value(inst_data, config_value)
