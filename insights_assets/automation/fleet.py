"""What schedules and sensors share: which accounts they may start runs of, and what such a run carries.

Belongs here: accounts in, run requests out. Does not belong here: when (`schedules.py`), why (the sensors).
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import dagster as dg
import polars as pl

from insights_assets import registry
from insights_assets.connection import Gateway
from insights_assets.instance.owners import ACCOUNT_TAG, owner_tags
from insights_assets.lake.store import Lake
from insights_assets.partitions import FIRST_WEEK, monday, range_tags, today_in, weeks_covering
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.completeness import COMPLETENESS, SETTLED_AGE
from insights_assets.timetable import Timetable

REASON_TAG: Final = "insights/reason"
# Runs that were lost (a worker killed, a reboot) start again; a failed step does not: the client has spent its tries.
RETRIES: Final = {"dagster/max_retries": "2", "dagster/retry_on_asset_or_op_failure": "false"}
# A tick submits its runs one after the other, at about 0.1 s each: more wait for the next tick.
MOST_REQUESTS: Final = 100
LONGEST_RUN: Final = timedelta(days=1)
WAITING: Final = (dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED)
WORKING: Final = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)


@dataclass(frozen=True)
class Fleet:
    """The accounts that things may be started for by themselves."""

    lake: Lake
    gateway: Gateway

    def active(self) -> pl.DataFrame:
        """Registry rows of accounts that are switched on and whose token is at hand; nobody is asked."""
        rows = registry.select(self.lake.read(ACCOUNTS), None)
        readable = [self.gateway.can_read(row) for row in rows.iter_rows(named=True)]
        return rows.filter(pl.Series(readable, dtype=pl.Boolean))

    def lookbacks(self, accounts: Collection[str], now: datetime) -> dict[str, int]:
        """Days that a refresh of each account has to read again, as learnt; 28 where nothing is (view refresh_plan)."""
        recent = pl.col("week") >= now.date() - timedelta(days=2 * SETTLED_AGE)
        learnt = (
            self.lake.rows(
                COMPLETENESS,
                ["account_id", "week", "lookback_days"],
                pl.col("account_id").is_in(list(accounts)),
                recent,
            )
            .group_by("account_id")
            .agg(pl.col("lookback_days").sort_by("week").last())
        )
        return dict.fromkeys(accounts, SETTLED_AGE) | dict(learnt.iter_rows())


@dataclass(frozen=True)
class Unfinished:
    """Runs that wait or work: the accounts they are of, and since when the longest of them works."""

    accounts: frozenset[str]
    since: datetime | None


def unfinished(instance: dg.DagsterInstance, now: datetime) -> Unfinished:
    """Look at the runs that have not ended; a working one that is a day old was killed with its process."""
    alive = [
        record
        for record in instance.get_run_records(dg.RunsFilter(statuses=[*WAITING, *WORKING]))
        if record.dagster_run.status in WAITING or record.create_timestamp > now - LONGEST_RUN
    ]
    working = [r.create_timestamp for r in alive if r.dagster_run.status in WORKING]
    names = {r.dagster_run.tags.get(ACCOUNT_TAG) for r in alive}
    return Unfinished(frozenset(n for n in names if n), min(working, default=None))


def refresh_weeks(timezone_name: str, now: datetime, lookback_days: int) -> list[date]:
    """Mondays of the weeks to read again: up to yesterday, for today is still being counted.

    Args:
        timezone_name: the account's time zone.
        now: the instant (UTC).
        lookback_days: how many days before today can still change.
    """
    today = today_in(timezone_name, now)
    weeks = weeks_covering(today - timedelta(days=lookback_days), today - timedelta(days=1))
    return [w for w in weeks if FIRST_WEEK <= w <= monday(now.astimezone(UTC).date())]


def account_request(
    account: Mapping[str, Any], weeks: Sequence[date], *, why: str, run_key: str, **more: Any
) -> dg.RunRequest:
    """Ask for one run over unbroken weeks of one account.

    Args:
        account: its registry row; only account_id and business_id are read.
        weeks: Mondays, sorted.
        why: what asked for it, for people who look at the run.
        run_key: the same for the same work.
        more: other arguments of the request (`asset_selection`).
    """
    return dg.RunRequest(
        run_key=run_key,
        tags={
            **range_tags([account["account_id"]], weeks),
            **owner_tags(account["account_id"], account.get("business_id")),
            **RETRIES,
            REASON_TAG: why,
        },
        **more,
    )


def sensor_status(timetable: Timetable, name: str, mode: str) -> dg.DefaultSensorStatus:
    """Whether a sensor starts switched on."""
    return dg.DefaultSensorStatus.RUNNING if timetable.runs(name, mode=mode) else dg.DefaultSensorStatus.STOPPED


def spans(order: Sequence[str], wanted: Collection[str], allowed: Collection[str]) -> Iterator[tuple[str, ...]]:
    """Cut the partition order into ranges: each begins and ends with a wanted account and has only allowed ones.

    A range run covers every account between its corners. One that is not wanted, only allowed, is computed once too
    often, which changes nothing; one that is switched off is never touched.
    """
    within, run = set(allowed), list[str]()
    for name in [*order, None]:
        if name is not None and name in within:
            run.append(name)
            continue
        hits = [i for i, each in enumerate(run) if each in wanted]
        if hits:
            yield tuple(run[hits[0] : hits[-1] + 1])
        run = []


def draw(*words: str) -> int:
    """A number that is the same on every machine."""
    return int.from_bytes(hashlib.sha256("|".join(words).encode()).digest()[:8])
