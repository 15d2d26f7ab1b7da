"""A fleet without data: accounts of the registry, rows of the log, and a graph that reads them by a fixed clock."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from insights_assets.definitions import build_defs
from insights_assets.lake.store import Lake
from insights_assets.settings import load_settings
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.operations import SYNC_LOG
from insights_assets_tests.tables.rows import frame_of, valid_row

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
MONDAY = NOW.date() - timedelta(days=2)
LIVE = {"INSIGHTS_MODE": "live", "META_ACCESS_TOKEN": "token-of-all"}


def week(back):
    """The Monday so many weeks before the running one."""
    return MONDAY - timedelta(weeks=back)


class FleetLake:
    """The lake, the graph on it, and an instance whose account partitions are in the order given."""

    def __init__(self, folder, instance, settings=""):
        (folder / "settings.toml").write_text(settings, encoding="utf-8")
        self.lake = Lake(str(folder / "lake"))
        self.instance = instance
        self.now = NOW
        effective = load_settings({"INSIGHTS_HOME": str(folder), **LIVE})
        self.defs = build_defs(effective, overrides={"lake": self.lake, "clock": lambda: self.now})

    def accounts(self, *rows, partitions=True):
        told = [
            valid_row(ACCOUNTS, **{"timezone_name": "UTC", "token_env": None, "token_path": None, **r}) for r in rows
        ]
        self.lake.overwrite(ACCOUNTS, frame_of(ACCOUNTS, *told))
        if partitions:
            self.instance.add_dynamic_partitions("account", [r["account_id"] for r in rows])

    def log(self, account, weeks, *steps, at=NOW, **changes):
        rows = [
            valid_row(SYNC_LOG, account_id=account, week=w, step=s, finished_at=at, retry_after=None, **changes)
            for w in weeks
            for s in steps
        ]
        self.lake.append(SYNC_LOG, frame_of(SYNC_LOG, *rows))

    def work(self, account, status=dg.DagsterRunStatus.NOT_STARTED, **tags):
        """A run of an account that has not ended."""
        self.instance.add_run(
            dg.DagsterRun("refresh_accounts", status=status, tags={"insights/account_id": account, **tags})
        )

    def sensor(self, name, cursor=None):
        with dg.build_sensor_context(
            instance=self.instance, cursor=cursor, repository_def=self.defs.get_repository_def()
        ) as context:
            return self.defs.resolve_sensor_def(name).evaluate_tick(context)

    def schedule(self, name, at):
        with dg.build_schedule_context(
            instance=self.instance, scheduled_execution_time=at, repository_def=self.defs.get_repository_def()
        ) as context:
            return self.defs.resolve_schedule_def(name).evaluate_tick(context)


def wiped(instance):
    """The instance without runs and partitions: making one costs a second."""
    instance.wipe()
    for name in instance.get_dynamic_partitions("account"):
        instance.delete_dynamic_partition("account", name)
    return instance


def corners(request):
    """First and last partition of a request's range."""
    return (
        request.tags["dagster/asset_partition_range_start"],
        request.tags["dagster/asset_partition_range_end"],
    )


def keys(tick):
    return [r.run_key for r in tick.run_requests]
