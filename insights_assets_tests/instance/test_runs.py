"""Real runs on the instances that `insights` makes, SQLite and Postgres, leave what they leave on stock storage."""

from contextlib import contextmanager

import dagster as dg
import pytest

from insights_assets.instance.batching import BatchedEvents
from insights_assets.instance_home import child_environment
from insights_assets.settings import load_settings

PARTITIONS = dg.StaticPartitionsDefinition(["a", "b", "c", "d"])
SINGLE_RUN = dg.BackfillPolicy.single_run()
RANGE = {"dagster/asset_partition_range_start": "a", "dagster/asset_partition_range_end": "c"}
CHECK = dg.AssetCheckKey(dg.AssetKey("plain"), "fits")


@dg.asset(partitions_def=PARTITIONS, backfill_policy=SINGLE_RUN, tags={"kind": "x"})
def good(context: dg.AssetExecutionContext) -> None:
    for key in context.partition_keys:
        context.log_event(dg.AssetMaterialization("good", partition=key, tags={"seen": key}))


@dg.asset(partitions_def=PARTITIONS, backfill_policy=SINGLE_RUN)
def plain() -> int:
    return 1


@dg.asset_check(asset=plain, partitions_def=PARTITIONS)
def fits() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


@dg.asset(partitions_def=PARTITIONS, backfill_policy=SINGLE_RUN, deps=[plain])
def bad() -> None:
    raise ValueError("on purpose")


JOB = dg.Definitions(
    assets=[good, plain, bad], asset_checks=[fits], resources={"io_manager": dg.mem_io_manager}
).resolve_implicit_global_asset_job_def()


@contextmanager
def opened(home, monkeypatch, **environment):
    """The instance of a home, as the commands open it."""
    settings = load_settings({"INSIGHTS_HOME": str(home), **environment})
    for name, value in child_environment(settings, None).items():
        monkeypatch.setenv(name, value)
    instance = dg.DagsterInstance.from_config(str(home / "dagster"))
    try:
        yield instance
    finally:
        instance.dispose()


def facts(instance):
    found = {}
    for name in ("good", "plain", "bad"):
        key = dg.AssetKey(name)
        newest = instance.get_latest_materialization_event(key)
        records = instance.fetch_materializations(key, limit=100).records
        found[name] = (
            sorted(instance.get_materialized_partitions(key)),
            newest and newest.asset_materialization and newest.asset_materialization.partition,
            sorted((r.partition_key, sorted((r.asset_materialization.tags or {}).keys())) for r in records),
            instance.get_status_by_partition(key, ["a", "b", "c", "d"], PARTITIONS),
            instance.has_asset_key(key),
        )
    checks = instance.event_log_storage.get_asset_check_execution_history(CHECK, limit=100)
    found["check"] = sorted((c.partition or "", c.status.value) for c in checks)
    return found


@pytest.fixture(params=["sqlite", "postgres"])
def variables(request):
    """What makes a home one of SQLite or one of Postgres."""
    return {} if request.param == "sqlite" else {"DAGSTER_PG_URL": request.getfixturevalue("postgres_url")}


def test_a_range_leaves_the_same_as_on_stock_storage(tmp_path, monkeypatch, variables):
    with dg.DagsterInstance.local_temp(str(tmp_path)) as stock:
        JOB.execute_in_process(instance=stock, tags=RANGE, raise_on_error=False)
        expected = facts(stock)
    batches = []
    write = BatchedEvents.store_event_batch

    def counting(self, events):
        batches.append({e.dagster_event_type for e in events})
        write(self, events)

    monkeypatch.setattr(BatchedEvents, "store_event_batch", counting)
    with opened(tmp_path / "home", monkeypatch, **variables) as instance:
        JOB.execute_in_process(instance=instance, tags=RANGE, raise_on_error=False)
        assert facts(instance) == expected
    assert expected["plain"][0] == ["a", "b", "c"]
    assert expected["bad"][0] == []
    planned, made = dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED, dg.DagsterEventType.ASSET_MATERIALIZATION
    assert {planned, dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED} in batches, "plans of a run come as one batch"
    assert {made} in batches


def test_one_partition(tmp_path, monkeypatch, variables):
    with opened(tmp_path / "home", monkeypatch, **variables) as instance:
        assert (
            JOB.get_subset(asset_selection={plain.key}).execute_in_process(instance=instance, partition_key="b").success
        )
        assert instance.get_materialized_partitions(plain.key) == {"b"}
    with opened(tmp_path / "home", monkeypatch, **variables) as instance:
        assert instance.get_materialized_partitions(plain.key) == {"b"}, "another process sees it"


def test_the_instance_page_tells_no_password(tmp_path, monkeypatch, postgres_url):
    secret = "s3cret-of-the-server"
    url = postgres_url.replace("postgres:@", f"postgres:{secret}@")
    with opened(tmp_path / "home", monkeypatch, DAGSTER_PG_URL=url) as instance:
        told = instance.info_str() + repr(instance.event_log_storage._engine)
        assert "DAGSTER_PG_URL" in told
        assert secret not in told
    written = "".join(p.read_text(errors="ignore") for p in (tmp_path / "home").rglob("*") if p.is_file())
    assert secret not in written
