"""The sensor that resumes blocked accounts: after `retry_after`, their failed steps and what follows run again.

Idempotent: one run key for each account and block, so a tick that is repeated launches nothing twice.
https://docs.dagster.io/guides/automate/sensors
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import dagster as dg
import polars as pl

from insights_assets import planning
from insights_assets.lake.store import Lake
from insights_assets.partitions import range_tags
from insights_assets.tables.operations import SYNC_LOG

INTERVAL_S = 60


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
        sync_log: rows of `sync_log`.
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
    below = {name: _downstream(a.key, assets) for name, a in zip(keys, assets, strict=True)}

    @dg.sensor(
        name="resume_blocked_accounts",
        target=list(assets),
        minimum_interval_seconds=INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Runs the steps of accounts that Meta blocked again, once their `retry_after` has passed.",
    )
    def sensor() -> Iterator[dg.RunRequest | dg.SkipReason]:
        found = due(lake.read(SYNC_LOG), now())
        for each in found:
            steps = [s for s in each.steps if s in keys]
            yield dg.RunRequest(
                run_key=each.run_key,
                asset_selection=sorted({k for s in steps for k in (keys[s], *below[s])}),
                tags={**range_tags([each.account_id], each.weeks), "insights/resumed": "true"},
            )
        if not found:
            yield dg.SkipReason("No blocked account is due.")

    return sensor


def _downstream(key: dg.AssetKey, assets: Sequence[dg.AssetsDefinition]) -> set[dg.AssetKey]:
    """Keys of every asset that depends on this one, directly or not."""
    found: set[dg.AssetKey] = set()
    fresh = {key}
    while fresh:
        fresh = {a.key for a in assets if fresh & set(a.dependency_keys)} - found
        found |= fresh
    return found
