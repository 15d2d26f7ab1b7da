"""Whether a run's worker lives: what is asked, how often before it is given up, and what an outage changes."""

import shutil
from dataclasses import dataclass, field

import dagster as dg
import pytest
from dagster._core.launcher import WorkerStatus
from dagster_celery.launcher import CeleryRunLauncher
from kombu.exceptions import OperationalError
from redis.exceptions import ConnectionError as RedisConnectionError

from insights_assets.instance.celery_runs import AskingCeleryRunLauncher, launcher_of
from insights_assets.problems import FailedError
from insights_assets.settings import SettingsError
from insights_assets_tests.instance.processes import ROOT

RUN = dg.DagsterRun(job_name="any", run_id="11111111-2222-3333-4444-555555555555")
STARTED = ("STARTED", {"pid": 7, "hostname": "one@a"})
SECRET = "pa55word"
RUNNING, FAILED = WorkerStatus.RUNNING, WorkerStatus.FAILED


@dataclass
class Workers:
    """Stands for Celery's app: what the backend recorded, and which worker says that it has which tasks."""

    recorded: tuple = STARTED
    has: dict = field(default_factory=dict)
    error: Exception | None = None
    asked: list = field(default_factory=list)
    revoked: list = field(default_factory=list)

    @property
    def control(self):
        return self

    def AsyncResult(self, task_id):  # noqa: N802 - Celery's name
        state, info = self.recorded
        return type("Result", (), {"state": state, "info": info, "id": task_id})

    def inspect(self, destination, timeout):
        assert timeout > 0
        self.asked.append(destination)
        return self

    def query_task(self, task_id):
        if self.error:
            raise self.error
        told = {w: {task_id: [s, {}]} if s else {} for w, s in self.has.items()}
        asked = self.asked[-1]
        return {w: t for w, t in told.items() if asked is None or w in asked} or None

    def revoke(self, task_id, *, terminate):
        self.revoked.append((task_id, terminate))


@pytest.fixture
def workers():
    return Workers()


@pytest.fixture
def health(workers):
    launcher = AskingCeleryRunLauncher(
        default_queue="dagster", broker="redis://127.0.0.1:1/0", backend="redis://127.0.0.1:1/1", asks_before_dead=3
    )
    launcher.celery = workers
    return lambda: launcher.check_run_worker_health(RUN).status


@pytest.mark.parametrize("state", ["active", "reserved"])
def test_a_task_that_a_worker_has_is_running(workers, health, state):
    workers.has = {"one@a": state}
    assert [health() for _ in range(5)] == [RUNNING] * 5
    assert workers.asked == [["one@a"]] * 5, "only the worker that began it is asked"
    assert not workers.revoked


@pytest.mark.parametrize("has", [{}, {"one@a": None}, {"one@a": "ready"}, {"two@b": None}])
def test_a_task_that_nobody_has_is_given_up_at_the_third_ask(workers, health, has):
    workers.has = has
    assert [health() for _ in range(3)] == [RUNNING, RUNNING, FAILED]
    assert workers.revoked == [(RUN.run_id, True)], "whoever has it after all must not go on"


def test_a_task_that_another_worker_has_is_running(workers, health):
    """A task that was handed out twice is recorded for the worker that took it last."""
    workers.has = {"two@b": "active"}
    assert [health() for _ in range(5)] == [RUNNING] * 5


def test_an_answer_in_between_starts_the_count_again(workers, health):
    seen = [health(), health()]
    workers.has = {"one@a": "active"}
    seen.append(health())
    workers.has = {}
    assert [*seen, health(), health(), health()] == [RUNNING] * 5 + [FAILED]


@pytest.mark.parametrize("recorded", [("SUCCESS", 0), ("PENDING", None), ("FAILURE", RuntimeError())])
def test_the_backend_alone_never_settles_it(workers, health, recorded):
    """A task that was handed out twice is recorded as done by the worker that left it alone; a record may expire."""
    workers.recorded = recorded
    workers.has = {"two@b": "active"}
    assert health() == RUNNING
    assert workers.asked == [None], "all are asked"


@pytest.mark.parametrize("recorded", [("SUCCESS", 0), ("PENDING", None)])
def test_a_record_that_says_nothing_of_a_death_needs_three_asks(workers, health, recorded):
    workers.recorded = recorded
    assert [health() for _ in range(3)] == [RUNNING, RUNNING, FAILED]


@pytest.mark.parametrize("state", ["FAILURE", "REVOKED"])
def test_a_dead_process_of_a_living_worker_is_known_at_once(workers, health, state):
    workers.recorded = (state, RuntimeError())
    assert health() == FAILED


@pytest.mark.parametrize("error", [OperationalError("Connection refused"), RedisConnectionError("Connection refused")])
def test_without_a_broker_nothing_is_given_up(workers, health, error):
    assert [health(), health()] == [RUNNING, RUNNING]
    workers.error = error
    for _ in range(5):
        with pytest.raises(FailedError, match=r"does not answer \(Connection refused\)") as caught:
            health()
    assert caught.value.__suppress_context__
    workers.error = None
    assert [health() for _ in range(3)] == [RUNNING, RUNNING, FAILED], "workers need a while to come back, too"


def test_a_broker_that_is_down_is_one_sentence_without_the_password():
    url = f"redis://:{SECRET}@127.0.0.1:1/0"
    launcher = AskingCeleryRunLauncher(default_queue="dagster", broker=url, backend=url)
    with pytest.raises(FailedError, match="DAGSTER_CELERY_BROKER") as caught:
        launcher.check_run_worker_health(RUN)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_workers_take_their_app_from_the_file_in_deploy(tmp_path, monkeypatch):
    for name, value in {"BROKER": "redis://broker:1/0", "BACKEND": "redis://backend:1/1"}.items():
        monkeypatch.setenv(f"DAGSTER_CELERY_{name}", value)
    shutil.copy(ROOT / "deploy" / "celery" / "dagster.yaml", tmp_path)
    launcher = launcher_of(str(tmp_path))
    assert isinstance(launcher, AskingCeleryRunLauncher)
    assert not launcher.supports_resume_run
    told = launcher.celery.conf
    assert (told.broker_url, told.result_backend) == ("redis://broker:1/0", "redis://backend:1/1")
    assert told.worker_max_tasks_per_child == 1
    assert told.task_acks_late
    assert told.worker_prefetch_multiplier == 1
    assert told.broker_transport_options["visibility_timeout"] == 12 * 3600


def test_a_home_without_celery_is_told(tmp_path):
    with pytest.raises(SettingsError, match="DAGSTER_HOME is not set"):
        launcher_of(None)
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with pytest.raises(SettingsError, match="without Celery"):
        launcher_of(str(tmp_path))


def test_what_is_overridden_is_still_there_in_the_stock_launcher():
    """The task's id is set where stock sends it: a private method of dagster-celery, pinned by its minor version."""
    assert callable(CeleryRunLauncher._launch_celery_task_run)
