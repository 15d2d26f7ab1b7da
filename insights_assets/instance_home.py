"""The Dagster instance of this home: its folder, its `dagster.yaml`, and the variables a child process needs."""

import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import dagster as dg

from insights_assets.settings import Settings, SettingsError

# Allocators keep what was freed for later; workers give it back: 600 ads x 13 weeks took 1,160 MB, with these 905.
FRUGAL = {"ARROW_DEFAULT_MEMORY_POOL": "system", "_RJEM_MALLOC_CONF": "dirty_decay_ms:0,muzzy_decay_ms:0"}
BATCHED_EVENT_LOG = """
# Stock storage, but a batch of asset events is one transaction (docs/adr/0007).
event_log_storage:
  module: insights_assets.instance.sqlite
  class: BatchedSqliteEventLogStorage
"""


def dagster_home(settings: Settings) -> Path:
    """Make the instance's folder with our `dagster.yaml`; one that is there already is left as it is."""
    home = settings.home / "dagster"
    try:
        home.mkdir(parents=True, exist_ok=True)
        config = home / "dagster.yaml"
        if not config.exists():
            config.write_text(_template() + BATCHED_EVENT_LOG, encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"INSIGHTS_HOME is {settings.home}, which cannot be written ({error.strerror}); name another folder."
        ) from error
    return home


def _template() -> str:
    """The repository's `dagster.yaml`, or its copy in the wheel."""
    checkout = Path(__file__).parent.parent / "dagster.yaml"
    if checkout.exists():
        return checkout.read_text(encoding="utf-8")
    return resources.files("insights_assets").joinpath("dagster.yaml").read_text(encoding="utf-8")


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
    if settings.fixed_now:
        environment["INSIGHTS_NOW"] = settings.fixed_now.isoformat()
    return environment


def open_instance(environment: Mapping[str, str]) -> dg.DagsterInstance:
    """Open the instance that the variables name, and make them this process's own."""
    os.environ.update(environment)
    return dg.DagsterInstance.get()
