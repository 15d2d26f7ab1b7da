"""The code location of the fleet's test: the real one, and one of its jobs each minute instead of each night."""

import dagster as dg

from insights_assets.definitions import build_defs

defs = dg.Definitions.merge(
    build_defs(),
    dg.Definitions(
        schedules=[
            dg.ScheduleDefinition(
                name="each_minute",
                job_name="watch_graph_version",
                cron_schedule="* * * * *",
                default_status=dg.DefaultScheduleStatus.RUNNING,
            )
        ]
    ),
)
