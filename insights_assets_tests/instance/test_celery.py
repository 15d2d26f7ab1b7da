"""Runs as Celery tasks on two workers, with Postgres, Redis and the lake on S3; one worker is killed in the middle."""

import functools
import os
import shutil
import signal
import subprocess
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime

import dagster as dg
import pytest
import redis
from dagster._core.launcher import LaunchRunContext

from insights_assets.backfill import GRAPH
from insights_assets.definitions import DERIVED_ASSETS, RAW_ASSETS
from insights_assets.lake.store import Lake
from insights_assets.partitions import ACCOUNT, key, range_tags
from insights_assets.sandbox import World, running_sandbox
from insights_assets_tests.assets.pipeline import pipeline
from insights_assets_tests.instance.processes import ROOT, SCRIPTS, ask, fleet, free_port, process, until
from insights_assets_tests.instance.watching import reading_a_report, retry_of, run_in
from insights_assets_tests.object_store import BUCKET, s3_server, variables
from insights_assets_tests.recovery.contents import contents

NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)
WEEKS = [date(2026, 11, 2), date(2026, 11, 9)]
PATIENCE_S = 900.0  # of a busy machine; a quiet one needs a tenth
STAGES = [[a for a in DERIVED_ASSETS if (a.key.path[-1] in GRAPH.pooled) == pooled] for pooled in (False, True)]
# They tell of the killed run, as they should.
ALERTS = {"alerts", "alert_outbox"}
ENDED = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE}
LAUNCH = """
mutation Launch($run: ExecutionParams!) {
  launchRun(executionParams: $run) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}"""
# The filter is the launcher's own; pytest resets them for each test.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:Task name 'execute_job' is already registered")]


@pytest.fixture(scope="module")
def world():
    return World(accounts=3, ads_per_account=(2, 3))


def made_in_one_process(folder, world):
    """What the lake holds when the same runs are made in this process, one after the other, on a local folder."""
    with pipeline(folder, world, NOW) as made:
        accounts = list(made.instance.get_dynamic_partitions(ACCOUNT))
        for account_id in accounts:
            made.run(RAW_ASSETS, account_id, WEEKS)
        for assets in STAGES:
            job = made.defs.resolve_implicit_global_asset_job_def()
            chosen = job.get_subset(asset_selection={a.key for a in assets})
            chosen.execute_in_process(instance=made.instance, tags=range_tags(accounts, WEEKS))
        return contents(made.lake)


