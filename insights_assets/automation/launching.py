"""Everything that starts by the timetable: its jobs, schedules and sensors, for a graph and its settings.

Belongs here: wiring. Does not belong here: any rule of one of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from insights_assets.automation.fleet import Fleet
from insights_assets.automation.jobs import Job, fleet_jobs, name_of, refresh_job, refresh_steps, steps_of
from insights_assets.automation.register import register_sensor
from insights_assets.automation.restated import restated_sensor
from insights_assets.automation.resume import downstream
from insights_assets.automation.schedules import fleet_schedule, refresh_schedule
from insights_assets.automation.stale import stale_sensor
from insights_assets.lineage import lineage_of
from insights_assets.settings import Settings
from insights_assets.tables.insights import INSIGHTS_DAILY


@dataclass(frozen=True)
class Launching:
    """Parts of the code location."""

    jobs: Sequence[Job]
    schedules: Sequence[dg.ScheduleDefinition]
    sensors: Sequence[dg.SensorDefinition]


def launching(assets: Sequence[dg.AssetsDefinition], resources: Mapping[str, Any], settings: Settings) -> Launching:
    """Make jobs, schedules and sensors.

    Args:
        assets: the partitioned assets.
        resources: `lake`, `gateway` and `clock`.
        settings: with the timetable.
    """
    timetable, mode, now = settings.schedules, settings.mode, resources["clock"]
    graph = lineage_of(assets)
    fleet = Fleet(resources["lake"], resources["gateway"])
    jobs = fleet_jobs(assets)
    refreshed = refresh_steps(assets, timetable, mode=mode)
    refresh = refresh_job(assets, refreshed)
    (daily,) = (a.key for a in assets if name_of(a) == INSIGHTS_DAILY.name)
    follows = [key for key in sorted(downstream(daily, assets)) if key.path[-1] in refreshed]
    return Launching(
        jobs=[*jobs.values(), refresh],
        schedules=[
            *(
                fleet_schedule(s, steps_of(s, assets), job, fleet, timetable, graph, mode=mode)
                for s, job in jobs.items()
            ),
            refresh_schedule(refresh, fleet, timetable, mode=mode),
        ],
        sensors=[
            register_sensor(refresh, fleet, timetable, now, mode=mode),
            restated_sensor(refresh, follows, fleet, timetable, now, graph, mode=mode),
            stale_sensor(refresh, fleet, timetable, now, mode=mode),
        ],
    )
