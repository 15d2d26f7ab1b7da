"""The states of a check's partitions, made at once, are those that Dagster's own loop makes one by one."""

from datetime import UTC, datetime

import dagster as dg
from dagster import AssetCheckKey, DagsterRunStatus
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecordStatus,
    AssetCheckExecutionResolvedStatus,
    AssetCheckPartitionInfo,
)
from dagster._core.storage.asset_check_state import AssetCheckState
from hypothesis import given, settings
from hypothesis import strategies as st

from insights_assets.instance.check_states import state_of

CHECK = AssetCheckKey(dg.AssetKey("table"), "schema")
WEEKS = ["2026-01-05", "2026-01-12", "2026-01-19"]
TWO_DIMENSIONS = dg.MultiPartitionsDefinition(
    {
        "account": dg.StaticPartitionsDefinition(["act_1", "act_2"]),
        "week": dg.WeeklyPartitionsDefinition("2026-01-05", end_date="2026-01-19", day_offset=1),
    }
)
# Of an account and of a week that are no partitions any more, and one that is no key at all.
KEYS = [*(f"{a}|{w}" for a in ("act_1", "act_2", "gone") for w in WEEKS), "no key", None]
RUNS = ["failed", "succeeded", "canceled", "at work", "removed"]
ENDED = {
    "failed": DagsterRunStatus.FAILURE,
    "succeeded": DagsterRunStatus.SUCCESS,
    "canceled": DagsterRunStatus.CANCELED,
}
ids = st.one_of(st.none(), st.integers(1, 3))
INFOS = st.lists(
    st.builds(
        AssetCheckPartitionInfo,
        check_key=st.just(CHECK),
        partition_key=st.sampled_from(KEYS),
        latest_execution_status=st.sampled_from(AssetCheckExecutionRecordStatus),
        latest_planned_run_id=st.sampled_from(RUNS),
        latest_check_event_storage_id=st.integers(1, 9),
        latest_materialization_storage_id=ids,
        latest_target_materialization_storage_id=ids,
    ),
    unique_by=lambda info: info.partition_key,
)


def info(partition, status, run_id="succeeded", newest=1):
    return AssetCheckPartitionInfo(
        check_key=CHECK,
        partition_key=partition,
        latest_execution_status=AssetCheckExecutionRecordStatus(status),
        latest_planned_run_id=run_id,
        latest_check_event_storage_id=7,
        latest_materialization_storage_id=newest,
        latest_target_materialization_storage_id=1,
    )


@given(INFOS, st.sampled_from([TWO_DIMENSIONS, dg.StaticPartitionsDefinition(KEYS[:4])]))
@settings(max_examples=100, deadline=None)
def test_the_state_is_that_of_dagsters_own_loop(infos, partitions):
    with partition_loading_context(effective_dt=datetime(2026, 2, 1, tzinfo=UTC)):
        stock = AssetCheckState.empty().with_updates(CHECK, partitions, infos, ENDED)
        assert state_of(CHECK, partitions, infos, ENDED) == stock


def test_each_status_by_hand():
    found = [
        info("act_1|2026-01-05", "SUCCEEDED"),
        info("act_1|2026-01-12", "FAILED"),
        info("act_2|2026-01-05", "PLANNED", "failed"),
        info("act_2|2026-01-12", "PLANNED", "at work"),
        info("act_2|2026-01-19", "SUCCEEDED"),  # no partition: the weeks end before it
    ]
    with partition_loading_context(effective_dt=datetime(2026, 2, 1, tzinfo=UTC)):
        state = state_of(CHECK, TWO_DIMENSIONS, found, ENDED)
        anew = state_of(CHECK, TWO_DIMENSIONS, [info("act_1|2026-01-05", "SUCCEEDED", newest=2)], ENDED)
    assert {s.name: set(v.subset_value.get_partition_keys()) for s, v in state.subsets.items() if not v.is_empty} == {
        "SUCCEEDED": {"act_1|2026-01-05"},
        "FAILED": {"act_1|2026-01-12"},
        "EXECUTION_FAILED": {"act_2|2026-01-05"},
        "IN_PROGRESS": {"act_2|2026-01-12"},
    }
    assert list(state.in_progress_runs) == ["at work"]
    assert state.latest_storage_id == 7
    assert all(subset.is_empty for subset in anew.subsets.values())
    assert AssetCheckExecutionResolvedStatus.SUCCEEDED in anew.subsets
