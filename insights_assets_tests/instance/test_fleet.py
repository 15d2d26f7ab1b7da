"""Code server, webserver and daemon together on a Postgres instance: backfill, schedule, sensor, a worker killed."""

import os
import signal
import subprocess
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.storage.dagster_run import RunsFilter

from insights_assets.assets.insights import insights_daily
from insights_assets.assets.results import results_daily
from insights_assets.commands.home import open_home
from insights_assets.lake.store import Lake
from insights_assets.partitions import key
from insights_assets.sandbox import World, running_sandbox
from insights_assets.settings import load_settings
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.operations import SYNC_LOG
from insights_assets.tables.results import RESULTS_DAILY
from insights_assets_tests.instance.processes import ROOT, SCRIPTS, ask, fleet, until
from insights_assets_tests.instance.watching import reading_a_report, retry_of, run_in
from insights_assets_tests.tables.rows import frame_of, valid_row

NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)
WEEKS = [date(2026, 11, 2), date(2026, 11, 9)]
BLOCKED_WEEK = date(2026, 10, 26)
ASSETS = [insights_daily.key, dg.AssetKey(["raw", "adsets"]), results_daily.key]
LAUNCH = """
mutation Launch($backfill: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $backfill) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}"""
STATUS = """
query Status($id: String!) {
  partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } }
}"""
pytestmark = pytest.mark.slow


@pytest.fixture
def environment(tmp_path, postgres_url, monkeypatch):
    """Variables of a home on Postgres with two accounts, one of them blocked until a moment ago."""
    with running_sandbox(World(accounts=2, ads_per_account=(2, 3)), now=lambda: NOW, report_latency_s=3) as server:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("INSIGHTS_", "META_", "DAGSTER"))}
        given = {
            "INSIGHTS_HOME": str(tmp_path),
            "INSIGHTS_MODE": "sandbox",
            "INSIGHTS_SANDBOX_URL": server.url,
            "INSIGHTS_NOW": NOW.isoformat(),
            "DAGSTER_PG_URL": postgres_url,
        }
        variables = kept | given | {"PYTHONPATH": str(ROOT), "DAGSTER_DISABLE_TELEMETRY": "1"}
        subprocess.run([SCRIPTS / "insights", "accounts", "discover"], env=variables, check=True, capture_output=True)
        monkeypatch.setattr(os, "environ", dict(os.environ))  # opening a home changes it
        home = open_home(load_settings(given))
        blocked = valid_row(
            SYNC_LOG,
            account_id=home.order[0],
            week=BLOCKED_WEEK,
            step="insights_daily",
            status="failed",
            error_type="rate_limited",
            retry_after=NOW - timedelta(minutes=1),
            finished_at=NOW - timedelta(minutes=30),
        )
        home.lake.append(SYNC_LOG, frame_of(SYNC_LOG, blocked))
        home.instance.dispose()
        yield variables | home.environment


def test_the_fleet_works_and_survives_the_death_of_a_run(tmp_path, environment):
    instance = dg.DagsterInstance.from_config(environment["DAGSTER_HOME"])
    accounts = list(instance.get_dynamic_partitions("account"))
    with fleet(tmp_path, environment, "insights_assets_tests.instance.fleet_location") as api:
        params = {
            "assetSelection": [{"path": k.path} for k in ASSETS],
            "partitionNames": [key(a, w) for a in accounts for w in WEEKS],
        }
        launched = ask(api, LAUNCH, backfill=params)["launchPartitionBackfill"]
        backfill = launched["backfillId"]
        tags = {"dagster/backfill": backfill}

        killed, worker = until(lambda: reading_a_report(instance, tags), "a run of the backfill asks for a report")
        os.kill(worker, signal.SIGKILL)
        until(lambda: run_in(instance, killed, dg.DagsterRunStatus.FAILURE), "the dead run is marked failed")
        again = until(lambda: retry_of(instance, killed), "the dead run is run again")
        until(lambda: run_in(instance, again.run_id, dg.DagsterRunStatus.SUCCESS), "the new run succeeds")
        until(lambda: status(api, backfill) == "COMPLETED_SUCCESS", "the backfill is complete")
        runs = instance.get_runs(RunsFilter(tags=tags))
        assert [r.run_id for r in runs if r.status != dg.DagsterRunStatus.SUCCESS] == [killed]

        def fired(**tags):
            wanted = RunsFilter(tags=tags, statuses=[dg.DagsterRunStatus.SUCCESS])
            return instance.get_runs(wanted, limit=1)

        until(lambda: fired(**{"dagster/schedule_name": "each_minute"}), "the schedule fires")
        until(lambda: fired(**{"dagster/sensor_name": "resume_blocked_accounts"}), "the sensor fires")

    for asset in ASSETS:
        wanted = {key(a, w) for a in accounts for w in WEEKS}
        assert wanted <= instance.get_materialized_partitions(asset)
    assert key(accounts[0], BLOCKED_WEEK) in instance.get_materialized_partitions(insights_daily.key)
    lake = Lake(environment["INSIGHTS_LAKE"])
    for table in (INSIGHTS_DAILY, RESULTS_DAILY):
        rows = lake.read(table)
        assert set(rows["week"]) == {BLOCKED_WEEK, *WEEKS}
        assert rows.height == rows.select(table.key).n_unique()
    instance.dispose()


def status(api, backfill):
    return ask(api, STATUS, id=backfill)["partitionBackfillOrError"].get("status")
