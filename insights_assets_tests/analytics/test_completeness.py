"""Completeness is a ratio of sums over settled days, knows nothing of later weeks, and shrinks to the fleet."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights_assets.analytics.completeness import (
    completeness,
    day_values,
    evidence,
    learnt_lookback,
)
from insights_assets.analytics.completeness_factors import completeness_factor, pooled_factors, shrunk
from insights_assets.lake.catalog import query
from insights_assets.lake.store import Lake
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.completeness import COMPLETENESS
from insights_assets.tables.restatements import RESTATEMENTS
from insights_assets.tables.results import RESULTS_DAILY
from insights_assets_tests.analytics.restating import ad_day, days
from insights_assets_tests.tables.rows import frame_of, valid_row

MONDAY = date(2026, 3, 2)
TUESDAY = MONDAY + timedelta(days=1)
SETTLED_WEEK = MONDAY + timedelta(weeks=4)  # Monday is read at age 28 on its Monday, Tuesday at 28 on its Tuesday
AT = datetime(2026, 5, 1, tzinfo=UTC)


def moved(day, old, new, age, ad="1", metric="results:purchase", account="act_1"):
    week = day - timedelta(days=day.weekday())
    return valid_row(
        RESTATEMENTS, account_id=account, week=week, date=day, ad_id=ad, metric=metric, old_value=old, new_value=new,
        age_days=age,
    )  # fmt: skip


def values(*rows, account="act_1"):
    made = [(account, d - timedelta(days=d.weekday()), d, m, float(v)) for d, m, v in rows]
    schema = {"account_id": pl.String, "week": pl.Date, "date": pl.Date, "metric": pl.String, "value": pl.Float64}
    return pl.DataFrame(made, schema=schema, orient="row")


def read_on(*offsets, week=MONDAY, account="act_1"):
    made = [(account, week, week + timedelta(days=n)) for n in offsets]
    return pl.DataFrame(made, schema={"account_id": pl.String, "week": pl.Date, "observed_on": pl.Date}, orient="row")


def wanted(*weeks, account="act_1"):
    return pl.DataFrame([(account, w) for w in weeks], schema={"account_id": pl.String, "week": pl.Date}, orient="row")


def test_days_add_their_ads_and_leave_reach_out():
    daily = days([ad_day(MONDAY, AT, "1", spend=2.0), ad_day(MONDAY, AT, "2", spend=3.0)])
    results = frame_of(
        RESULTS_DAILY,
        *[valid_row(RESULTS_DAILY, week=MONDAY, date=MONDAY, entity_id=a, results=4.0) for a in "12"],
        valid_row(RESULTS_DAILY, week=MONDAY, date=MONDAY, level="campaign", results=8.0),
    )
    told = dict(day_values(daily, results).select("metric", "value").rows())
    assert told == {"spend": 5.0, "impressions": 2.0, "clicks": 2.0, "inline_link_clicks": 2.0, "results:purchase": 8.0}


# Monday: 6 at age 1, 8 from age 3, 10 from age 20. Tuesday: two ads, 5 at age 2; one loses 1 and one gains 6 at age 27.
DAYS = values((MONDAY, "results:purchase", 10), (TUESDAY, "results:purchase", 10))
MOVED = frame_of(
    RESTATEMENTS,
    moved(MONDAY, 6.0, 8.0, 3),
    moved(MONDAY, 8.0, 10.0, 20),
    moved(TUESDAY, 3.0, 2.0, 27, "1"),
    moved(TUESDAY, 2.0, 8.0, 27, "2"),
)
READ = read_on(1, 3, 20, 28, 29)


def test_a_day_is_compared_with_itself_at_each_age_at_which_it_was_read():
    found = evidence(DAYS, MOVED, READ)
    told = {(d, a): (s, f, r, k) for d, a, s, f, r, k in found.select(
        "date", "age_days", "seen", "final", "restated", "known_on").iter_rows()}  # fmt: skip
    settled = MONDAY + timedelta(days=28)
    assert told == {
        (MONDAY, 1): (6.0, 10.0, 4.0, settled),
        (MONDAY, 3): (8.0, 10.0, 2.0, settled),
        (MONDAY, 20): (10.0, 10.0, 0.0, settled),
        (TUESDAY, 2): (5.0, 10.0, 7.0, settled + timedelta(days=1)),
        (TUESDAY, 19): (5.0, 10.0, 7.0, settled + timedelta(days=1)),
        (TUESDAY, 27): (10.0, 10.0, 0.0, settled + timedelta(days=1)),
    }


def test_ratios_are_of_sums_over_days():
    again = pl.concat([DAYS, values((MONDAY + timedelta(weeks=1), "results:purchase", 30))])
    read = pl.concat([READ, read_on(1, 28, week=MONDAY + timedelta(weeks=1))])
    more = frame_of(RESTATEMENTS, moved(MONDAY + timedelta(weeks=1), 12.0, 30.0, 28))
    rows = completeness(evidence(again, pl.concat([MOVED, more]), read), wanted(SETTLED_WEEK + timedelta(weeks=1)))
    assert COMPLETENESS.split(rows).bad.to_dicts() == []
    (first,) = rows.filter(age_days=1).to_dicts()
    assert (first["seen"], first["final"], first["days"]) == (18.0, 40.0, 2)
    assert first["ratio"] == pytest.approx(18 / 40)
    assert first["restated_share"] == pytest.approx(22 / 40)


def test_a_week_knows_what_was_settled_by_its_end_and_forgets_it_after_a_quarter():
    found = evidence(DAYS, MOVED, READ)
    weeks = [SETTLED_WEEK + timedelta(weeks=n) for n in (-1, 0, 12, 13)]
    rows = completeness(found, wanted(*weeks))
    assert sorted(set(rows["week"])) == weeks[1:3]
    assert rows.filter(week=weeks[1]).drop("week").equals(rows.filter(week=weeks[2]).drop("week"))


def test_days_that_were_not_read_again_when_settled_say_nothing():
    assert evidence(DAYS, MOVED, read_on(1, 3, 20)).is_empty()
    assert completeness(evidence(DAYS, MOVED.clear(), read_on(40)), wanted(SETTLED_WEEK)).is_empty()


def test_the_tail_is_what_a_re_read_of_day_35_or_later_moves():
    late = frame_of(RESTATEMENTS, moved(MONDAY, 10.0, 13.0, 60))
    changed = values((MONDAY, "results:purchase", 13))
    found = evidence(changed, late, read_on(3, 28, 34, 60))
    assert found.filter(age_days=28).select("seen", "final", "restated", "known_on").rows() == [
        (10.0, 13.0, 3.0, MONDAY + timedelta(days=60))
    ]
    assert found.filter(age_days=3)["final"].to_list() == [10.0], "the settled value is that of day 28"


def test_a_day_whose_row_vanished_still_counts():
    gone = frame_of(RESTATEMENTS, moved(MONDAY, 10.0, None, 5))
    assert evidence(values(), gone, read_on(1, 5, 28)).filter(age_days=1).select("seen", "final").rows() == [
        (10.0, 0.0)
    ]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=40, max_size=40), st.sets(st.integers(1, 40), min_size=2))
def test_the_value_at_an_age_is_the_one_that_was_read_then(drawn, ages):
    told = {age: float(drawn[age - 1]) for age in sorted(ages)}
    pairs = list(zip(told, list(told)[1:], strict=False))
    rows = [moved(MONDAY, told[a], told[b], b) for a, b in pairs if told[a] != told[b]]
    last = told[max(told)]
    found = evidence(values((MONDAY, "results:purchase", last)), frame_of(RESTATEMENTS, *rows), read_on(*ages)).filter(
        pl.col("age_days") < 28
    )
    settled = min((a for a in ages if a >= 28), default=None)
    expected = {a: (told[a], told[settled]) for a in ages if a < 28} if settled else {}
    assert {a: (s, f) for a, s, f in found.select("age_days", "seen", "final").iter_rows()} == expected


def shares(told, metric="spend", days=20, final=500.0):
    return [
        valid_row(COMPLETENESS, metric=metric, age_days=a, restated_share=s, days=days, final=final)
        for a, s in told.items()
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (shares({1: 0.3, 2: 0.1, 3: 0.004, 7: 0.003, 8: 0.0}), 7),
        (shares({1: 0.3, 9: 0.02, 10: 0.005, 11: 0.001}), 10),
        (shares({1: 0.3, 9: 0.001, 12: 0.02, 14: 0.001}), 14),
        (shares({1: 0.3, 27: 0.02}), 28),
        (shares({1: 0.3, 10: 0.001, 28: 0.02}), 35),
        (shares({1: 0.3, 10: 0.001, 28: 0.001}), 10),
        (shares({8: 0.0}, days=13), 28),
        (shares({8: 0.0}, "results:purchase", final=99.0), 28),
        (shares({8: 0.0}) + shares({8: 0.1, 20: 0.0}, "results:purchase"), 20),
        (shares({8: 0.0}) + shares({8: 0.1, 20: 0.0}, "results:click"), 8),
    ],
)
def test_the_lookback_is_the_youngest_age_after_which_little_moves(rows, expected):
    assert learnt_lookback(frame_of(COMPLETENESS, *rows))["lookback_days"].to_list() == [expected]


FLEET = frame_of(
    COMPLETENESS,
    valid_row(COMPLETENESS, metric="results:purchase", age_days=1, seen=30.0, final=50.0, ratio=0.6, days=3),
    valid_row(COMPLETENESS, account_id="act_2", metric="results:purchase", age_days=1, seen=90.0, final=150.0,
              ratio=0.6, days=3),
    valid_row(COMPLETENESS, metric="spend", age_days=1, seen=90.0, final=100.0, ratio=0.9, days=7),
    valid_row(COMPLETENESS, account_id="act_2", metric="spend", age_days=1, seen=1e6, final=1e6, ratio=1.0, days=14),
)  # fmt: skip


def test_the_fleet_weighs_results_or_days_never_money():
    told = {(a, m): (e, f, x) for a, m, e, f, x in shrunk(FLEET).select(
        "account_id", "metric", "evidence", "fleet_ratio", "factor").iter_rows()}  # fmt: skip
    pooled = (7 * 0.9 + 14 * 1.0) / 21
    assert told["act_1", "spend"] == pytest.approx((7.0, pooled, (7 * 0.9 + 14 * pooled) / 21))
    assert told["act_2", "spend"] == pytest.approx((14.0, pooled, (14 * 1.0 + 14 * pooled) / 28))
    assert told["act_1", "results:purchase"] == pytest.approx((50.0, 0.6, 0.6))


def test_the_view_shrinks_as_the_function_does(tmp_path):
    lake = Lake(str(tmp_path))
    lake.append(COMPLETENESS, FLEET)
    columns = ["account_id", "metric", "evidence", "fleet_ratio", "factor"]
    viewed = query(lake, "FROM completeness ORDER BY account_id, metric").select(columns)
    expected = shrunk(FLEET).select(columns).sort("account_id", "metric")
    assert viewed.rows() == [pytest.approx(r) for r in expected.rows()]


def test_the_refresh_plan_names_every_account(tmp_path):
    lake = Lake(str(tmp_path))
    lake.overwrite(ACCOUNTS, frame_of(ACCOUNTS, *[valid_row(ACCOUNTS, account_id=f"act_{n}") for n in (1, 2)]))
    weeks = [(MONDAY, 20), (MONDAY + timedelta(weeks=1), 9)]
    lake.append(COMPLETENESS, frame_of(COMPLETENESS, *[
        valid_row(COMPLETENESS, week=w, age_days=a, lookback_days=d) for w, d in weeks for a in (1, 2)
    ]))  # fmt: skip
    assert query(lake, "FROM refresh_plan ORDER BY account_id").rows() == [
        ("act_1", weeks[1][0], 9), ("act_2", None, 28),
    ]  # fmt: skip


def test_a_factor_is_the_accounts_own_the_fleets_or_none():
    week = FLEET["week"][0]
    asked = [("act_1", "spend", 1), ("act_9", "spend", 1), ("act_1", "spend", 3), ("act_1", "spend", 4),
             ("act_1", "spend", 28), ("act_1", "reach", 1)]  # fmt: skip
    cells = pl.DataFrame(
        [{"account_id": a, "week": week, "metric": m, "age_days": n, "value": 1.0} for a, m, n in asked]
    )
    known = pooled_factors(FLEET)
    told = completeness_factor(cells, known)
    pooled = (7 * 0.9 + 14) / 21
    own = (7 * 0.9 + 14 * pooled) / 21
    assert told.columns == [*cells.columns, "factor"]
    assert told["factor"].to_list() == [pytest.approx(v) for v in (own, pooled, own)] + [None, 1.0, None]
    assert told.drop("factor").equals(cells)
    # What is kept of one account answers for it, and for those without evidence, as all of it does.
    few = cells.filter(pl.col("account_id") == "act_1")
    assert completeness_factor(few, known.of(["act_1"])).equals(told.filter(pl.col("account_id") == "act_1"))
    assert completeness_factor(cells, known.of(["act_9"]))["factor"].to_list()[:2] == pytest.approx([pooled, pooled])
