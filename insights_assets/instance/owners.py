"""Which account and business a run is of, in its tags, whoever starts it: the UI, a backfill, a sensor, a command.

`dagster.yaml` limits concurrent runs by `insights/business_id`, because Meta's limits are shared by a business. Runs
that are started from the UI know nothing of that tag, so the run queue adds it when it takes them in (docs/adr/0014).
https://docs.dagster.io/deployment/execution/run-coordinators
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Final

from dagster import DagsterRun, QueuedRunCoordinator, SubmitRunContext

from insights_assets.lake.store import Lake
from insights_assets.partitions import split_key
from insights_assets.problems import FailedError, InputError
from insights_assets.settings import load_settings
from insights_assets.tables.accounts import ACCOUNTS

ACCOUNT_TAG: Final = "insights/account_id"
BUSINESS_TAG: Final = "insights/business_id"
PARTITION_TAGS: Final = (
    "dagster/partition",
    "dagster/asset_partition_range_start",
    "dagster/asset_partition_range_end",
)
REMEMBERED_S: Final = 60.0
logger = logging.getLogger(__name__)


def owner_tags(account_id: str, business_id: str | None) -> dict[str, str]:
    """Tags of a run of one account."""
    return {ACCOUNT_TAG: account_id, **({BUSINESS_TAG: business_id} if business_id else {})}


def account_of(tags: Mapping[str, str]) -> str | None:
    """The account of a run's partitions, from Dagster's own tags; None when it is of several, or of none."""
    keys = [tags[name] for name in PARTITION_TAGS if name in tags]
    accounts = {split_key(key)[0] for key in keys if "|" in key}
    return accounts.pop() if len(accounts) == 1 else None


class OwnerTaggingRunCoordinator(QueuedRunCoordinator):
    """The stock run queue; a run of one account gets its account's and business's tags before it is queued."""

    _owners: Mapping[str, str | None] | None = None
    _read_at = 0.0

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        """Add the tags that are missing, then queue the run."""
        run = context.dagster_run
        account = account_of(run.tags)
        if account is not None:
            tags = owner_tags(account, self._owner(account, time.monotonic))
            missing = {name: value for name, value in tags.items() if name not in run.tags}
            if missing:
                self._instance.add_run_tags(run.run_id, missing)
        return super().submit_run(context)

    def _owner(self, account: str, clock: Callable[[], float]) -> str | None:
        """The account's business, by the registry as it was a minute ago at most."""
        if self._owners is None or clock() - self._read_at > REMEMBERED_S:
            try:
                rows = Lake(load_settings().lake).rows(ACCOUNTS, ["account_id", "business_id"])
            except (FailedError, InputError) as error:
                # A run without the tag is better than none.
                logger.warning("The registry cannot be read, so a run is queued without its business: %s", error)
                return None
            self._owners, self._read_at = dict(rows.iter_rows()), clock()
        return self._owners.get(account)
