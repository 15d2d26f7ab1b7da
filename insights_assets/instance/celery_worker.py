"""The app of the Celery workers: that of the run launcher in `$DAGSTER_HOME/dagster.yaml`, so both always agree.

`celery -A insights_assets.instance.celery_worker worker -Q dagster --concurrency 2`
"""

import os

from dagster._core.instance import InstanceRef
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tasks import create_execute_job_task

from insights_assets.settings import SettingsError


def launcher_of(home: str | None) -> CeleryRunLauncher:
    """The run launcher that a Dagster home names; no database is opened, since workers fork.

    Raises:
        SettingsError: there is no home, or it launches runs in another way.
    """
    if not home:
        raise SettingsError("DAGSTER_HOME is not set; name the folder that has the dagster.yaml of deploy/celery.")
    launcher = InstanceRef.from_dir(home).run_launcher
    if not isinstance(launcher, CeleryRunLauncher):
        raise SettingsError(f"{home}/dagster.yaml launches runs without Celery; use that of deploy/celery.")
    return launcher


app = launcher_of(os.environ.get("DAGSTER_HOME")).celery
execute_job = create_execute_job_task(app)
