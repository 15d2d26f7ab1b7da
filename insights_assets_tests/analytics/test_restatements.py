"""Every overwritten value is kept once, a first look is none, and undoing the ledger gives back each earlier state."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights_assets.analytics.restatements import (
    as_of,
    closes,
    keep_first_observed,
    measured,
    restated,
    seen_at_close,
)
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.restatements import RESTATEMENTS
from insights_assets_tests.analytics.restating import ad_day, days

MONDAY = date(2026, 3, 2)
ZONES = {"act_1": "America/New_York"}
CELL = ["date", "ad_id", "metric"]


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 3, 2, hour, tzinfo=UTC) + timedelta(days=day)


@dataclass
class Stored:
    """A partition with its ledger, written as `lake.writing.store` does; `crash` stops before the data."""

    rows: pl.DataFrame = field(default_factory=INSIGHTS_DAILY.empty)
    ledger: pl.DataFrame = field(default_factory=RESTATEMENTS.empty)

    def sync(self, instant, *rows, crash=False):
        fresh = keep_first_observed(self.rows, days(rows))
        entries = restated(self.rows, fresh, self.ledger, ZONES, instant)
        kept = self.ledger.join(entries.withdrawn, on=RESTATEMENTS.key, how="anti")
        self.ledger = pl.concat([kept, entries.added])
        if not crash:
            self.rows = fresh
        return entries.added

    def at(self, instant):
        instants = closes(pl.DataFrame({"account_id": ["act_1"], "week": [MONDAY]}), ZONES).with_columns(
            pl.lit(instant).cast(pl.Datetime("us", "UTC")).alias("instant")
        )
        return values(as_of(measured(self.rows), self.ledger, instants))


def values(long: pl.DataFrame) -> dict[tuple[date, str, str], float]:
    """Values by day, ad and metric; a family with 0 results is the same as one that is not told."""
    told = long.filter((pl.col("value") > 0) | ~pl.col("metric").str.starts_with("results:"))
    return {(d, a, m): v for d, a, m, v in told.select(*CELL, "value").iter_rows()}


def changes(added):
    return {
        (d, a, m): (old, new, age)
        for d, a, m, old, new, age in added.select(*CELL, "old_value", "new_value", "age_days").iter_rows()
    }


def test_a_first_observation_is_no_restatement():
    stored = Stored()
    assert stored.sync(at(1), ad_day(MONDAY, at(1), purchases=3)).is_empty()
    assert stored.sync(at(2), ad_day(MONDAY, at(2), purchases=3), ad_day(MONDAY + timedelta(1), at(2))).is_empty()


def test_an_overwritten_value_is_kept_with_its_successor_and_its_age():
    stored = Stored()
    stored.sync(at(1), ad_day(MONDAY, at(1), spend=10.0, reach=None, purchases=3))
    added = stored.sync(at(4), ad_day(MONDAY, at(4), spend=10.5, reach=7, purchases=5))
    assert changes(added) == {
        (MONDAY, "1", "spend"): (10.0, 10.5, 4),
        (MONDAY, "1", "reach"): (None, 7.0, 4),
        (MONDAY, "1", "results:purchase"): (3.0, 5.0, 4),
    }
    assert set(added["observed_at"]) == {at(4)}
    assert set(added["old_age_days"]) == {1}
    assert set(added["known_since"]) == {at(1)}
    assert RESTATEMENTS.split(added).bad.to_dicts() == []
    assert stored.rows["first_observed_at"].to_list() == [at(1)]


def test_the_age_is_that_of_the_accounts_own_calendar():
    stored = Stored()
    stored.sync(at(2), ad_day(MONDAY, at(2), spend=1.0))
    # 03:00 UTC on Thursday is still Wednesday in New York.
    assert stored.sync(at(3, hour=3), ad_day(MONDAY, at(3, hour=3), spend=2.0))["age_days"].to_list() == [2]


def test_results_count_one_canonical_type_and_begin_and_end_at_zero_within_a_row():
    stored = Stored()
    stored.sync(at(1), ad_day(MONDAY, at(1)))
    alias = [
        {"action_type": name, "value": 4.0, "w1d_click": None, "w7d_click": None, "w28d_click": None, "w1d_view": None}
        for name in ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase")
    ]
    first = stored.sync(at(2), ad_day(MONDAY, at(2), actions=alias))
    assert changes(first) == {(MONDAY, "1", "results:purchase"): (0.0, 4.0, 2)}
    second = stored.sync(at(3), ad_day(MONDAY, at(3)))
    assert changes(second) == {(MONDAY, "1", "results:purchase"): (4.0, 0.0, 3)}


def test_a_row_that_goes_and_one_that_comes_late_have_no_value_on_the_other_side():
    stored = Stored()
    stored.sync(at(2), ad_day(MONDAY, at(2), "1", spend=5.0, reach=None, purchases=2))
    added = stored.sync(
        at(3), ad_day(MONDAY, at(3), "2", spend=6.0, reach=None), ad_day(MONDAY, at(3), "3", purchases=1)
    )
    told = changes(added)
    assert told[MONDAY, "1", "spend"] == (5.0, None, 3)
    assert told[MONDAY, "1", "results:purchase"] == (2.0, None, 3)
    assert told[MONDAY, "2", "spend"] == (None, 6.0, 3)
    assert told[MONDAY, "3", "results:purchase"] == (None, 1.0, 3)
    assert (MONDAY, "2", "results:purchase") not in told
    assert not [m for _, a, m in told if a in "12" and m == "reach"]


def test_the_same_values_again_add_nothing():
    stored = Stored()
    stored.sync(at(1), ad_day(MONDAY, at(1), purchases=3))
    stored.sync(at(2), ad_day(MONDAY, at(2), purchases=4))
    before = stored.ledger
    assert stored.sync(at(3), ad_day(MONDAY, at(3), purchases=4)).is_empty()
    assert stored.ledger.equals(before)


@pytest.mark.parametrize("again", [4, 9, 3])
def test_a_write_that_was_cut_short_neither_loses_nor_doubles(again):
    stored = Stored()
    stored.sync(at(1), ad_day(MONDAY, at(1), spend=1.0, purchases=3))
    stored.sync(at(2), ad_day(MONDAY, at(2), spend=1.0, purchases=4), crash=True)
    assert stored.at(at(2))[MONDAY, "1", "results:purchase"] == 3.0, "what is stored is still the first value"
    stored.sync(at(3), ad_day(MONDAY, at(3), spend=1.0, purchases=again))
    expected = {(MONDAY, "1", "results:purchase"): (3.0, float(again), 3)} if again != 3 else {}
    assert changes(stored.ledger) == expected


def test_a_write_that_was_cut_short_after_a_partition_became_empty():
    stored = Stored()
    stored.sync(at(1), ad_day(MONDAY, at(1), spend=1.0))
    stored.sync(at(2))
    stored.sync(at(3), ad_day(MONDAY, at(3), spend=2.0), crash=True)
    stored.sync(at(4), ad_day(MONDAY, at(4), spend=3.0))
    spend = stored.ledger.filter(metric="spend").select("old_value", "new_value").rows()
    assert spend == [(1.0, None), (None, 3.0)]


def test_the_history_of_a_partition_that_became_empty_stays():
    stored = Stored()
    for day, rows in enumerate(([ad_day(MONDAY, at(1))], [ad_day(MONDAY, at(2), spend=2.0)], [], []), start=1):
        stored.sync(at(day), *rows)
    spend = stored.ledger.filter(metric="spend").select("old_value", "new_value").rows()
    assert spend == [(1.0, 2.0), (2.0, None)]


def row_of(day, instant):
    """A drawn ad-day, or none."""
    cell = st.tuples(st.integers(0, 2), st.none() | st.integers(0, 2), st.integers(0, 2))
    made = cell.map(lambda c: lambda ad: ad_day(day, instant, ad, c[2], spend=float(c[0]), reach=c[1]))
    return st.none() | made


@st.composite
def syncs(draw):
    """Instants in order, each with what Meta said of the days that were over in New York."""
    made = []
    for hours in sorted(draw(st.sets(st.integers(20, 10 * 24), min_size=1, max_size=6))):
        instant = at(0, 0) + timedelta(hours=hours)
        over = range(min(((instant - timedelta(hours=5)).date() - MONDAY).days, 3))
        drawn = [(ad, draw(row_of(MONDAY + timedelta(days=n), instant))) for n in over for ad in ("1", "2")]
        made.append((instant, [make(ad) for ad, make in drawn if make], draw(st.booleans())))
    return made


@settings(max_examples=30, deadline=None)
@given(syncs())
def test_undoing_the_ledger_gives_back_every_state(drawn):
    stored, states = Stored(), {}
    for instant, rows, crash in drawn:
        before = values(measured(stored.rows))
        stored.sync(instant, *rows, crash=crash)
        states[instant] = (before, values(measured(stored.rows)))
    assert {instant: stored.at(instant) for instant in states} == {i: after for i, (_, after) in states.items()}
    kept = stored.ledger
    if drawn[-1][2]:  # the last write was cut short: nothing has withdrawn its rows yet
        kept = kept.filter(pl.col("observed_at") < drawn[-1][0])
    told = {}
    for *cell, old, new, instant in kept.select(*CELL, "old_value", "new_value", "observed_at").iter_rows():
        before, after = states[instant]
        assert ((before.get(tuple(cell)) or 0), (after.get(tuple(cell)) or 0)) == (old or 0, new or 0)
        assert old != new
        told.setdefault(instant, []).append(tuple(cell))
    for instant, (before, after) in states.items():
        cells = told.get(instant, [])
        assert len(cells) == len(set(cells))
        assert set(cells) >= {cell for cell in before if before[cell] != after.get(cell)}


def test_as_seen_at_the_close_is_a_sum_of_days_without_what_came_later():
    sunday = MONDAY + timedelta(days=6)
    stored = Stored()
    stored.sync(at(3), ad_day(MONDAY, at(3), spend=10.0, purchases=2))
    stored.sync(
        at(7, 10), ad_day(MONDAY, at(7, 10), spend=10.0, purchases=3), ad_day(sunday, at(7, 10), spend=5.0, purchases=1)
    )
    stored.sync(at(20), ad_day(MONDAY, at(20), spend=11.0, purchases=4), ad_day(sunday, at(20), spend=5.0, purchases=4))
    seen = seen_at_close(stored.rows, stored.ledger, ZONES)
    assert dict(
        seen.filter(pl.col("metric").is_in(["spend", "results:purchase"])).select("metric", "value").rows()
    ) == {
        "spend": 15.0,
        "results:purchase": 4.0,
    }
    assert "reach" not in seen["metric"].to_list()
    before = seen_at_close(stored.rows, stored.ledger, ZONES, lag=timedelta(0))
    assert dict(before.select("metric", "value").rows())["results:purchase"] == 2.0, "Monday was read once by then"


def test_a_week_first_read_after_its_close_is_unknown():
    stored = Stored()
    stored.sync(at(40), ad_day(MONDAY, at(40), purchases=4))
    stored.sync(at(41), ad_day(MONDAY, at(41), purchases=5))
    assert seen_at_close(stored.rows, stored.ledger, ZONES).is_empty()


def test_a_week_closes_at_the_accounts_own_midnight_and_where_there_is_none_an_hour_later():
    weeks = pl.DataFrame({"account_id": ["act_1", "act_2", "act_3"], "week": [MONDAY, MONDAY, date(2021, 3, 15)]})
    zones = {"act_1": "America/New_York", "act_2": "Asia/Tokyo", "act_3": "Asia/Tehran"}
    told = dict(closes(weeks, zones).select("account_id", "instant").rows())
    assert told == {
        "act_1": datetime(2026, 3, 9, 4, tzinfo=UTC),  # the clocks changed on Sunday
        "act_2": datetime(2026, 3, 8, 15, tzinfo=UTC),
        "act_3": datetime(2021, 3, 21, 20, 30, tzinfo=UTC),  # Monday began at 01:00
    }
