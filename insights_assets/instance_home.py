"""The Dagster instance of this home: its folder, its `dagster.yaml`, and the variables a child process needs."""

import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import dagster as dg

from insights_assets.environment import POSTGRES_VARIABLE
from insights_assets.instance.server import require_server
from insights_assets.settings import Settings, SettingsError

# Allocators keep what was freed for later; workers give it back within a second. At once costs 2.5 times the CPU where
# small frames come and go (burnout of 174 accounts x 52 weeks: 237 instead of 95 s) and saves a tenth of the memory.
# Workers share the cores. Boosted trees (OpenMP) that take all of them in each worker wait for each other: that burnout
# took two workers on two cores 402 s each, with one thread each 89 s.
FRUGAL = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:1000,muzzy_decay_ms:1000",
    "OMP_NUM_THREADS": "1",
}
SQLITE, POSTGRES = "dagster.yaml", "deploy/dagster.yaml"
BATCHED_EVENT_LOG = """
# Stock storage, but a batch of asset events is one transaction (docs/adr/0007).
event_log_storage:
  module: insights_assets.instance.sqlite
  class: BatchedSqliteEventLogStorage
"""


def dagster_home(settings: Settings) -> Path:
    """Make the instance's folder with our `dagster.yaml`: Postgres when its URL is set, else SQLite.

    Raises:
        SettingsError: the folder cannot be written, or the file that is there is for the other database.
    """
    home = settings.home / "dagster"
    try:
        home.mkdir(parents=True, exist_ok=True)
        config = home / "dagster.yaml"
        there = config.read_text(encoding="utf-8") if config.exists() else None
        if there is None or (settings.postgres_url and there == _sqlite()):
            config.write_text(_template(POSTGRES) if settings.postgres_url else _sqlite(), encoding="utf-8")
        else:
            _require_agreement(config, there, settings)
    except OSError as error:
        raise SettingsError(
            f"INSIGHTS_HOME is {settings.home}, which cannot be written ({error.strerror}); name another folder."
        ) from error
    return home


def _require_agreement(config: Path, text: str, settings: Settings) -> None:
    """A file that is there is left as it is; using the other database unnoticed would hide all runs and partitions."""
    if settings.postgres_url and POSTGRES_VARIABLE not in text:
        raise SettingsError(
            f"{POSTGRES_VARIABLE} is set, but {config} does not use it; remove that file to have it written for "
            "Postgres, or unset the variable."
        )
    if not settings.postgres_url and POSTGRES_VARIABLE in text:
        raise SettingsError(
            f"{config} needs {POSTGRES_VARIABLE}, which is not set; set it, or remove that file to go back to SQLite."
        )


def _sqlite() -> str:
    return _template(SQLITE) + BATCHED_EVENT_LOG


def _template(name: str) -> str:
    """A file of the repository, or its copy in the wheel."""
    checkout = Path(__file__).parent.parent / name
    if checkout.exists():
        return checkout.read_text(encoding="utf-8")
    return resources.files("insights_assets").joinpath(name).read_text(encoding="utf-8")


def shared_threads(workers: int) -> dict[str, str]:
    """Variables that share the cores among so many workers of polars.

    With a thread for each core in each of two workers, the same analysis took an eighth more CPU on two cores.
    """
    return {"POLARS_MAX_THREADS": str(max(1, (os.cpu_count() or 1) // max(1, workers)))}


def child_environment(settings: Settings, sandbox_url: str | None) -> dict[str, str]:
    """Variables that make a child process work on the same home, and on the simulator that runs already."""
    environment = {
        "DAGSTER_HOME": str(dagster_home(settings)),
        "DAGSTER_EVENT_BATCH_SIZE": "1000",
        **FRUGAL,
        "INSIGHTS_HOME": str(settings.home),
        "INSIGHTS_LAKE": settings.lake,
        "INSIGHTS_MODE": settings.mode,
    }
    if sandbox_url:
        environment["INSIGHTS_SANDBOX_URL"] = sandbox_url
    if settings.postgres_url:
        environment[POSTGRES_VARIABLE] = settings.postgres_url
    if settings.fixed_now:
        environment["INSIGHTS_NOW"] = settings.fixed_now.isoformat()
    return environment


def open_instance(environment: Mapping[str, str]) -> dg.DagsterInstance:
    """Open the instance that the variables name, and make them this process's own.

    Raises:
        FailedError: the Postgres server of the instance cannot be used.
    """
    os.environ.update(environment)
    if POSTGRES_VARIABLE in environment:
        require_server(environment[POSTGRES_VARIABLE])
    return dg.DagsterInstance.get()
