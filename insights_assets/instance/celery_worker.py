"""The app of the Celery workers: that of the run launcher in `$DAGSTER_HOME/dagster.yaml`, so both always agree.

`celery -A insights_assets.instance.celery_worker worker -Q dagster --concurrency 2`
"""

import os

from dagster_celery.tasks import create_execute_job_task

from insights_assets.instance.celery_runs import launcher_of

app = launcher_of(os.environ.get("DAGSTER_HOME")).celery
execute_job = create_execute_job_task(app)
