"""Weeks begin on the account's Monday, keys survive a round trip, and a look back never looks ahead."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights_assets.partitions import (
    FIRST_WEEK,
    account_weeks,
    by_accounts,
    key,
    lookback,
    monday,
    range_tags,
    split_key,
    split_keys,
    today_in,
    weeks_covering,
)

DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))
NOW = datetime(2026, 3, 31, tzinfo=UTC)


@given(DAYS)
def test_monday_is_the_monday_on_or_before(day):
    found = monday(day)
    assert found.weekday() == 0
    assert 0 <= (day - found).days <= 6


@given(DAYS, st.integers(0, 120))
def test_weeks_covering_holds_every_day_once_and_no_week_too_many(since, length):
    until = since + timedelta(days=length)
    weeks = weeks_covering(since, until)
    assert weeks[0] == monday(since)
    assert weeks[-1] == monday(until)
    assert all(b - a == timedelta(weeks=1) for a, b in pairwise(weeks))


def test_weeks_covering_nothing_is_empty():
    assert weeks_covering(date(2026, 3, 10), date(2026, 3, 2)) == []


@pytest.mark.parametrize(
    ("zone", "instant", "day"),
    [
        ("America/New_York", datetime(2026, 3, 8, 4, 59, tzinfo=UTC), date(2026, 3, 7)),
        ("America/New_York", datetime(2026, 3, 8, 5, 0, tzinfo=UTC), date(2026, 3, 8)),
        ("America/New_York", datetime(2026, 3, 9, 3, 59, tzinfo=UTC), date(2026, 3, 8)),
        ("America/New_York", datetime(2026, 3, 9, 4, 0, tzinfo=UTC), date(2026, 3, 9)),
        ("Europe/Berlin", datetime(2026, 10, 24, 22, 0, tzinfo=UTC), date(2026, 10, 25)),
        ("Europe/Berlin", datetime(2026, 10, 25, 22, 59, tzinfo=UTC), date(2026, 10, 25)),
        ("Europe/Berlin", datetime(2026, 10, 25, 23, 0, tzinfo=UTC), date(2026, 10, 26)),
        ("Asia/Tokyo", datetime(2026, 3, 29, 15, 0, tzinfo=UTC), date(2026, 3, 30)),
    ],
)
def test_today_is_the_accounts_own_day_across_clock_changes(zone, instant, day):
    assert today_in(zone, instant) == day


@given(st.integers(1, 10**15), DAYS)
def test_a_key_survives_a_round_trip(digits, day):
    assert split_key(key(f"act_{digits}", monday(day))) == (f"act_{digits}", monday(day))


def test_keys_are_spelled_as_dagster_spells_them():
    assert key("act_1", date(2026, 3, 2)) == "act_1|2026-03-02"
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("account", ["act_1"])
        keys = set(account_weeks.get_partition_keys(current_time=NOW, dynamic_partitions_store=instance))
    assert key("act_1", date(2026, 3, 2)) in keys
    assert key("act_1", date(2026, 3, 30)) in keys, "the running week is a partition too"
    assert key("act_1", date(2026, 4, 6)) not in keys


def test_split_keys_is_sorted_and_distinct():
    keys = [key("act_2", date(2026, 3, 9)), key("act_1", date(2026, 3, 9)), key("act_2", date(2026, 3, 2))]
    assert split_keys(keys) == (["act_1", "act_2"], [date(2026, 3, 2), date(2026, 3, 9)])


def test_range_tags_name_both_corners():
    tags = range_tags(["act_1", "act_2"], [date(2026, 3, 2), date(2026, 3, 9)])
    assert list(tags.values()) == ["act_1|2026-03-02", "act_2|2026-03-09"]


def test_looking_back_takes_the_week_and_those_before_of_the_same_account():
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("account", ["act_1", "act_2"])
        mapped = lookback(2).get_upstream_mapped_partitions_result_for_partitions(
            account_weeks.empty_subset().with_partition_keys([key("act_1", date(2026, 3, 16))]),
            account_weeks,
            account_weeks,
            current_time=NOW,
            dynamic_partitions_store=instance,
        )
        keys = set(mapped.partitions_subset.get_partition_keys())
    assert keys == {key("act_1", date(2026, 3, d)) for d in (2, 9, 16)}


CELLS = st.sets(st.tuples(st.sampled_from(["act_1", "act_2", "act_3"]), st.integers(0, 9)), min_size=1)


@settings(max_examples=25, deadline=None)  # the first example opens an instance
@given(CELLS, st.integers(0, 12))
def test_looking_back_on_many_partitions_at_once_is_what_dagsters_own_mapping_gives(cells, weeks):
    ours = lookback(weeks)
    stock = dg.MultiPartitionMapping(ours.downstream_mappings_by_upstream_dimension)
    keys = [key(account_id, FIRST_WEEK + timedelta(weeks=week)) for account_id, week in cells]
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("account", ["act_1", "act_2", "act_3"])
        subset = account_weeks.empty_subset().with_partition_keys(keys)
        found, expected = (
            mapping.get_upstream_mapped_partitions_result_for_partitions(
                subset, account_weeks, account_weeks, current_time=NOW, dynamic_partitions_store=instance
            )
            for mapping in (ours, stock)
        )
    assert set(found.partitions_subset.get_partition_keys()) == set(expected.partitions_subset.get_partition_keys())
    assert found.required_but_nonexistent_subset == expected.required_but_nonexistent_subset


def test_the_daemon_and_the_ui_are_told_dagsters_own_mapping():
    told = dg.serialize_value(lookback(3))
    assert type(dg.deserialize_value(told)) is dg.MultiPartitionMapping
    assert told == dg.serialize_value(dg.MultiPartitionMapping(lookback(3).downstream_mappings_by_upstream_dimension))


@given(
    st.dictionaries(st.sampled_from([f"act_{n}" for n in range(6)]), st.integers(1, 5), max_size=6),
    st.integers(1, 12),
)
def test_groups_of_accounts_hold_each_partition_once(weeks, most):
    partitions = [(name, date(2026, 3, 2) + timedelta(weeks=n)) for name, many in weeks.items() for n in range(many)]
    groups = list(by_accounts(reversed(partitions), most))
    assert [p for group in groups for p in group] == sorted(partitions)
    for group in groups:
        names = {name for name, _ in group}
        assert len(group) <= most or len(names) == 1
        assert len(group) == sum(weeks[name] for name in names)
    # No group could have taken in the next one's first account.
    for group, following in pairwise(groups):
        assert len(group) + weeks[following[0][0]] > most
