"""The version watchdog by the clock: discovery may run seldom, and an expiry does not wait for it.

Belongs here: when the check of the pinned Graph API version runs by itself. The dates are in
`checks/graph_versions.py`.
"""

import dagster as dg

from insights_assets.assets.accounts import accounts
from insights_assets.checks.graph_versions import CHECK_NAME

job = dg.define_asset_job(
    "watch_graph_version",
    selection=dg.AssetSelection.checks(dg.AssetCheckKey(accounts.key, CHECK_NAME)),
    description="Checks how long the pinned Graph API version still works; asks nobody.",
)
schedule = dg.ScheduleDefinition(
    name="watch_graph_version",
    job=job,
    cron_schedule="15 2 * * *",
    execution_timezone="UTC",
    description="Once a day.",
)
