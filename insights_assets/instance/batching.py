"""What the batched event logs share: which batches they take, and what a batch leaves beside its events.

Stock storage stores the events of a batch one by one, each in connections and transactions of its own. Here a batch is
written in one transaction (SQLite: one for each of its two files), and each event is serialized once. What can be read
afterwards is the same, with one exception: stock storage repeats the list of all partitions of a run in each row
that it plans for a partitioned check (32 MB a check at 1,040 partitions, 2.4 GB at 9,048); here those rows leave it
out, and the event itself has it. See docs/adr/0007 and 0013.
"""

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from dagster import AssetCheckKey, DagsterEventType, EventLogEntry, PartitionsDefinition
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecordStatus,
    AssetCheckPartitionInfo,
)
from dagster._core.storage.asset_check_state import AssetCheckState
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._serdes import serialize_value
from dagster_shared.record import replace
from sqlalchemy.engine import Connection

from insights_assets.instance.check_states import ended_runs, state_of

CHECK_PLANNED: Final = DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED
# The kinds of event that Dagster buffers in a run of ours. A batch with anything else goes the stock way.
BATCHED: Final = (
    DagsterEventType.ASSET_MATERIALIZATION,
    DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    CHECK_PLANNED,
)


class BatchedEvents(SqlEventLogStorage):
    """Mixed into a stock storage: `store_event_batch` in as few transactions as the storage allows.

    Dagster hands over batches when `DAGSTER_EVENT_BATCH_SIZE` is set, and stores the events singly when one fails.
    """

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of one run; everything derived from them ends as if they were stored one by one."""
        one_run = len({e.run_id for e in events}) == 1
        if one_run and all(e.is_dagster_event and e.dagster_event_type in BATCHED for e in events):
            self._write(events, [self._event_to_row(e) for e in events])
        else:
            super().store_event_batch(events)

    def get_asset_check_state(
        self, keys: Sequence[tuple[AssetCheckKey, PartitionsDefinition | None]]
    ) -> Mapping[AssetCheckKey, AssetCheckState]:
        """How the partitions of checks stand, as stock storage says it; the UI asks on each page of an asset."""
        partitions = {key: definition for key, definition in keys if definition is not None}
        infos: dict[AssetCheckKey, list[AssetCheckPartitionInfo]] = defaultdict(list)
        for info in self.get_asset_check_partition_info(list(partitions)):
            infos[info.check_key].append(info)
        ended = ended_runs(self._instance, (info for found in infos.values() for info in found))
        others = super().get_asset_check_state([(key, definition) for key, definition in keys if definition is None])
        return {**others, **{key: state_of(key, d, infos[key], ended) for key, d in partitions.items()}}

    @abstractmethod
    def _write(self, events: Sequence[EventLogEntry], rows: list[dict[str, Any]]) -> None:
        """Insert the rows of the events and call `_index` in the same transaction."""

    def _index(self, connection: Connection, events: Sequence[EventLogEntry], ids: Sequence[int]) -> None:
        """Write what derives from events: tags, rows of planned checks, the newest event of each asset.

        Args:
            connection: an open transaction on the tables of all runs, which holds the events already.
            events: a batch.
            ids: the storage id of each event.
        """
        pairs = list(zip(events, ids, strict=True))
        planned = [row for e, i in pairs if e.dagster_event_type == CHECK_PLANNED for row in self._check_rows(e, i)]
        if planned:
            connection.execute(AssetCheckExecutionsTable.insert(), planned)
        assets = [(e, i) for e, i in pairs if e.dagster_event_type != CHECK_PLANNED]
        self._store_asset_event_tags(connection, [e for e, _ in assets], [i for _, i in assets])
        # An asset's entry keeps its newest event of each type only, so the last one of each is enough. Entries come
        # last and in the order of their keys: two runs that write the same ones wait for each other, never in a circle.
        newest = {(str(e.get_dagster_event().asset_key), e.dagster_event_type): (e, i) for e, i in assets}
        for (_, _), (event, event_id) in sorted(newest.items(), key=lambda item: (item[0][0], item[1][1])):
            self._store_asset_event(connection, event, event_id)

    def _check_rows(self, event: EventLogEntry, event_id: int) -> Iterator[dict[str, Any]]:
        """One row for each partition that the check is planned for, as stock storage makes it."""
        planned = event.get_dagster_event().asset_check_planned_data
        subset = planned.partitions_subset
        alone = event.get_dagster_event()._replace(event_specific_data=replace(planned, partitions_subset=None))
        text = serialize_value(event._replace(dagster_event=alone))
        stamp: Callable[[EventLogEntry], datetime] = self._event_insert_timestamp  # stock has no annotations
        stamped = stamp(event)
        for partition in subset.get_partition_keys() if subset else [None]:
            yield {
                "asset_key": planned.asset_key.to_string(),
                "check_name": planned.check_name,
                "partition": partition,
                "run_id": event.run_id,
                "execution_status": AssetCheckExecutionRecordStatus.PLANNED.value,
                "evaluation_event": text,
                "evaluation_event_timestamp": stamped,
                "evaluation_event_storage_id": event_id,
            }
