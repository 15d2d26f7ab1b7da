"""The past of an entity as an origin knows it: zeros and gaps kept, young days made up, each amount counted once."""

from datetime import timedelta

import polars as pl
import pytest

from insights_assets.analytics.completeness_factors import pooled_factors
from insights_assets.analytics.forecast_facts import with_accounts
from insights_assets.analytics.forecast_history import filled, known_days, known_weeks, living
from insights_assets.tables.completeness import COMPLETENESS
from insights_assets_tests.analytics.result_facts import day, facts, frames, monday, origins, unread

ORIGIN = monday(8)
NONE = pooled_factors(COMPLETENESS.empty())


def test_only_what_spent_in_the_last_four_weeks_is_forecast():
    rows = [day("old", monday(4) + timedelta(days=6), 5, 1), day("young", monday(5), 5, 1), day("new", monday(9), 5, 1)]
    assert living(facts(("ad",), rows), origins(ORIGIN))["entity_id"].to_list() == ["young"]


def test_the_family_is_the_primary_one_with_the_most_spend_by_then():
    rows = [
        day("a", monday(7), 10, 1, family="purchase"),
        day("a", monday(7), 10, 9, family="click", primary=False),
        day("a", monday(8), 30, 2, family="click"),
        day("a", monday(9), 99, 2, family="purchase"),
    ]
    (row,) = living(facts(("ad",), rows), origins(ORIGIN)).to_dicts()
    assert (row["result_family"], row["parent_id"]) == ("click", "s1")
    days = known_days(facts(("ad",), rows), living(facts(("ad",), rows), origins(ORIGIN)), unread(), NONE)
    assert days.select("spend", "results").rows() == [(10.0, 9.0), (30.0, 2.0)]


def test_a_read_week_without_rows_is_zero_and_an_unread_one_unknown():
    rows = [day("a", monday(5) + timedelta(days=2), 5, 1), day("a", monday(8), 7, 2)]
    read = pl.DataFrame({"account_id": "act_1", "week": [monday(5), monday(7), monday(8)]})
    known = facts(("ad",), rows, read_weeks=read)
    entities = living(known, origins(ORIGIN))
    days = known_days(known, entities, unread(), NONE)
    daily = filled(days, "1d", known.read_weeks)
    assert daily["ds"].to_list() == [monday(5) + timedelta(days=n) for n in range(2, 28)]
    assert daily["spend"].to_list() == [5.0, *[0.0] * 4, *[None] * 7, *[0.0] * 7, 7.0, *[0.0] * 6]
    weekly = filled(known_weeks(known, entities, days), "1w", known.read_weeks)
    assert weekly["spend"].to_list() == [5.0, None, 0.0, 7.0]


def test_young_days_are_made_up_by_what_had_come_of_days_of_their_age():
    rows = [day("a", monday(8) + timedelta(days=n), 10, 6) for n in (5, 6)]
    known = facts(("ad",), rows)
    recent = origins(ORIGIN).with_columns(week=pl.col("origin"), seen_on=pl.lit(monday(9)))
    evidence = [
        {"account_id": "act_1", "week": ORIGIN, "metric": metric, "age_days": age, "ratio": ratio, "days": 50}
        | {"seen": 5000.0 * ratio, "final": 5000.0, "restated_share": 0.1, "lookback_days": 28}
        for metric, age, ratio in (("results:purchase", 1, 0.5), ("results:purchase", 2, 0.75), ("spend", 1, 0.8))
    ]
    told = pooled_factors(pl.DataFrame(evidence, schema=COMPLETENESS.schema))
    days = known_days(known, living(known, origins(ORIGIN)), recent, told)
    # Saturday's age is 2, Sunday's 1; spend has evidence of age 1 alone, which stands for a neighbour.
    assert days["results"].to_list() == pytest.approx([8.0, 12.0])
    assert days["spend"].to_list() == pytest.approx([12.5, 12.5])
    weeks = known_weeks(known, living(known, origins(ORIGIN)), days)
    assert weeks.select("spend", "results").row(0) == pytest.approx((25.0, 20.0))


def test_what_was_restated_later_is_taken_back_at_each_level():
    rows = [day("a", monday(8), 10, 6), day("s1", monday(8), 10, 6, level="adset", parent="c1")]
    ids = {"account_id": "act_1", "origin": ORIGIN, "week": ORIGIN, "date": monday(8)}
    ids |= {"ad_id": "a", "adset_id": "s1", "campaign_id": "c1"}
    changes = [ids | {"metric": "results:purchase", "delta": -2.0}, ids | {"metric": "spend", "delta": 1.5}]
    known = facts(("ad", "adset"), rows, changes)
    days = known_days(known, living(known, origins(ORIGIN)), unread(), NONE)
    assert days.select("entity_id", "spend", "results").rows() == [("a", 11.5, 4.0), ("s1", 11.5, 4.0)]


def test_an_account_adds_campaigns_up_and_no_spend_twice():
    rows = [
        day("c1", monday(8), 10, 3, level="campaign", parent=None),
        day("c1", monday(8), 10, 40, level="campaign", parent=None, family="click", primary=False),
        day("c2", monday(8), 5, 50, level="campaign", parent=None, family="click"),
    ]
    known = facts(("account", "campaign"), rows)
    entities = living(known, origins(ORIGIN))
    assert entities.filter(level="account").select("entity_id", "parent_id", "result_family").rows() == [
        ("act_1", None, "purchase")
    ]
    assert entities.filter(entity_id="c2")["parent_id"].to_list() == ["act_1"]
    days = known_days(known, entities, unread(), NONE).filter(level="account")
    assert days.select("spend", "results").rows() == [(15.0, 3.0)]
    whole = with_accounts(frames(rows)[0].drop("parent_id")).filter(level="account").sort("result_family")
    assert whole.select("result_family", "spend", "results").rows() == [("click", 15.0, 90.0), ("purchase", 15.0, 3.0)]


def test_the_spend_of_an_account_has_the_same_digits_in_whatever_order_campaigns_come():
    spends = [107.69, 106.53, 156.5, 53.26, 109.15, 85.18, 44.26]
    rows = [day(f"c{n}", monday(8), spend, 1, level="campaign", parent=None) for n, spend in enumerate(spends)]
    daily = frames(rows)[0].drop("parent_id")
    shuffled = [daily.sample(fraction=1.0, shuffle=True, seed=seed) for seed in range(20)]
    told = [with_accounts(order).filter(level="account")["spend"].item() for order in (daily, *shuffled)]
    assert len(set(told)) == 1
