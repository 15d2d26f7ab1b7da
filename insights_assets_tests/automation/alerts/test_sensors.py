"""The sensors of the code location: ticks on a real instance, failed runs, checks that have no partitions."""

import dagster as dg
import pytest

from insights_assets.alert_settings import AlertSettings
from insights_assets.assets.accounts import accounts
from insights_assets.automation.alerts import dagster_look
from insights_assets.automation.alerts.sensors import alert_sensors
from insights_assets.checks.graph_versions import CHECK_NAME
from insights_assets.definitions import build_defs
from insights_assets.settings import load_settings
from insights_assets.tables.alerts import ALERTS
from insights_assets.tables.operations import SYNC_LOG
from insights_assets_tests.automation.alerts.worlds import ACCOUNT, NEWEST, NOW, registered
from insights_assets_tests.tables.rows import frame_of, valid_row

RANGE = {f"dagster/asset_partition_range_{end}": f"{ACCOUNT}|{NEWEST}" for end in ("start", "end")}


class Location:
    """The sensors on a lake and an instance; ticks keep their cursor."""

    def __init__(self, path, instance, repository):
        self.lake, self.instance, self.cursor, self.now = registered(path / "lake", ACCOUNT), instance, None, NOW
        self.lake.ensure([SYNC_LOG, ALERTS])
        self.looking, self.hearing = alert_sensors(self.lake, AlertSettings(), lambda: self.now)
        self.repository = repository

    def tick(self):
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, repository_def=self.repository
        ) as context:
            done = self.looking.evaluate_tick(context)
            self.cursor = done.cursor
            return done.skip_message

    def run(self, job, **how):
        return job.execute_in_process(instance=self.instance, raise_on_error=False, **how)

    def hear_of(self, result):
        """The run-failure sensor, told of a run."""
        event = next(e for e in result.all_events if e.event_type_value == "PIPELINE_FAILURE")
        with dg.build_run_status_sensor_context(
            sensor_name=self.hearing.name,
            dagster_event=event,
            dagster_instance=self.instance,
            dagster_run=result.dagster_run,
        ) as context:
            self.hearing(context.for_run_failure())

    def alerts(self):
        return self.lake.read(ALERTS).select("kind", "account_id", "status").rows()


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    home = {"INSIGHTS_HOME": str(tmp_path_factory.mktemp("home")), "META_GRAPH_VERSION": "v26.0"}
    return build_defs(load_settings(home)).get_repository_def()


@pytest.fixture
def location(tmp_path, repository):
    with dg.DagsterInstance.ephemeral() as instance:
        yield Location(tmp_path, instance, repository)


def test_both_run_by_themselves_in_the_code_location(repository):
    for name in ("alerts", "alert_on_run_failure"):
        sensor = repository.get_sensor_def(name)
        assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
        assert sensor.description


def breaking(message="Out of luck", fails=lambda: True):
    @dg.op
    def nightly_step():
        if fails():
            raise RuntimeError(message)

    @dg.job
    def nightly():
        nightly_step()

    return nightly


def log_failure(lake, run_id, step):
    row = valid_row(
        SYNC_LOG, account_id=ACCOUNT, status="failed", error_type="network", step=step, run_id=run_id, finished_at=NOW
    )
    lake.append(SYNC_LOG, frame_of(SYNC_LOG, {**row, "retry_after": None, "week": NEWEST}))


def test_a_failed_run_opens_and_a_later_success_of_the_job_on_the_account_ends_it(location):
    failing = [True]
    job = breaking(fails=lambda: failing[0])
    location.hear_of(location.run(job, tags=RANGE))
    assert location.alerts() == [("run_failed", ACCOUNT, "open")]
    summary = location.lake.read(ALERTS)["summary"][0]
    assert summary == f"A run of job nightly on {ACCOUNT} failed in nightly_step: RuntimeError: Out of luck"
    location.tick()
    assert location.alerts() == [("run_failed", ACCOUNT, "open")]
    failing[0] = False
    location.run(job)
    location.tick()
    assert location.alerts() == [("run_failed", ACCOUNT, "open")], "the success was not on this account"
    location.run(job, tags=RANGE)
    location.tick()
    assert location.alerts() == [("run_failed", ACCOUNT, "resolved")]


def test_without_a_repetition_it_is_over_after_three_days(location):
    location.hear_of(location.run(breaking()))
    location.now = NOW + dagster_look.FORGOTTEN_AFTER
    location.tick()
    assert location.alerts() == [("run_failed", None, "resolved")]


def test_what_the_log_or_a_check_explains_is_left_to_them(location):
    result = location.run(breaking(), tags=RANGE)
    log_failure(location.lake, result.run_id, "nightly_step")
    location.hear_of(result)

    @dg.asset
    def judged():
        return 1

    @dg.asset_check(asset=judged, blocking=True)
    def red():
        return dg.AssetCheckResult(passed=False)

    job = dg.Definitions(assets=[judged], asset_checks=[red]).resolve_implicit_global_asset_job_def()
    checked = location.run(job)
    assert not checked.success
    location.hear_of(checked)
    assert location.alerts() == []


def test_a_log_of_another_step_explains_nothing(location):
    result = location.run(breaking(), tags=RANGE)
    log_failure(location.lake, result.run_id, "another_step")
    location.hear_of(result)
    assert location.alerts() == [("run_failed", ACCOUNT, "open")]


def test_no_secret_and_no_second_line_comes_out_of_an_error(location):
    location.hear_of(location.run(breaking("access_token=EAABsecret\nand a second line")))
    row = location.lake.read(ALERTS).row(0, named=True)
    assert "EAABsecret" not in str(row)
    assert "\n" not in row["summary"]


def test_a_check_without_partitions_opens_and_ends(location):
    graph_version = dg.AssetCheckKey(accounts.key, CHECK_NAME)
    assert graph_version in location.repository.asset_graph.asset_check_keys
    for passed, status in ((False, "open"), (True, "resolved")):
        location.instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(
                asset_key=graph_version.asset_key,
                check_name=CHECK_NAME,
                passed=passed,
                severity=dg.AssetCheckSeverity.WARN,
                description="Graph API v26.0 expires in 80 days.",
                metadata={},
            )
        )
        location.tick()
        assert location.alerts() == [("check_failed", None, status)]
    assert location.lake.read(ALERTS)["severity"].to_list() == ["low"]


def test_a_tick_says_what_it_did_remembers_it_and_tells_the_asset(location):
    log_failure(location.lake, "r", "ads")
    log_failure(location.lake, "s", "ads")
    told = location.tick()
    assert told.startswith("1 accounts looked at, 0 waiting; 1 alerts opened")
    assert location.tick().startswith("0 accounts looked at")
    event = location.instance.get_latest_materialization_event(dg.AssetKey(["ops", "alerts"]))
    assert event.asset_materialization.metadata["dagster/row_count"].value == 1
