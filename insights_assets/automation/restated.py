"""The sensor of restatements: where a re-read changed raw values and nothing followed, what is downstream runs again.

A refresh computes what follows in its own run; the tail audit and a materialization by hand do not. Idempotent: one run
key for each account, weeks and newest restatement. The cursor is the instant up to which every restatement has been
requested or seen to be followed; work that has not ended holds it back, for its rows may come late.
https://docs.dagster.io/guides/automate/sensors
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import dagster as dg
import polars as pl

from insights_assets.automation.fleet import MOST_REQUESTS, Fleet, account_request, sensor_status, unfinished
from insights_assets.automation.jobs import Job
from insights_assets.partitions import monday
from insights_assets.planning import Lineage
from insights_assets.tables.operations import SYNC_LOG
from insights_assets.tables.restatements import RESTATEMENTS
from insights_assets.timetable import Timetable

NAME = "refresh_restated"
INTERVAL_S = 300
# From the reading of a value to its row in the ledger: a write, once the run is not seen as working any more.
GRACE = timedelta(minutes=15)
# How far a first tick looks back.
FIRST_LOOK = timedelta(days=7)
# A tick looks at so many accounts, those that were restated first: what was made of them is in files of their own,
# at 0.4 ms each.
MOST_ACCOUNTS = 200


@dataclass(frozen=True)
class Restated:
    """Weeks of one account from the first restated one to the last one that depends on any; newest restatement."""

    account_id: str
    weeks: tuple[date, ...]
    observed_at: datetime


def unfollowed(moved: pl.DataFrame, log: pl.DataFrame, steps: Sequence[str]) -> pl.DataFrame:
    """Restated partitions of which some step was not made since, or never.

    Args:
        moved: account_id, week, observed_at of restatements, one row a partition.
        log: account_id, week, step, finished_at of successes.
        steps: what has to follow.

    Returns:
        Those rows of `moved`.
    """
    wanted = moved.join(pl.DataFrame({"step": list(steps)}, schema={"step": pl.String}), how="cross")
    made = log.group_by("account_id", "week", "step").agg(pl.col("finished_at").max())
    late = wanted.join(made, on=["account_id", "week", "step"], how="left").filter(
        pl.col("finished_at").is_null() | (pl.col("finished_at") < pl.col("observed_at"))
    )
    return moved.join(late, on=["account_id", "week"], how="semi", maintain_order="left")


def affected(rows: pl.DataFrame, reach: int, newest: date) -> list[Restated]:
    """Join the restated weeks of each account into one range, with the weeks that look back on them.

    Args:
        rows: account_id, week, observed_at.
        reach: how many weeks later a step still looks back.
        newest: the running week.
    """
    spans = rows.group_by("account_id").agg(
        pl.col("week").min().alias("first"), pl.col("week").max().alias("last"), pl.col("observed_at").max()
    )
    found = []
    for name, first, last, observed_at in spans.sort("account_id").iter_rows():
        end = max(last, min(newest, last + timedelta(weeks=reach)))
        count = (end - first).days // 7 + 1
        found.append(Restated(name, tuple(first + timedelta(weeks=n) for n in range(count)), observed_at))
    return found


def reach_of(steps: Sequence[str], graph: Lineage) -> int:
    """Weeks over which a change of a raw week travels through steps: lookbacks add up along the longest way."""

    def travelled(step: str) -> int:
        return max((back + travelled(name) for name, back in graph.above.get(step, ())), default=0)

    return max(map(travelled, steps), default=0)


def restated_sensor(
    job: Job,
    steps: Sequence[dg.AssetKey],
    fleet: Fleet,
    timetable: Timetable,
    now: Callable[[], datetime],
    graph: Lineage,
    *,
    mode: str,
) -> dg.SensorDefinition:
    """Make the sensor.

    Args:
        job: the refresh of one account; its derived assets run, its raw ones do not.
        steps: assets of the job that follow from `insights_daily`.
        fleet: the accounts.
        timetable: the settings.
        now: the clock.
        graph: what its steps are made from.
        mode: of the settings.
    """
    names = [key.path[-1] for key in steps]
    reach = reach_of(names, graph)

    @dg.sensor(
        name=NAME,
        job=job,
        minimum_interval_seconds=INTERVAL_S,
        default_status=sensor_status(timetable, NAME, mode),
        description="Computes again what follows from weeks whose raw values a re-read has changed.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        instant = now()
        since = datetime.fromisoformat(context.cursor) if context.cursor else instant - FIRST_LOOK
        work = unfinished(context.instance, instant)
        until = min(instant - GRACE, work.since or instant)
        moved = _restated(fleet, since, until)
        if moved.is_empty():
            return dg.SkipReason("Nothing was restated since the last look.")
        accounts = fleet.active().filter(pl.col("account_id").is_in(moved["account_id"].unique().to_list()))
        rows = {row["account_id"]: row for row in accounts.iter_rows(named=True)}
        open_ = unfollowed(moved.filter(pl.col("account_id").is_in(list(rows))), _made(fleet, moved, names), names)
        ready = affected(open_.filter(~pl.col("account_id").is_in(list(work.accounts))), reach, monday(instant.date()))
        chosen = ready[:MOST_REQUESTS]
        held = open_.filter(~pl.col("account_id").is_in([each.account_id for each in chosen]))
        # Followed or requested up to here; a microsecond is the step of the instants in the ledger.
        done = held["observed_at"].min() if held.height else None
        latest = moved["observed_at"].max()
        cursor = done - timedelta(microseconds=1) if isinstance(done, datetime) else latest
        requests = [
            account_request(
                rows[each.account_id],
                each.weeks,
                why="restated",
                run_key=f"restated|{each.account_id}|{each.weeks[0]}|{each.weeks[-1]}|{each.observed_at.isoformat()}",
                asset_selection=list(steps),
            )
            for each in chosen
        ]
        told = (
            None if requests else dg.SkipReason(f"{moved.height} partitions were restated; all are followed or wait.")
        )
        return dg.SensorResult(
            run_requests=requests, skip_reason=told, cursor=cursor.isoformat() if isinstance(cursor, datetime) else None
        )

    return sensor


def _restated(fleet: Fleet, since: datetime, until: datetime) -> pl.DataFrame:
    rows = fleet.lake.rows(
        RESTATEMENTS,
        ["account_id", "week", "observed_at"],
        pl.col("observed_at") > since,
        pl.col("observed_at") <= until,
    )
    moved = rows.group_by("account_id", "week").agg(pl.col("observed_at").max()).sort("account_id", "week")
    turns = moved.group_by("account_id").agg(pl.col("observed_at").min())["observed_at"].sort()
    return moved.filter(pl.col("observed_at") <= turns[MOST_ACCOUNTS - 1]) if turns.len() > MOST_ACCOUNTS else moved


def _made(fleet: Fleet, moved: pl.DataFrame, steps: Sequence[str]) -> pl.DataFrame:
    return fleet.lake.rows(
        SYNC_LOG,
        ["account_id", "week", "step", "finished_at"],
        # Only what was made after the oldest of them can follow it.
        pl.col("finished_at") >= moved["observed_at"].min(),
        pl.col("account_id").is_in(moved["account_id"].unique().to_list()),
        pl.col("status") == "ok",
        pl.col("step").is_in(list(steps)),
        pl.col("week") >= moved["week"].min(),
    )
