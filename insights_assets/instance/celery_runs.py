"""Each run as one Celery task, on whichever machine has a worker; a run whose worker died is noticed.

Stock health checks believe the result backend, where the task of a worker that was killed whole stays STARTED for ever.
Here the workers themselves are asked (docs/adr/0027). Needs the extra `celery`.
https://docs.dagster.io/deployment/oss/deployment-options/deploying-to-celery
"""

import warnings
from typing import Any, Final

from dagster import DagsterRun, Field, IntSource
from dagster._core.instance import InstanceRef
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster_celery.launcher import CeleryRunLauncher
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from insights_assets.problems import FailedError
from insights_assets.settings import SettingsError

# Stock registers its one task anew at each launch.
warnings.filterwarnings("ignore", message="Task name 'execute_job' is already registered")
# How long an answer of a worker that lives may take.
ANSWER_S: Final = 2.0
# Of the launcher and, because workers take their app from it, of the workers.
OPTIONS: Final[dict[str, Any]] = {
    # A process a run, as Dagster expects: its memory is given back, and nothing is left to the next run.
    "worker_max_tasks_per_child": 1,
    # A worker takes what it can start at once and nothing more: what a busy or dead one held would wait for it.
    "task_acks_late": True,
    "worker_prefetch_multiplier": 1,
    # Redis hands out again what was not acknowledged for so long. Dagster's own retries are the ones that count, and a
    # task that comes twice finds its run begun and leaves it alone; so this is merely longer than any run.
    "broker_transport_options": {
        "visibility_timeout": 12 * 3600,
        "socket_connect_timeout": 5,
        "max_retries": 3,
        "interval_start": 0,
        "interval_step": 0.2,
        "interval_max": 0.5,
    },
    "broker_connection_retry_on_startup": True,
    # A new process imports for seconds on a busy machine; by default it is given four.
    "worker_proc_alive_timeout": 60,
    # What a run prints is a log already; by default Celery logs it once more.
    "worker_redirect_stdouts": False,
}


class AskingCeleryRunLauncher(CeleryRunLauncher):
    """The stock launcher, with a health check that asks the workers who has the run's task.

    A worker that does not answer is not dead yet: a run is given up after `asks_before_dead` asks in a row, one with
    each round of the daemon's run monitoring (`poll_interval_seconds`), in which nobody had its task.
    """

    def __init__(self, asks_before_dead: int = 4, config_source: dict[str, Any] | None = None, **stock: Any) -> None:
        """Connect to nothing yet; `stock` are the options of the stock launcher."""
        super().__init__(config_source={**OPTIONS, **(config_source or {})}, **stock)
        self._asks_before_dead = asks_before_dead
        self._misses: dict[str, int] = {}

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Stock configuration, and how many asks in a row find a run's task nowhere before the run is failed."""
        own = Field(IntSource, is_required=False, default_value=4, description=str(cls.__doc__).strip())
        stock: Any = super().config_type()  # a dict, which its annotation does not say
        return {**stock, "asks_before_dead": own}

    @property
    def supports_resume_run(self) -> bool:
        """A run is not resumed but run again from where it failed (`run_retries`)."""
        return False

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Whether a worker has the task of a run that is at work.

        Raises:
            FailedError: the broker or the result backend does not answer, so nothing is known.
        """
        try:
            state, worker = self._recorded(run.run_id)
            if (worker and self._has(run.run_id, [worker])) or self._has(run.run_id, None):
                self._misses.pop(run.run_id, None)
                return CheckRunHealthResult(WorkerStatus.RUNNING)
            if state in {"FAILURE", "REVOKED"}:
                return CheckRunHealthResult(WorkerStatus.FAILED, "The process of the run died, or was ended.")
            misses = self._misses[run.run_id] = self._misses.get(run.run_id, 0) + 1
            if misses < self._asks_before_dead:
                return CheckRunHealthResult(WorkerStatus.RUNNING, f"No worker has it; asked {misses} times in a row.")
            # Should it live after all, or be handed out again, it must not work beside the run that takes its place.
            self.celery.control.revoke(run.run_id, terminate=True)
        except (OperationalError, RedisError) as error:
            self._misses.clear()  # workers, too, need a while to find a broker that is back
            reason = str(error).splitlines()[0]
            raise FailedError(
                f"The broker or result backend of the Celery workers does not answer ({reason}), so whether runs are "
                "alive is not known; they are left as they are. Start it, or mend DAGSTER_CELERY_BROKER and "
                "DAGSTER_CELERY_BACKEND."
            ) from None
        del self._misses[run.run_id]
        last = f"; it was on {worker}" if worker else ""
        return CheckRunHealthResult(WorkerStatus.FAILED, f"No worker has the run's task, asked {misses} times{last}.")

    def _recorded(self, task_id: str) -> tuple[str, str | None]:
        """State of the task by the result backend, and the worker that began it last, where that is recorded."""
        result = self.celery.AsyncResult(task_id)
        state, info = result.state, result.info
        return state, info.get("hostname") if isinstance(info, dict) else None

    def _has(self, task_id: str, workers: list[str] | None) -> bool:
        """Ask workers, or all there are, which takes the whole time for an answer, whether the task is theirs."""
        answers = self.celery.control.inspect(destination=workers, timeout=ANSWER_S).query_task(task_id)
        # A worker that has just ended a task may still list it, as "ready".
        return any(tasks.get(task_id, ["ready"])[0] != "ready" for tasks in (answers or {}).values())

    def _launch_celery_task_run(self, run: DagsterRun, task_signature: Any, routing_key: str) -> None:
        # Stock draws an id and notes it in the run's tags afterwards; a daemon that dies in between would lose it.
        super()._launch_celery_task_run(run, task_signature.set(task_id=run.run_id), routing_key)


def launcher_of(home: str | None) -> CeleryRunLauncher:
    """The run launcher that a Dagster home names; no database is opened, since workers fork.

    Raises:
        SettingsError: there is no home, or it launches runs in another way.
    """
    if not home:
        raise SettingsError("DAGSTER_HOME is not set; name the folder that has the dagster.yaml of deploy/celery.")
    launcher = InstanceRef.from_dir(home).run_launcher
    if not isinstance(launcher, CeleryRunLauncher):
        raise SettingsError(f"{home}/dagster.yaml launches runs without Celery; use that of deploy/celery.")
    return launcher
