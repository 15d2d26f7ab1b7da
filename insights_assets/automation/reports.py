"""Reports as assets: the day's, the week's and the year's page of the whole fleet, written, shown in the UI and told.

Belongs here: the assets, their jobs and schedules. Does not belong here: what a report says (`serving/`), the hours
(`timetable.py`).
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import dagster as dg

from insights_assets.assets.declare import OWNERS, key_of
from insights_assets.automation.fleet import REASON_TAG, RETRIES
from insights_assets.automation.jobs import Job
from insights_assets.automation.schedules import status
from insights_assets.settings import Settings
from insights_assets.tables.anomalies import ANOMALIES_AD
from insights_assets.tables.burnout_predictions import BURNOUT_PREDICTIONS
from insights_assets.tables.features import FEATURES_AD
from insights_assets.tables.forecasts import FORECASTS
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.prediction_scores import PREDICTION_SCORES
from insights_assets.tables.recommendations import RECOMMENDATIONS
from insights_assets.tables.results import RESULTS_DAILY
from insights_assets.timetable import REPORTS, Timetable

GROUP: Final = "reports"
READ = (INSIGHTS_DAILY, RESULTS_DAILY, FEATURES_AD, ANOMALIES_AD, BURNOUT_PREDICTIONS, PREDICTION_SCORES)
ABOUT: Mapping[str, str] = {
    "daily": "Yesterday beside the day before and the same weekday a week ago",
    "weekly": "The last whole week beside the one before and the median of four",
    "yearly": "The year beside the one before, month by month, with its best and worst weeks",
}


class ReportConfig(dg.Config):
    """Which period: `date` (YYYY-MM-DD) is a day of it; empty: the newest."""

    date: str = ""


def report_asset(kind: str) -> dg.AssetsDefinition:
    """The asset of one kind of report.

    Args:
        kind: daily, weekly or yearly.
    """

    @dg.asset(
        key=[GROUP, f"report_{kind}"],
        group_name=GROUP,
        kinds={"python", "polars"},
        owners=OWNERS,
        description=f"{ABOUT[kind]}: what changed, what burns, what to do, what to expect, can it be trusted.\n\n"
        "One HTML page for all accounts with CSV and Excel beside it, and a message to the sinks that ask for it.",
        deps=[key_of(t) for t in (*READ, FORECASTS["account"], *RECOMMENDATIONS.values())],
        required_resource_keys={"lake", "clock", "settings"},
    )
    def report(context: dg.AssetExecutionContext, config: ReportConfig) -> dg.MaterializeResult[Any]:
        settings: Settings = context.resources.settings
        lake, now = context.resources.lake, context.resources.clock()
        day = date.fromisoformat(config.date) if config.date else None
        # Imported here: drawing takes half a second to import, and each run is a process that imports this module.
        from insights_assets.automation.report_publishing import publish  # noqa: PLC0415

        return dg.MaterializeResult(metadata=publish(lake, settings, kind, now=now, day=day))

    return report


REPORT_ASSETS = {kind: report_asset(kind) for kind in ABOUT}


def report_jobs() -> dict[str, Job]:
    """One job for each report, by its name in the timetable."""
    return {
        f"report_{kind}": dg.define_asset_job(f"report_{kind}", selection=dg.AssetSelection.assets(asset.key))
        for kind, asset in REPORT_ASSETS.items()
    }


def report_schedule(name: str, job: Job, timetable: Timetable, *, mode: str) -> dg.ScheduleDefinition:
    """The schedule of a report.

    Args:
        name: report_daily, report_weekly or report_yearly.
        job: of that name.
        timetable: the settings.
        mode: of the settings.
    """

    @dg.schedule(
        name=name,
        job=job,
        cron_schedule=timetable.report_cron(name),
        execution_timezone=timetable.time_zone,
        default_status=status(timetable, name, mode),
        description=f"{ABOUT[name.removeprefix('report_')]}, of all accounts.",
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
        day = day_of(name, context.scheduled_execution_time)
        config = {"ops": {f"{GROUP}__{name}": {"config": {"date": day.isoformat()}}}}
        yield dg.RunRequest(run_key=f"{name}|{day}", run_config=config, tags={**RETRIES, REASON_TAG: "schedule"})

    return schedule


def day_of(name: str, at: datetime) -> date:
    """A day of the period that a tick is about: yesterday, last week, last year; the same however late it runs."""
    today = at.astimezone(UTC).date()
    if name == "report_yearly":
        return date(today.year - 1, 12, 31)
    return today - timedelta(days=1 if name == "report_daily" else 7)


def report_schedules(timetable: Timetable, *, mode: str) -> tuple[list[Job], list[dg.ScheduleDefinition]]:
    """Jobs and schedules of the reports."""
    jobs = report_jobs()
    return list(jobs.values()), [report_schedule(name, jobs[name], timetable, mode=mode) for name in REPORTS]
