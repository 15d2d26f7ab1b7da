"""The sensor of the registry: accounts of the lake's table become partitions, and new ones get their first weeks.

Belongs here: what is new. Idempotent: one run key an account for ever; the cursor keeps who was asked for and has not
landed, so that a tick goes on where the last one stopped.
https://docs.dagster.io/guides/automate/sensors
"""

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import dagster as dg

from insights_assets.automation.fleet import (
    MOST_REQUESTS,
    Fleet,
    account_request,
    refresh_weeks,
    sensor_status,
    unfinished,
)
from insights_assets.automation.jobs import Job
from insights_assets.partitions import ACCOUNT, DAYS, accounts_partitions
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.timetable import Timetable

NAME = "register_accounts"
INTERVAL_S = 60


def register_sensor(
    job: Job, fleet: Fleet, timetable: Timetable, now: Callable[[], datetime], *, mode: str
) -> dg.SensorDefinition:
    """Make the sensor.

    Args:
        job: the refresh of one account.
        fleet: the accounts; those switched off, or without a token, become no partitions and get no run.
        timetable: says how many weeks a new account is read back.
        now: the clock.
        mode: of the settings.
    """

    @dg.sensor(
        name=NAME,
        job=job,
        minimum_interval_seconds=INTERVAL_S,
        default_status=sensor_status(timetable, NAME, mode),
        description="Makes every active account of the registry a partition and reads the first weeks of new ones.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        active = fleet.active()
        known = set(context.instance.get_dynamic_partitions(ACCOUNT))
        added = [name for name in active["account_id"] if name not in known]
        empty = set(active["account_id"]) - fleet.lake.accounts_of(INSIGHTS_DAILY)
        asked = set(json.loads(context.cursor or "[]")) & empty
        waiting = empty - asked
        busy = unfinished(context.instance, now()).accounts if waiting else frozenset()
        chosen = sorted(waiting - busy)[:MOST_REQUESTS]
        if not added and not chosen:
            return dg.SkipReason(f"All of {active.height} active accounts are partitions and have data or a first run.")
        rows = {row["account_id"]: row for row in active.iter_rows(named=True)}
        requests = [_first_run(rows[name], timetable.initial_weeks, now()) for name in chosen]
        return dg.SensorResult(
            run_requests=requests,
            dynamic_partitions_requests=[accounts_partitions.build_add_request(added)] if added else [],
            cursor=json.dumps(sorted(asked | set(chosen))) if chosen else None,
        )

    return sensor


def _first_run(account: dict[str, Any], weeks: int, now: datetime) -> dg.RunRequest:
    span: Sequence[date] = refresh_weeks(account["timezone_name"], now, weeks * DAYS)[-weeks:]
    return account_request(account, span, why="new account", run_key=f"first|{account['account_id']}")
