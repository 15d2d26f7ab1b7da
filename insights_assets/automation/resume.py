"""The sensor that resumes blocked accounts: after `retry_after`, their failed steps and what follows run again.

Idempotent: one run key for each account and block, so a tick that is repeated launches nothing twice.
https://docs.dagster.io/guides/automate/sensors
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import dagster as dg
import polars as pl

from insights_assets import planning, registry
from insights_assets.automation.fleet import account_request
from insights_assets.lake.store import Lake
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.operations import SYNC_LOG

INTERVAL_S = 60
# Blocks last hours; what is older than this was refreshed since, or is found stale.
WATCHED = timedelta(days=14)
COLUMNS = ("account_id", "week", "step", "status", "retry_after", "finished_at")


@dataclass(frozen=True)
class Resumption:
    """Unbroken weeks of one account whose steps were blocked until `due`."""

    account_id: str
    weeks: tuple[date, ...]
    steps: tuple[str, ...]
    due: datetime

    @property
    def run_key(self) -> str:
        """The same for the same block of the same weeks."""
        return f"{self.account_id}|{self.weeks[0]}|{self.weeks[-1]}|{self.due.isoformat()}"


def due(sync_log: pl.DataFrame, now: datetime) -> list[Resumption]:
    """What was blocked, may be asked again, and has not succeeded since.

    Args:
        sync_log: rows of `sync_log`; of its columns those in `COLUMNS`.
        now: the instant (UTC).

    Returns:
        One for each unbroken stretch of weeks of an account, in the order of the accounts.
    """
    partition = ["account_id", "week", "step"]
    newest = sync_log.sort("finished_at").unique(partition, keep="last", maintain_order=True)
    open_ = newest.filter(pl.col("status") == "failed", pl.col("retry_after") <= now)
    found = []
    for (account_id,), rows in open_.sort("account_id", "week").group_by("account_id", maintain_order=True):
        for weeks in planning.stretches(rows["week"].unique().sort().to_list()):
            chosen = rows.filter(pl.col("week").is_in(weeks))
            steps = tuple(chosen["step"].unique().sort().to_list())
            last: datetime = chosen["retry_after"].sort().item(-1)
            found.append(Resumption(str(account_id), weeks, steps, last))
    return found


def blocked_history(lake: Lake, now: datetime) -> pl.DataFrame:
    """Rows of `sync_log` that can decide what is due: of accounts with a block, from their first block on."""
    watched = pl.col("finished_at") > now - WATCHED
    blocks = lake.rows(SYNC_LOG, ["account_id", "finished_at"], pl.col("retry_after").is_not_null(), watched)
    if blocks.is_empty():
        return SYNC_LOG.empty().select(COLUMNS)
    return lake.rows(
        SYNC_LOG,
        COLUMNS,
        pl.col("account_id").is_in(blocks["account_id"].unique().to_list()),
        pl.col("finished_at") >= blocks["finished_at"].min(),
    )


def resume_sensor(
    assets: Sequence[dg.AssetsDefinition], lake: Lake, now: Callable[[], datetime]
) -> dg.SensorDefinition:
    """Make the sensor.

    Args:
        assets: the partitioned assets; what is downstream of a resumed one runs with it.
        lake: where `sync_log` is.
        now: the clock.
    """
    keys = {a.key.path[-1]: a.key for a in assets}
    below = {name: downstream(a.key, assets) for name, a in zip(keys, assets, strict=True)}

    @dg.sensor(
        name="resume_blocked_accounts",
        target=list(assets),
        minimum_interval_seconds=INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Runs the steps of accounts that Meta blocked again, once their `retry_after` has passed.",
    )
    def sensor() -> Iterator[dg.RunRequest | dg.SkipReason]:
        instant = now()
        found = due(blocked_history(lake, instant), instant)
        accounts = {row["account_id"]: row for row in lake.read(ACCOUNTS).to_dicts()} if found else {}
        on = [e for e in found if accounts.get(e.account_id, {}).get("status") != registry.SWITCHED_OFF]
        for each in on:
            steps = [s for s in each.steps if s in keys]
            account = {"account_id": each.account_id, **accounts.get(each.account_id, {})}
            selection = sorted({k for s in steps for k in (keys[s], *below[s])})
            yield account_request(account, each.weeks, why="resumed", run_key=each.run_key, asset_selection=selection)
        if not on:
            yield dg.SkipReason("No blocked account is due.")

    return sensor


def downstream(key: dg.AssetKey, assets: Sequence[dg.AssetsDefinition]) -> set[dg.AssetKey]:
    """Keys of every asset that depends on this one, directly or not."""
    found: set[dg.AssetKey] = set()
    fresh = {key}
    while fresh:
        fresh = {a.key for a in assets if fresh & set(a.dependency_keys)} - found
        found |= fresh
    return found
