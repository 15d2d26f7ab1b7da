"""The schedules: each fleet job at its hour, where something is stale; each account's refresh in its own early morning.

Belongs here: what a tick asks for. A tick looks at its scheduled time and never at the clock, so a late or repeated
one asks for the same runs. Does not belong here: the hours (`timetable.py`), what a job runs (`jobs.py`).
https://docs.dagster.io/guides/automate/schedules
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import dagster as dg
import polars as pl

from insights_assets import planning
from insights_assets.automation.fleet import (
    REASON_TAG,
    RETRIES,
    WAITING,
    WORKING,
    Fleet,
    account_request,
    draw,
    refresh_weeks,
    spans,
)
from insights_assets.automation.jobs import Job
from insights_assets.partitions import ACCOUNT, monday, range_tags, today_in
from insights_assets.planning import Lineage
from insights_assets.tables.operations import SYNC_LOG
from insights_assets.timetable import REFRESH, Slot, Timetable

PERIOD: Final = timedelta(minutes=10)
# Inputs that are older than this were seen by an earlier tick; what the window leaves out is not read from the lake.
WATCHED: Final = timedelta(days=8)


def status(timetable: Timetable, name: str, mode: str) -> dg.DefaultScheduleStatus:
    """Whether a schedule starts switched on."""
    on = timetable.runs(name, mode=mode)
    return dg.DefaultScheduleStatus.RUNNING if on else dg.DefaultScheduleStatus.STOPPED


def fleet_schedule(
    slot: Slot, steps: Sequence[str], job: Job, fleet: Fleet, timetable: Timetable, graph: Lineage, *, mode: str
) -> dg.ScheduleDefinition:
    """Make the schedule of a fleet job.

    Args:
        slot: its place in the timetable.
        steps: the assets of the job.
        job: the job.
        fleet: the accounts.
        timetable: the settings.
        graph: what its steps are made from.
        mode: of the settings.
    """

    @dg.schedule(
        name=slot.name,
        job=job,
        cron_schedule=timetable.cron(slot),
        execution_timezone=timetable.time_zone,
        default_status=status(timetable, slot.name, mode),
        description=f"{', '.join(steps)} of every active account, in one run, where their inputs are newer.",
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        at = context.scheduled_execution_time.astimezone(UTC)
        running = dg.RunsFilter(job_name=slot.name, statuses=[*WAITING, *WORKING])
        if context.instance.get_runs_count(running):
            yield dg.SkipReason("An earlier run of this job has not ended.")
            return
        active = fleet.active()["account_id"].to_list()
        stale = stale_partitions(fleet, slot, steps, at, graph).filter(pl.col("account_id").is_in(active))
        weeks = sorted(stale["week"].unique())
        order = context.instance.get_dynamic_partitions(ACCOUNT)
        for accounts in spans(order, set(stale["account_id"]), active):
            yield dg.RunRequest(
                run_key=f"{slot.name}|{at.isoformat()}|{accounts[0]}",
                tags={**range_tags(accounts, weeks), **RETRIES, REASON_TAG: "schedule"},
            )
        if not weeks:
            yield dg.SkipReason(f"None of {len(active)} active accounts has newer inputs.")

    return schedule


def stale_partitions(fleet: Fleet, slot: Slot, steps: Sequence[str], at: datetime, graph: Lineage) -> pl.DataFrame:
    """Partitions (account_id, week) of a slot whose inputs are newer, or that were never made, as of a tick."""
    newest = monday(at.date())
    weeks = [newest - timedelta(weeks=n) for n in range(slot.weeks)]
    inputs = [each for step in steps for each in graph.above[step]]
    depth = max(back for _, back in inputs)
    log = fleet.lake.rows(
        SYNC_LOG,
        ["account_id", "week", "step", "finished_at"],
        pl.col("finished_at") > at - WATCHED,
        pl.col("status") == "ok",
        pl.col("step").is_in([*steps, *(name for name, _ in inputs)]),
        pl.col("week") >= min(weeks) - timedelta(weeks=depth),
    )
    return planning.newer_inputs(log, steps, weeks, graph)


def refresh_schedule(job: Job, fleet: Fleet, timetable: Timetable, *, mode: str) -> dg.ScheduleDefinition:
    """Make the schedule that refreshes each account once a day, at a minute of its own early morning.

    Args:
        job: the refresh of one account.
        fleet: the accounts.
        timetable: the settings.
        mode: of the settings.
    """
    first, last = timetable.refresh_from, timetable.refresh_until

    @dg.schedule(
        name=REFRESH,
        job=job,
        cron_schedule="*/10 * * * *",
        execution_timezone="UTC",
        default_status=status(timetable, REFRESH, mode),
        description=f"Every account once a day, at a minute of its own between {first:%H:%M} and {last:%H:%M} of its "
        "time zone, by its learnt lookback.",
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        at = context.scheduled_execution_time.astimezone(UTC)
        known = set(context.instance.get_dynamic_partitions(ACCOUNT))
        due = [
            (row, day)
            for row in fleet.active().iter_rows(named=True)
            if row["account_id"] in known
            and (day := due_day(row["account_id"], row["timezone_name"], at, first, last)) is not None
        ]
        lookbacks = fleet.lookbacks([row["account_id"] for row, _ in due], at) if due else {}
        for row, day in due:
            weeks = refresh_weeks(row["timezone_name"], at, lookbacks[row["account_id"]])
            yield account_request(row, weeks, why="refresh", run_key=f"refresh|{row['account_id']}|{day}")
        if not due:
            yield dg.SkipReason("No account is due in these ten minutes.")

    return schedule


def due_at(account_id: str, timezone_name: str, day: date, first: time, last: time) -> datetime:
    """The instant (UTC) of an account's refresh on a calendar day of its own.

    The minute is drawn from the account's id, so a fleet is spread. Every day has exactly one instant, also where the
    clocks change: a time that does not exist is read by the offset before it, of one that comes twice the first counts
    (PEP 495).
    """
    minutes = (last.hour - first.hour) * 60 + last.minute - first.minute
    start = datetime.combine(day, first, ZoneInfo(timezone_name))
    return (start + timedelta(minutes=draw("refresh", account_id) % minutes)).astimezone(UTC)


def due_day(account_id: str, timezone_name: str, at: datetime, first: time, last: time) -> date | None:
    """The account's calendar day whose refresh falls into the ten minutes that end with a tick, if any."""
    today = today_in(timezone_name, at)
    for day in (today, today - timedelta(days=1)):
        if at - PERIOD < due_at(account_id, timezone_name, day, first, last) <= at:
            return day
    return None
