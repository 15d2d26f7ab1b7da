"""Opening a home: the lake with all tables, the Dagster instance, the simulator where the mode needs it."""

from dataclasses import dataclass, replace

import dagster as dg

from insights_assets.connection import Gateway, embedded_sandbox
from insights_assets.instance_home import child_environment, open_instance
from insights_assets.lake.store import Lake
from insights_assets.partitions import ACCOUNT
from insights_assets.settings import Settings, SettingsError
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.registry import TABLES


@dataclass(frozen=True)
class Home:
    """What a command works on; `environment` makes a child process work on the same."""

    settings: Settings
    lake: Lake
    environment: dict[str, str]
    instance: dg.DagsterInstance

    @property
    def gateway(self) -> Gateway:
        """Clients for the accounts."""
        return Gateway(self.settings)

    @property
    def order(self) -> list[str]:
        """Every account in partition order."""
        return list(self.instance.get_dynamic_partitions(ACCOUNT))


def open_home(settings: Settings) -> Home:
    """Make and open everything that the settings name; starts the simulator when the mode is not live.

    Raises:
        SettingsError: the mode is live and the lake has accounts of the simulator.
    """
    lake = Lake(settings.lake)
    accounts = lake.rows(ACCOUNTS, ["account_id", "source"])
    if settings.mode == "live" and (accounts["source"] == "sandbox").any():
        raise SettingsError(
            f"The lake {settings.lake} has accounts of the simulator, which Meta does not know; set INSIGHTS_HOME to a "
            "folder of its own for live data, or INSIGHTS_MODE=hybrid to keep both."
        )
    url = (settings.sandbox_url or embedded_sandbox(settings)) if settings.mode != "live" else None
    environment = child_environment(settings, url)
    lake.ensure(TABLES.values())
    instance = open_instance(environment)
    # The registry is the lake's: a new or lost instance learns its accounts from there.
    known = set(instance.get_dynamic_partitions(ACCOUNT))
    if missing := [n for n in accounts["account_id"].sort() if n not in known]:
        instance.add_dynamic_partitions(ACCOUNT, missing)
    return Home(replace(settings, sandbox_url=url), lake, environment, instance)
