"""The sensor of stale data: an account whose young weeks were not read for too long is refreshed out of turn.

It mends what schedules cannot: ticks missed while the daemon was down, runs that failed for a passing reason.
Idempotent: one run key an account and day.
https://docs.dagster.io/guides/automate/sensors
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import polars as pl

from insights_assets.automation.fleet import (
    MOST_REQUESTS,
    Fleet,
    account_request,
    refresh_weeks,
    sensor_status,
    unfinished,
)
from insights_assets.automation.jobs import Job
from insights_assets.partitions import ACCOUNT
from insights_assets.tables.completeness import SHORTEST_LOOKBACK
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.operations import SYNC_LOG
from insights_assets.timetable import Timetable

NAME = "refresh_stale"
INTERVAL_S = 900


def stale_accounts(active: pl.DataFrame, fresh: set[tuple[str, date]], now: datetime) -> list[str]:
    """Accounts with a week of the last 7 days that is not among the fresh ones.

    Args:
        active: rows with account_id and timezone_name.
        fresh: (account, week) of `insights_daily` that were read lately.
        now: the instant (UTC).
    """
    return [
        account_id
        for account_id, zone in active.select("account_id", "timezone_name").iter_rows()
        if any((account_id, week) not in fresh for week in refresh_weeks(zone, now, SHORTEST_LOOKBACK))
    ]


def stale_sensor(
    job: Job, fleet: Fleet, timetable: Timetable, now: Callable[[], datetime], *, mode: str
) -> dg.SensorDefinition:
    """Make the sensor.

    Args:
        job: the refresh of one account.
        fleet: the accounts.
        timetable: says after how many hours data is stale.
        now: the clock.
        mode: of the settings.
    """

    @dg.sensor(
        name=NAME,
        job=job,
        minimum_interval_seconds=INTERVAL_S,
        default_status=sensor_status(timetable, NAME, mode),
        description=f"Refreshes accounts whose last 7 days were not read for {timetable.stale_after_h:g} hours.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        instant = now()
        active = fleet.active()
        active = active.filter(pl.col("account_id").is_in(context.instance.get_dynamic_partitions(ACCOUNT)))
        found = stale_accounts(active, _fresh(fleet, instant, timetable.stale_after_h), instant)
        busy = unfinished(context.instance, instant).accounts if found else frozenset()
        chosen = [name for name in found if name not in busy][:MOST_REQUESTS]
        lookbacks = fleet.lookbacks(chosen, instant) if chosen else {}
        for row in active.filter(pl.col("account_id").is_in(chosen)).iter_rows(named=True):
            name = row["account_id"]
            weeks = refresh_weeks(row["timezone_name"], instant, lookbacks[name])
            day = instant.astimezone(UTC).date()
            yield account_request(row, weeks, why="stale", run_key=f"stale|{name}|{day}")
        if not chosen:
            yield dg.SkipReason(f"{len(found)} of {active.height} active accounts are stale, and work is under way.")

    return sensor


def _fresh(fleet: Fleet, now: datetime, allowed_h: float) -> set[tuple[str, date]]:
    rows = fleet.lake.rows(
        SYNC_LOG,
        ["account_id", "week"],
        pl.col("finished_at") > now - timedelta(hours=allowed_h),
        pl.col("status") == "ok",
        pl.col("step") == INSIGHTS_DAILY.name,
    )
    return set(rows.unique().iter_rows())
