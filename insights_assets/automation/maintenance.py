"""The weekly care of a home: join files, remove what is superseded, look whether all is whole. Safe beside a backfill.

Belongs here: the order of the steps, and that one table's trouble stays its own. Does not belong here: a step
(`lake/compaction.py`, `cleaning.py`, `inspection.py`, `instance/retention.py`).
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

import dagster as dg

from insights_assets.automation.schedules import status
from insights_assets.instance.retention import retire_runs
from insights_assets.lake.cleaning import Expiry, expire, tidy_log, vacuum
from insights_assets.lake.compaction import Compacted, compact
from insights_assets.lake.inspection import Inspected, inspect, strays
from insights_assets.lake.store import Lake
from insights_assets.maintenance_settings import MaintenanceSettings
from insights_assets.problems import FailedError
from insights_assets.settings import Settings
from insights_assets.tables.alerts import ALERT_OUTBOX, ALERTS
from insights_assets.tables.model import Table
from insights_assets.tables.operations import QUARANTINE
from insights_assets.timetable import MAINTAIN, Timetable

T = TypeVar("T")
Tell = Callable[[str, int, int], None]
_SHOWN: Final = 20


@dataclass(frozen=True)
class Report:
    """What was done (or, dry, would be) and found.

    `problems` need a person; `left` is what others were busy with and the next time will do.
    """

    dry_run: bool
    tables: tuple[Inspected, ...]
    compacted: tuple[Compacted, ...]
    removed_files: int
    expired_rows: dict[str, int]
    removed_runs: int
    strays: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def left(self) -> tuple[str, ...]:
        """Sentences on what was left as it is."""
        return tuple(sentence for each in self.compacted for sentence in each.skipped)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "left": self.left}


def maintain(
    lake: Lake,
    tables: Iterable[Table],
    instance: dg.DagsterInstance,
    told: MaintenanceSettings,
    now: datetime,
    *,
    dry_run: bool = False,
    tell: Tell = lambda stage, done, total: None,  # noqa: ARG005
) -> Report:
    """Take care of a home.

    Args:
        lake: the lake.
        tables: its tables.
        instance: Dagster's instance of the home.
        told: the settings.
        now: the instant that counts as now (UTC).
        dry_run: change nothing.
        tell: called with (stage, done, total).
    """
    every, problems = list(tables), []

    def attempt(do: Callable[[], T]) -> T | None:
        try:
            return do()
        except FailedError as error:
            problems.append(str(error))
            return None

    def each(stage: str, do: Callable[[Table], T]) -> list[T]:
        results = []
        for place, table in enumerate(every):
            if (done := attempt(partial(do, table))) is not None:
                results.append(done)
            tell(stage, place + 1, len(every))
        return results

    compacted = each("compact", lambda t: compact(lake, t, from_files=told.compact_from_files, dry_run=dry_run))
    removed = each("vacuum", lambda t: vacuum(lake, t, keep_h=told.keep_files_h, dry_run=dry_run))
    expired = {
        expiry.table.name: attempt(partial(expire, lake, expiry, now - timedelta(days=days), dry_run=dry_run))
        for expiry, days in _expiries(told)
    }
    if not dry_run:
        each("log", lambda t: tidy_log(lake, t))
    runs = attempt(partial(retire_runs, instance, now, told.keep_runs_days, dry_run=dry_run))
    week = f"{now:%G-W%V}"
    looked = each("check", lambda t: inspect(lake, t, accounts=told.checked_accounts, draw=week))
    others = attempt(partial(strays, lake, every))
    problems += [sentence for found in looked for sentence in found.problems]
    return Report(
        dry_run=dry_run,
        tables=tuple(looked),
        compacted=tuple(c for c in compacted if c.accounts),
        removed_files=sum(map(len, removed)),
        expired_rows={name: rows for name, rows in expired.items() if rows},
        removed_runs=runs or 0,
        strays=tuple(others or ()),
        problems=tuple(dict.fromkeys(problems)),
    )


def _expiries(told: MaintenanceSettings) -> list[tuple[Expiry, int]]:
    every = [
        (Expiry(QUARANTINE, "observed_at"), told.keep_quarantine_days),
        (Expiry(ALERT_OUTBOX, "delivered_at"), told.keep_alerts_days),
        (Expiry(ALERTS, "resolved_at"), told.keep_alerts_days),
    ]
    return [(expiry, days) for expiry, days in every if days]


def maintenance(lake: Lake, tables: Iterable[Table], settings: Settings) -> tuple[Any, dg.ScheduleDefinition]:
    """Make the job and its weekly schedule.

    Args:
        lake: the lake.
        tables: its tables.
        settings: with `maintenance` and the timetable.
    """
    every, timetable = list(tables), settings.schedules

    @dg.op(name=f"{MAINTAIN}_lake", description="Compacts, vacuums, retires and checks; fails when something is wrong.")
    def care(context: dg.OpExecutionContext) -> None:
        report = maintain(lake, every, context.instance, settings.maintenance, settings.now())
        counts = {name: value for name, value in report.as_dict().items() if isinstance(value, int)}
        context.log.info("%s; compacted %s", counts, [c.table for c in report.compacted])
        if report.problems:
            raise dg.Failure("\n".join(report.problems[:_SHOWN]))

    @dg.job(name=MAINTAIN, description="`insights maintain`: the weekly care of the lake and of Dagster's instance.")
    def job() -> None:
        care()

    return job, _schedule(job, timetable, settings.mode)


def _schedule(job: Any, timetable: Timetable, mode: str) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=MAINTAIN,
        job=job,
        cron_schedule=timetable.maintain_cron,
        execution_timezone="UTC",
        default_status=status(timetable, MAINTAIN, mode),
        description="Once a week, when little else runs.",
    )
