"""The batched event log records what the stock one records, in fewer transactions."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from insights_assets.instance.sqlite import BatchedSqliteEventLogStorage

PARTITIONS = dg.StaticPartitionsDefinition(["a", "b", "c", "d"])
RANGE = {"dagster/asset_partition_range_start": "a", "dagster/asset_partition_range_end": "c"}


@dg.asset(partitions_def=PARTITIONS, backfill_policy=dg.BackfillPolicy.single_run(), tags={"kind": "x"})
def good(context: dg.AssetExecutionContext) -> None:
    for key in context.partition_keys:
        context.log_event(dg.AssetMaterialization("good", partition=key, tags={"seen": key}))


@dg.asset(partitions_def=PARTITIONS, backfill_policy=dg.BackfillPolicy.single_run())
def plain() -> int:
    return 1


@dg.asset(partitions_def=PARTITIONS, backfill_policy=dg.BackfillPolicy.single_run(), deps=[plain])
def bad() -> None:
    raise ValueError("on purpose")


def _recorded(storage: SqliteEventLogStorage, home: Path) -> dict[str, object]:
    home.mkdir()
    with dg.DagsterInstance.local_temp(str(home)) as instance:
        storage.register_instance(instance)
        instance._event_storage = storage
        job = dg.Definitions(
            assets=[good, plain, bad], resources={"io_manager": dg.mem_io_manager}
        ).resolve_implicit_global_asset_job_def()
        job.execute_in_process(instance=instance, tags=RANGE, raise_on_error=False)
        facts: dict[str, object] = {}
        for name in ("good", "plain", "bad"):
            key = dg.AssetKey(name)
            newest = instance.get_latest_materialization_event(key)
            records = instance.fetch_materializations(key, limit=100).records
            facts[name] = (
                sorted(instance.get_materialized_partitions(key)),
                newest and newest.asset_materialization and newest.asset_materialization.partition,
                sorted((r.partition_key, sorted((r.asset_materialization.tags or {}).keys())) for r in records),
                instance.get_status_by_partition(key, ["a", "b", "c", "d"], PARTITIONS),
                instance.has_asset_key(key),
            )
        return facts


def test_batched_and_stock_storage_record_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stock = _recorded(SqliteEventLogStorage(str(tmp_path / "stock")), tmp_path / "one")
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "1000")
    batches: list[int] = []

    class Counting(BatchedSqliteEventLogStorage):
        def store_event_batch(self, events):
            batches.append(len(events))
            super().store_event_batch(events)

    batched = _recorded(Counting(str(tmp_path / "batched")), tmp_path / "two")
    assert batched == stock
    assert stock["plain"][0] == ["a", "b", "c"]
    assert stock["bad"][0] == []
    assert max(batches) >= 3, "the run's events never came as a batch: the comparison would prove nothing"
