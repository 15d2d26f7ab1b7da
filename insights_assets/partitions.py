"""Partitions: ad account x week, and how weeks look back on weeks.

Belongs here: the partition definitions, keys and mappings. See https://docs.dagster.io/guides/build/partitions-and-backfills
A week is Monday to Sunday in the ad account's own time zone; its key is the Monday.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from zoneinfo import ZoneInfo

import dagster as dg
from dagster._core.definitions.partitions.mapping.partition_mapping import UpstreamPartitionsResult
from dagster._core.definitions.partitions.subset.default import DefaultPartitionsSubset
from dagster._core.definitions.partitions.subset.partitions_subset import PartitionsSubset
from dagster._core.instance import DynamicPartitionsStore

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


def by_accounts(partitions: Iterable[tuple[str, date]], most: int) -> Iterator[list[tuple[str, date]]]:
    """Partitions in order, whole accounts together, at most so many at a time; an account with more is alone."""
    some: list[tuple[str, date]] = []
    for _, own in groupby(sorted(partitions), key=itemgetter(0)):
        weeks = list(own)
        if some and len(some) + len(weeks) > most:
            yield some
            some = []
        some += weeks
    if some:
        yield some


def range_tags(accounts: Sequence[str], weeks: Sequence[date]) -> dict[str, str]:
    """Run tags that ask for every partition between two corners (accounts in registry order)."""
    return {
        "dagster/asset_partition_range_start": key(accounts[0], weeks[0]),
        "dagster/asset_partition_range_end": key(accounts[-1], weeks[-1]),
    }


class MultiPartitionMapping(dg.MultiPartitionMapping):
    """Dagster's mapping, mapping a whole run at once; only for mappings made by `lookback`.

    Dagster's own makes a key for each pair of partitions: from 4,524 partitions 104 weeks back 470,000 keys, 2.0 s of
    CPU instead of 0.05, and a run asks twice for each input. It has the name of its parent because Dagster stores and
    sends objects by that name: the UI and the daemon see the stock mapping.
    """

    def get_upstream_mapped_partitions_result_for_partitions(
        self,
        downstream_partitions_subset: PartitionsSubset | None,
        downstream_partitions_def: dg.PartitionsDefinition | None,
        upstream_partitions_def: dg.PartitionsDefinition,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> UpstreamPartitionsResult:
        """Each partition's week and those before it as far as there are partitions of them, each once."""
        if not isinstance(downstream_partitions_subset, DefaultPartitionsSubset):
            return super().get_upstream_mapped_partitions_result_for_partitions(
                downstream_partitions_subset,
                downstream_partitions_def,
                upstream_partitions_def,
                current_time,
                dynamic_partitions_store,
            )
        window = self.downstream_mappings_by_upstream_dimension[WEEK].partition_mapping
        first = window.start_offset if isinstance(window, dg.TimeWindowPartitionMapping) else 0
        weeks_of: dict[str, set[date]] = {}
        for account_id, week in map(split_key, downstream_partitions_subset.get_partition_keys()):
            weeks_of.setdefault(account_id, set()).add(week)
        reached: dict[frozenset[date], list[str]] = {}  # accounts of a run mostly have the same weeks
        keys = set()
        for account_id, weeks in weeks_of.items():
            own = frozenset(weeks)
            if own not in reached:
                reached[own] = _with_earlier(own, first)
            keys |= {dg.MultiPartitionKey({ACCOUNT: account_id, WEEK: week}) for week in reached[own]}
        return UpstreamPartitionsResult(
            partitions_subset=DefaultPartitionsSubset(keys), required_but_nonexistent_subset=DefaultPartitionsSubset()
        )


def _with_earlier(weeks: Iterable[date], first: int) -> list[str]:
    """Keys of some weeks and of those up to `first` (0 or below) before each, as far as there are partitions."""
    days = {week + timedelta(weeks=n) for week in weeks for n in range(first, 1)}
    return [day.isoformat() for day in days if day >= FIRST_WEEK]


def lookback(weeks: int) -> MultiPartitionMapping:
    """The same account, the week itself and `weeks` before it; never a later one."""
    window = dg.TimeWindowPartitionMapping(start_offset=-weeks, allow_nonexistent_upstream_partitions=True)
    return MultiPartitionMapping(
        {
            ACCOUNT: dg.DimensionPartitionMapping(ACCOUNT, dg.IdentityPartitionMapping()),
            WEEK: dg.DimensionPartitionMapping(WEEK, window),
        }
    )
