"""The tail audit: once a month a few weeks older than 28 days of each account are read again.

Belongs here: which weeks, and when. What the re-read changes is in `restatements` (age above 28 days); more than 1 %
turns the check `tail_restatement` of `insights_daily` to a warning.
https://docs.dagster.io/guides/automate/schedules
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from insights_assets import registry
from insights_assets.assets.insights import insights_daily
from insights_assets.automation.fleet import draw
from insights_assets.instance.owners import owner_tags
from insights_assets.lake.store import Lake
from insights_assets.partitions import DAYS, SETTLED_AFTER_DAYS, key, split_key, today_in
from insights_assets.tables.accounts import ACCOUNTS

WEEKS_AN_AUDIT = 2
DUE_DAYS = 28  # every month has them
SERVED_DAYS = 1096  # Meta serves 37 months; one is left as a margin

job = dg.define_asset_job(
    "tail_audit",
    selection=dg.AssetSelection.assets(insights_daily),
    description="Reads old weeks of daily insights again, to see whether what counts as settled still moves.",
)


def due_day(account_id: str) -> int:
    """The day of the month (1 to 28) on which an account is audited: the fleet is spread over the month."""
    return 1 + draw(account_id) % DUE_DAYS


def sample(account_id: str, month: date, weeks: Iterable[date], today: date) -> list[date]:
    """Choose the weeks to read again.

    A week is never audited in two months running: odd months take from one half of the weeks, even months from the
    other. Within its half the choice is drawn from the account and the month, so asking twice gives the same.

    Args:
        account_id: the account.
        month: any day of the month of the audit.
        weeks: Mondays of the weeks that were read before.
        today: the account's calendar day; weeks with a day of 28 days or less are not old, and those that Meta no
            longer serves are left alone.

    Returns:
        Up to two Mondays, sorted.
    """
    half = (month.year * 12 + month.month) % 2
    old = today - timedelta(days=SETTLED_AFTER_DAYS + DAYS)
    found = {
        week
        for week in weeks
        if today - timedelta(days=SERVED_DAYS) <= week <= old and draw(account_id, week.isoformat()) % 2 == half
    }
    drawn = sorted(found, key=lambda week: draw(account_id, f"{month:%Y-%m}", week.isoformat()))
    return sorted(drawn[:WEEKS_AN_AUDIT])


@dg.schedule(
    job=job,
    cron_schedule="30 2 * * *",
    execution_timezone="UTC",
    required_resource_keys={"lake"},
    description="Every day the accounts whose turn it is: each one once a month.",
)
def tail_audit(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for a run for each week of the accounts that are due."""
    now = context.scheduled_execution_time.astimezone(UTC)
    lake: Lake = context.resources.lake
    accounts = registry.select(lake.read(ACCOUNTS), None).select("account_id", "timezone_name", "business_id")
    due = [row for row in accounts.iter_rows(named=True) if due_day(row["account_id"]) == now.day]
    known = weeks_read(context.instance.get_materialized_partitions(insights_daily.key)) if due else {}
    requests = [
        _request(row["account_id"], week, now, row["business_id"])
        for row in due
        for week in sample(
            row["account_id"], now.date(), known.get(row["account_id"], ()), today_in(row["timezone_name"], now)
        )
    ]
    yield from requests
    if not requests:
        yield dg.SkipReason(f"{len(due)} accounts are due today, none with a week older than 28 days.")


def weeks_read(partition_keys: Collection[str]) -> dict[str, Sequence[date]]:
    """Mondays by account of partition keys."""
    weeks: dict[str, list[date]] = defaultdict(list)
    for account_id, week in map(split_key, partition_keys):
        weeks[account_id].append(week)
    return dict(weeks)


def _request(account_id: str, week: date, now: datetime, business_id: str | None) -> dg.RunRequest:
    partition = key(account_id, week)
    return dg.RunRequest(
        run_key=f"tail_audit:{now:%Y-%m}:{partition}", partition_key=partition, tags=owner_tags(account_id, business_id)
    )
