"""Any history leaves a batched event log that reads exactly as the stock one does, by every public method."""

import dagster as dg
import pytest
from dagster import DagsterRunStatus
from dagster._core.storage.partition_status_cache import AssetPartitionStatus
from hypothesis import given, settings

from insights_assets_tests.instance.conftest import create_database
from insights_assets_tests.instance.histories import ASSETS, KEYS, PARTITIONS, Run, Wipe, histories, replay
from insights_assets_tests.instance.readings import readings

STOCK = {
    "sqlite": "event_log_storage: {module: dagster._core.storage.event_log, class: SqliteEventLogStorage, "
    "config: {base_dir: %s/history/runs}}",
    "postgres": "event_log_storage: {module: dagster_postgres.event_log, class: PostgresEventLogStorage, "
    "config: {postgres_url: '%s'}}",
}
BATCHED = {
    "sqlite": "event_log_storage: {module: insights_assets.instance.sqlite, class: BatchedSqliteEventLogStorage}",
    "postgres": "event_log_storage: {module: insights_assets.instance.postgres, "
    "class: BatchedPostgresEventLogStorage, config: {postgres_url: '%s'}}",
}


def one_by_one(log):
    return lambda events: [log.store_event(e) for e in events]


def together(log):
    return lambda events: log.store_event_batch(events) if len(events) > 1 else one_by_one(log)(events)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def pair(request, tmp_path_factory):
    """Two instances on the same kind of database: stock and batched."""
    instances = []
    with pytest.MonkeyPatch.context() as patch:
        for name, configs in (("stock", STOCK), ("batched", BATCHED)):
            home = tmp_path_factory.mktemp(name)
            place = home
            if request.param == "postgres":
                place = create_database(request.getfixturevalue("postgres_server"), f"equivalence_{name}")
            config = configs[request.param]
            (home / "dagster.yaml").write_text(config % place if "%s" in config else config)
            patch.setenv("DAGSTER_HOME", str(home))
            instances.append(dg.DagsterInstance.get())
        yield instances
        for instance in instances:
            instance.dispose()


WAYS = (one_by_one, together)


def anew(instance, history, way):
    """Replay a history in an emptied instance; the ids of its runs."""
    instance.event_log_storage.wipe()
    instance.run_storage.wipe()
    return replay(history, instance, way(instance.event_log_storage))


def compare(pair, history):
    stock, batched = (dict(flat(readings(i, anew(i, history, w)))) for i, w in zip(pair, WAYS, strict=True))
    names = stock.keys() | batched.keys()
    assert {n: (stock.get(n), batched.get(n)) for n in names if stock.get(n) != batched.get(n)} == {}


def flat(value, name=""):
    """Each reading by its path, so that a failure names the one that differs."""
    if isinstance(value, dict) and value and all(isinstance(k, str) for k in value):
        for key, below in value.items():
            yield from flat(below, f"{name}/{key}")
    else:
        yield name, value


ONE, TWO = ASSETS
# Overwritten, failed halfway, wiped, materialized anew, and a run that still goes on.
EVENTFUL = [
    Run(ASSETS, ["a", "b", "c"], [(k, p) for k in ASSETS for p in "abc"], DagsterRunStatus.SUCCESS, checked=True),
    Run(ASSETS, ["b", "d"], [(ONE, "b")], DagsterRunStatus.FAILURE, checked=True),
    Wipe(TWO),
    Run([TWO], ["a", "b"], [(TWO, "a"), (TWO, "b")], DagsterRunStatus.SUCCESS, checked=False),
    Run(ASSETS, ["c"], [(TWO, "c")], DagsterRunStatus.STARTED, checked=True),
]


def test_an_eventful_history_reads_the_same_and_has_every_status(pair):
    compare(pair, EVENTFUL)
    done, failed, going = (AssetPartitionStatus[n] for n in ("MATERIALIZED", "FAILED", "IN_PROGRESS"))
    for instance in pair:
        one, two = (instance.get_status_by_partition(key, KEYS, PARTITIONS) for key in ASSETS)
        assert one == {"a": done, "b": done, "c": going, "d": failed}
        assert two == {"a": done, "b": done, "c": done, "d": None}


@given(histories)
@settings(max_examples=2, deadline=None, derandomize=True)
def test_every_reading_is_the_same(pair, history):
    compare(pair, history)


@pytest.mark.slow
@given(histories)
@settings(max_examples=60, deadline=None)
def test_every_reading_is_the_same_for_many_histories(pair, history):
    compare(pair, history)


def test_neither_wipes_single_partitions(pair):
    for instance in pair:
        with pytest.raises(NotImplementedError):
            instance.event_log_storage.wipe_asset_partitions(ASSETS[0], ["a"])
