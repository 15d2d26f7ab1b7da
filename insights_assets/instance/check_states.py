"""How the partitions of a check stand, from the newest execution of each, all at once.

Dagster's own loop (`dagster._core.storage.asset_check_state`) asks for each partition whether it exists and copies the
whole set of a status to add one: its time grows with the square of the partitions. Here the same answer is made of
sets. See docs/adr/0020.
"""

from collections.abc import Iterable, Mapping, Sequence

import dagster as dg
from dagster import AssetCheckKey, DagsterRunStatus, PartitionsDefinition
from dagster._core.asset_graph_view.serializable_entity_subset import SerializableEntitySubset
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecordStatus,
    AssetCheckExecutionResolvedStatus,
    AssetCheckPartitionInfo,
)
from dagster._core.storage.asset_check_state import AssetCheckState
from dagster._core.storage.dagster_run import FINISHED_STATUSES

_DONE = {
    AssetCheckExecutionRecordStatus.SUCCEEDED: AssetCheckExecutionResolvedStatus.SUCCEEDED,
    AssetCheckExecutionRecordStatus.FAILED: AssetCheckExecutionResolvedStatus.FAILED,
}


def ended_runs(instance: dg.DagsterInstance, infos: Iterable[AssetCheckPartitionInfo]) -> dict[str, DagsterRunStatus]:
    """How those runs ended that planned a check and did not come to it; runs at work and removed ones are not there."""
    planned = {i.latest_planned_run_id for i in infos if i.latest_execution_status not in _DONE}
    if not planned:
        return {}
    asked = dg.RunsFilter(run_ids=list(planned), statuses=list(FINISHED_STATUSES))
    return {run.run_id: run.status for run in instance.get_runs(filters=asked)}


def state_of(
    key: AssetCheckKey,
    partitions: PartitionsDefinition,
    infos: Sequence[AssetCheckPartitionInfo],
    ended: Mapping[str, DagsterRunStatus],
) -> AssetCheckState:
    """The state that Dagster's own loop comes to from nothing.

    Args:
        key: a check.
        partitions: its partitions; of keys that are none of them (no more), nothing is told.
        infos: the newest execution of each partition of the check.
        ended: how the runs ended that have ended.
    """
    told = {i.partition_key: i for i in infos if i.partition_key is not None}
    keys: dict[AssetCheckExecutionResolvedStatus, set[str]] = {s: set() for s in AssetCheckExecutionResolvedStatus}
    going: dict[str, set[str]] = {}
    for partition in partitions.filter_valid_partition_keys(set(told)):
        info = told[partition]
        if status := _status(info, ended):
            keys[status].add(partition)
        if status == AssetCheckExecutionResolvedStatus.IN_PROGRESS:
            going.setdefault(info.latest_planned_run_id, set()).add(partition)

    def subset(of: set[str]) -> SerializableEntitySubset[AssetCheckKey]:
        return SerializableEntitySubset(key, partitions.subset_with_partition_keys(of))

    ids = (max(i.latest_check_event_storage_id, i.latest_materialization_storage_id or 0) for i in infos)
    return AssetCheckState(
        latest_storage_id=max(ids, default=0),
        subsets={status: subset(found) for status, found in keys.items()},
        in_progress_runs={run_id: subset(found) for run_id, found in going.items()},
    )


def _status(
    info: AssetCheckPartitionInfo, ended: Mapping[str, DagsterRunStatus]
) -> AssetCheckExecutionResolvedStatus | None:
    """None when the partition was materialized anew since its check."""
    if info.latest_execution_status in _DONE:
        return _DONE[info.latest_execution_status] if info.is_current else None
    if info.latest_planned_run_id not in ended:
        return AssetCheckExecutionResolvedStatus.IN_PROGRESS
    if ended[info.latest_planned_run_id] == DagsterRunStatus.FAILURE:
        return AssetCheckExecutionResolvedStatus.EXECUTION_FAILED
    return AssetCheckExecutionResolvedStatus.SKIPPED
