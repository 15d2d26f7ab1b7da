"""Partitions: ad account x week, and how weeks look back on weeks.

Belongs here: the partition definitions, keys and mappings. See https://docs.dagster.io/guides/build/partitions-and-backfills
A week is Monday to Sunday in the ad account's own time zone; its key is the Monday.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg

ACCOUNT = "account"
WEEK = "week"
DAYS = 7
SETTLED_AFTER_DAYS = 28  # Meta restates conversions for up to 28 days (28d_click)
FIRST_WEEK = date(2024, 1, 1)  # Meta serves 37 months; reach with breakdowns 13. Also bounds what the UI must draw.

accounts_partitions = dg.DynamicPartitionsDefinition(name=ACCOUNT)
# end_offset=1: the running week is a partition too, refreshed daily.
weeks_partitions = dg.WeeklyPartitionsDefinition(start_date=FIRST_WEEK.isoformat(), day_offset=1, end_offset=1)
account_weeks = dg.MultiPartitionsDefinition({ACCOUNT: accounts_partitions, WEEK: weeks_partitions})


def monday(day: date) -> date:
    """The Monday on or before a day."""
    return day - timedelta(days=day.weekday())


def weeks_covering(since: date, until: date) -> list[date]:
    """Mondays of every week that contains one of the days, in order."""
    first, last = monday(since), monday(until)
    return [first + timedelta(weeks=n) for n in range((last - first).days // DAYS + 1)]


def today_in(timezone_name: str, now: datetime) -> date:
    """The calendar day of an instant in an account's time zone."""
    return now.astimezone(ZoneInfo(timezone_name)).date()


def key(account_id: str, week: date) -> str:
    """The partition key as Dagster spells it: dimensions in the order of their names."""
    return str(dg.MultiPartitionKey({ACCOUNT: account_id, WEEK: week.isoformat()}))


def split_key(partition_key: str) -> tuple[str, date]:
    """Account and Monday of a partition key `act_1|2026-01-05`."""
    account_id, week = partition_key.split("|")
    return account_id, date.fromisoformat(week)


def split_keys(partition_keys: Iterable[str]) -> tuple[list[str], list[date]]:
    """Sorted distinct accounts and Mondays of partition keys."""
    pairs = [split_key(k) for k in partition_keys]
    return sorted({a for a, _ in pairs}), sorted({w for _, w in pairs})


def range_tags(accounts: Sequence[str], weeks: Sequence[date]) -> dict[str, str]:
    """Run tags that ask for every partition between two corners (accounts in registry order)."""
    return {
        "dagster/asset_partition_range_start": key(accounts[0], weeks[0]),
        "dagster/asset_partition_range_end": key(accounts[-1], weeks[-1]),
    }


def lookback(weeks: int) -> dg.MultiPartitionMapping:
    """The same account, the week itself and `weeks` before it; never a later one."""
    window = dg.TimeWindowPartitionMapping(start_offset=-weeks, allow_nonexistent_upstream_partitions=True)
    return dg.MultiPartitionMapping(
        {
            ACCOUNT: dg.DimensionPartitionMapping(ACCOUNT, dg.IdentityPartitionMapping()),
            WEEK: dg.DimensionPartitionMapping(WEEK, window),
        }
    )
