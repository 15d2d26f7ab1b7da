"""The ledger on disk: written before the data, so that a crash between the two neither loses a value nor doubles it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from insights_assets.definitions import LEDGERS
from insights_assets.lake.store import Lake
from insights_assets.lake.writing import store
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.restatements import RESTATEMENTS
from insights_assets_tests.analytics.restating import ad_day, days
from insights_assets_tests.tables.rows import frame_of, valid_row

MONDAY = date(2026, 3, 2)
NEXT = MONDAY + timedelta(weeks=1)
PARTITIONS = [("act_1", MONDAY), ("act_1", NEXT)]
LEDGER = LEDGERS["insights_daily"]


def at(day: int) -> datetime:
    return datetime(2026, 3, 9, 3, tzinfo=UTC) + timedelta(days=day)


class CutShortError(Exception):
    """The process died between two commits."""


class Mortal(Lake):
    """A lake whose process dies before it commits to one table."""

    def replace(self, table, frame, partitions, *, where=None, base=None):
        if table is INSIGHTS_DAILY:
            raise CutShortError
        super().replace(table, frame, partitions, where=where, base=base)


@pytest.fixture
def lake(tmp_path):
    made = Lake(str(tmp_path))
    made.overwrite(ACCOUNTS, frame_of(ACCOUNTS, valid_row(ACCOUNTS, timezone_name="America/New_York")))
    return made


def sync(lake, instant, *rows, partitions=PARTITIONS):
    return store(lake, INSIGHTS_DAILY, days(rows), partitions, instant + timedelta(minutes=1), ledger=LEDGER)


def entries(lake):
    columns = ["date", "ad_id", "metric", "old_value", "new_value", "age_days", "observed_at"]
    return lake.read(RESTATEMENTS).select(columns).rows()


def test_an_overwritten_value_is_kept_with_its_age_in_the_accounts_zone(lake):
    assert sync(lake, at(0), ad_day(MONDAY, at(0), spend=1.0)).restated == 0
    assert sync(lake, at(2), ad_day(MONDAY, at(2), spend=2.0)).restated == 1
    # 03:00 UTC on the 11th is the 10th in New York.
    assert entries(lake) == [(MONDAY, "1", "spend", 1.0, 2.0, 8, at(2))]
    (row,) = lake.read(INSIGHTS_DAILY).to_dicts()
    assert (row["spend"], row["first_observed_at"], row["observed_at"]) == (2.0, at(0), at(2))


def test_other_partitions_and_other_accounts_keep_their_entries(lake):
    sync(lake, at(0), ad_day(MONDAY, at(0), spend=1.0), ad_day(NEXT, at(0), spend=1.0))
    sync(lake, at(1), ad_day(MONDAY, at(1), spend=2.0), ad_day(NEXT, at(1), spend=2.0))
    sync(lake, at(2), ad_day(NEXT, at(2), spend=3.0), partitions=PARTITIONS[1:])
    assert [(e[0], e[3], e[4]) for e in entries(lake)] == [(MONDAY, 1.0, 2.0), (NEXT, 1.0, 2.0), (NEXT, 2.0, 3.0)]


@pytest.mark.parametrize(("again", "expected"), [(2.0, [(1.0, 2.0)]), (5.0, [(1.0, 5.0)]), (1.0, [])])
def test_a_crash_between_ledger_and_data_is_made_good_by_the_next_write(lake, again, expected):
    sync(lake, at(0), ad_day(MONDAY, at(0), spend=1.0), ad_day(NEXT, at(0), spend=9.0))
    sync(lake, at(1), ad_day(MONDAY, at(1), spend=1.0), ad_day(NEXT, at(1), spend=8.0))
    with pytest.raises(CutShortError):
        sync(Mortal(lake.root), at(2), ad_day(MONDAY, at(2), spend=2.0), ad_day(NEXT, at(2), spend=8.0))
    assert [(e[3], e[4]) for e in entries(lake)] == [(1.0, 2.0), (9.0, 8.0)], "what was about to go is written down"
    sync(lake, at(3), ad_day(MONDAY, at(3), spend=again), ad_day(NEXT, at(3), spend=8.0))
    assert [(e[3], e[4]) for e in entries(lake)] == [*expected, (9.0, 8.0)]
    sync(lake, at(4), ad_day(MONDAY, at(4), spend=again), ad_day(NEXT, at(4), spend=8.0))
    assert len(entries(lake)) == len(expected) + 1


def test_the_same_write_tried_again_at_the_same_instant_is_the_same_entry(lake):
    sync(lake, at(0), ad_day(MONDAY, at(0), spend=1.0))
    with pytest.raises(CutShortError):
        sync(Mortal(lake.root), at(1), ad_day(MONDAY, at(1), spend=2.0))
    for _ in range(2):
        sync(lake, at(1), ad_day(MONDAY, at(1), spend=2.0))
    assert entries(lake) == [(MONDAY, "1", "spend", 1.0, 2.0, 7, at(1))]


def test_a_refused_row_restates_nothing_for_its_good_row_stays(lake):
    sync(lake, at(0), ad_day(MONDAY, at(0), spend=1.0), ad_day(MONDAY, at(0), "2", spend=1.0))
    done = sync(lake, at(1), ad_day(MONDAY, at(1), spend=-1.0), ad_day(MONDAY, at(1), "2", spend=4.0))
    assert (done.refused, done.kept, done.restated) == (1, 1, 1)
    assert [(e[1], e[3], e[4]) for e in entries(lake)] == [("2", 1.0, 4.0)]
    sync(lake, at(2), ad_day(MONDAY, at(2), spend=3.0), ad_day(MONDAY, at(2), "2", spend=4.0))
    assert [(e[1], e[3], e[4]) for e in entries(lake)] == [("1", 1.0, 3.0), ("2", 1.0, 4.0)]


def test_an_ad_that_vanishes_while_all_others_are_refused_stays_in_the_ledger(lake):
    first = [ad_day(MONDAY, at(0), ad, spend=1.0, reach=None) for ad in "12"]
    sync(lake, at(0), *first)
    sync(lake, at(1), ad_day(MONDAY, at(1), spend=-1.0))
    gone = [e for e in entries(lake) if e[1] == "2"]
    assert {e[4] for e in gone} == {None}
    sync(lake, at(2), ad_day(MONDAY, at(2), spend=1.0, reach=None))
    assert [e for e in entries(lake) if e[1] == "2"] == gone


def test_an_answer_without_rows_is_read_when_the_write_says(lake):
    sync(lake, at(0), ad_day(MONDAY, at(0), spend=1.0))
    sync(lake, at(1))
    assert {(e[4], e[6]) for e in entries(lake)} == {(None, at(1) + timedelta(minutes=1))}


def test_a_table_without_a_ledger_keeps_none(lake):
    for spend in (1.0, 2.0):
        store(lake, INSIGHTS_DAILY, days([ad_day(MONDAY, at(0), spend=spend)]), PARTITIONS, at(0))
    assert entries(lake) == []
