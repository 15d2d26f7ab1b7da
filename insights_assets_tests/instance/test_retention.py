"""Whatever happened, removing superseded runs changes nothing of how partitions, checks and assets stand."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster import DagsterRunStatus
from hypothesis import HealthCheck, given, settings

from insights_assets.instance.retention import remove_runs, retire_runs, superseded_runs
from insights_assets_tests.instance.conftest import create_database
from insights_assets_tests.instance.histories import ASSETS, Run, histories, replay
from insights_assets_tests.instance.readings import readings
from insights_assets_tests.instance.test_equivalence import BATCHED, together

ONE = ASSETS[0]
LATER = datetime.now(UTC) + timedelta(days=1)
# What a run is read for by itself is gone with it; everything else is told by the newest event of each kind.
OF_OLD_EVENTS = ("materializations", "of one partition", "summaries", "all tags", "one version", "new versions")


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def instance(request, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    config = BATCHED[request.param]
    if request.param == "postgres":
        config %= create_database(request.getfixturevalue("postgres_server"), "retention")
    (home / "dagster.yaml").write_text(config)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home))
        with dg.DagsterInstance.get() as made:
            yield made


def anew(instance, history):
    instance.event_log_storage.wipe()
    instance.run_storage.wipe()
    return replay(history, instance, together(instance.event_log_storage))


def run(*partitions, ended=DagsterRunStatus.SUCCESS, done=None):
    pairs = [(ONE, p) for p in (partitions if done is None else done)]
    return Run([ONE], list(partitions), pairs, ended, checked=False)


def standing(instance):
    told = readings(instance, [])
    for asset in told["assets"].values():
        for name in OF_OLD_EVENTS:
            del asset[name]
    return told


@pytest.mark.slow
@given(histories)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_that_status_reads_changes(instance, history):
    run_ids = anew(instance, history)
    before = standing(instance)
    gone = superseded_runs(instance, LATER)
    remove_runs(instance, gone)
    assert standing(instance) == before
    assert {r.run_id for r in instance.get_runs()} == set(run_ids) - set(gone)
    assert superseded_runs(instance, LATER) == []


def test_an_overwritten_run_goes_with_all_it_left(instance):
    old, new = anew(instance, [run("a", "b"), run("a", "b")])
    assert superseded_runs(instance, LATER) == [old]
    remove_runs(instance, [old])
    log = instance.event_log_storage
    assert instance.get_run_by_id(old) is None
    assert [len(list(log.get_records_for_run(r).records)) > 0 for r in (old, new)] == [False, True]


@pytest.mark.parametrize(
    ("history", "gone"),
    [
        ([run("a", "b"), run("a")], []),  # b's newest is in the first
        ([run("a"), run("a", ended=DagsterRunStatus.FAILURE, done=[])], []),  # the second says that a failed
        ([run("a", ended=DagsterRunStatus.FAILURE, done=[]), run("a")], ["run-0"]),
        ([run("a", ended=DagsterRunStatus.STARTED), run("a")], []),  # has not ended
        ([run("a"), run("a"), run("a")], ["run-0", "run-1"]),
    ],
)
def test_a_run_stays_while_it_says_how_a_partition_stands(instance, history, gone):
    anew(instance, history)
    assert superseded_runs(instance, LATER) == gone


def test_runs_are_retired_after_their_days(instance):
    old, new = anew(instance, [run("a"), run("a")])
    now = datetime.now(UTC)
    for later, keep, dry, retired in ((13, 14, False, 0), (15, 0, False, 0), (15, 14, True, 1), (15, 14, False, 1)):
        assert retire_runs(instance, now + timedelta(days=later), keep, dry_run=dry) == retired
        assert (instance.get_run_by_id(old) is None) == (retired == 1 and not dry)
    assert instance.get_run_by_id(new) is not None