@contextmanager
def redis_server(folder):
    """Yield the URL of an empty server that keeps nothing."""
    port = free_port()
    binary = shutil.which("redis-server")
    assert binary, "redis-server is needed (Debian: apt-get install redis-server)"
    command = (binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
    with process(folder / "redis.log", dict(os.environ), *command), redis.Redis(port=port) as client:
        until(lambda: answers(client), "Redis answers", 30)
        yield f"redis://127.0.0.1:{port}"


def answers(client):
    try:
        return client.ping()
    except redis.ConnectionError:
        return False


@pytest.fixture
def environment(tmp_path, postgres_url, world, monkeypatch):
    """Variables of every process, with the accounts discovered and the sandbox, Redis and S3 running."""
    home = tmp_path / "dagster"
    home.mkdir()
    shutil.copy(ROOT / "deploy" / "celery" / "dagster.yaml", home)
    with ExitStack() as stack:
        server = stack.enter_context(running_sandbox(world, now=lambda: NOW, report_latency_s=3))
        s3 = variables(stack.enter_context(s3_server()))
        broker = stack.enter_context(redis_server(tmp_path))
        given = s3 | {
            "INSIGHTS_HOME": str(tmp_path),
            "INSIGHTS_LAKE": f"s3://{BUCKET}/lake",
            "INSIGHTS_MODE": "sandbox",
            "INSIGHTS_SANDBOX_URL": server.url,
            "INSIGHTS_NOW": NOW.isoformat(),
            "DAGSTER_HOME": str(home),
            "DAGSTER_EVENT_BATCH_SIZE": "1000",
            "DAGSTER_PG_URL": postgres_url,
            "DAGSTER_CELERY_BROKER": f"{broker}/0",
            "DAGSTER_CELERY_BACKEND": f"{broker}/1",
        }
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        variables_ = dict(os.environ) | {"PYTHONPATH": str(ROOT), "DAGSTER_DISABLE_TELEMETRY": "1"}
        subprocess.run([SCRIPTS / "insights", "accounts", "discover"], env=variables_, check=True, capture_output=True)
        yield variables_


@contextmanager
def workers(folder, environment, *names):
    """One process group a name, each with room for one run."""
    with ExitStack() as stack:
        for name in names:
            app = ("celery", "-A", "insights_assets.instance.celery_worker", "worker", "-l", "INFO")
            command = (*app, "-Q", "dagster", "--concurrency", "1", "-n", f"{name}@%h")
            stack.enter_context(process(folder / f"worker-{name}.log", environment, *command))
        yield


def test_the_work_of_a_killed_worker_is_done_by_the_other(tmp_path, environment, world):
    instance = dg.DagsterInstance.from_config(environment["DAGSTER_HOME"])
    accounts = list(instance.get_dynamic_partitions(ACCOUNT))
    with (
        workers(tmp_path, environment, "one", "two"),
        fleet(tmp_path, environment, "insights_assets.definitions") as api,
    ):
        for account_id in accounts:
            launch(api, RAW_ASSETS, [account_id])
        killed, pid = until(lambda: reading_a_report(instance, {"proof": "celery"}), "a run asks for a report")
        os.killpg(os.getpgid(pid), signal.SIGKILL)
        # The broker hands the dead worker's task to the other one, which must not run it beside its retry.
        hand_out_again(instance, killed)
        until(lambda: run_in(instance, killed, dg.DagsterRunStatus.FAILURE), "the dead run is marked failed", 120)
        again = until(lambda: retry_of(instance, killed), "the dead run is run again")
        until(lambda: run_in(instance, again.run_id, dg.DagsterRunStatus.SUCCESS), "the new run succeeds", PATIENCE_S)
        until(lambda: all_ended(instance), "every account is read", PATIENCE_S)
        hand_out_again(instance, again.run_id)
        for assets in STAGES:
            run_id = launch(api, assets, accounts)
            succeeded = functools.partial(run_in, instance, run_id, dg.DagsterRunStatus.SUCCESS)
            until(succeeded, "a stage succeeds", PATIENCE_S)
        until(lambda: "had already finished" in messages(instance, again.run_id), "the second task is seen")
    runs = instance.get_runs()
    assert all_ended(instance)
    assert [r.run_id for r in runs if r.status != dg.DagsterRunStatus.SUCCESS] == [killed]
    for run in runs:
        starts = list(instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_START))
        assert len(starts) == 1, run.run_id
    wanted = {key(a, w) for a in accounts for w in WEEKS}
    for asset in (*RAW_ASSETS, *DERIVED_ASSETS):
        assert wanted <= instance.get_materialized_partitions(asset.key), asset.key
    instance.dispose()
    found = contents(Lake(environment["INSIGHTS_LAKE"]))
    clean = made_in_one_process(tmp_path / "clean", world)
    assert len(clean["insights_daily"]) > 50
    for name in clean.keys() - ALERTS:
        assert found[name] == clean[name], name


def launch(api, assets, accounts):
    """Start one run over all weeks of neighbouring accounts, as the UI does; return its id."""
    tags = {**range_tags(accounts, WEEKS), "proof": "celery"}
    run = {
        "selector": {
            "repositoryLocationName": "fleet",
            "repositoryName": "__repository__",
            "pipelineName": "__ASSET_JOB",
            "assetSelection": [{"path": a.key.path} for a in assets],
        },
        "runConfigData": {},
        "executionMetadata": {"tags": [{"key": k, "value": v} for k, v in tags.items()]},
    }
    launched = ask(api, LAUNCH, run=run)["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    return launched["run"]["runId"]


def hand_out_again(instance, run_id):
    """Put the run's task into the queue once more, under the same id."""
    instance.run_launcher.launch_run(LaunchRunContext(instance.get_run_by_id(run_id), None))


def all_ended(instance):
    return all(run.status in ENDED for run in instance.get_runs())


def messages(instance, run_id):
    return "\n".join(entry.message or "" for entry in instance.all_logs(run_id))
