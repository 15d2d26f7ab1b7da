"""What makes weeks comparable, by hand: the budget an entity hangs on, the part of its results that was told."""

from datetime import timedelta

import polars as pl
import pytest

from insights_assets.analytics.maturity import day_completeness, entity_budgets, week_completeness
from insights_assets_tests.analytics.ad_worlds import monday

WEEK = monday(3)
KEY = {"account_id": "act_1", "week": WEEK}


def budgets(level, *, campaign=None, adsets=(("s1", 50.0), ("s2", 30.0)), statuses=("ACTIVE", "ACTIVE")):
    features = {
        "ad": [("a1", "s1"), ("a2", "s2")],
        "adset": [("s1", "c1"), ("s2", "c1")],
        "campaign": [("c1", None)],
    }[level]
    rows = pl.DataFrame(
        [{**KEY, "entity_id": e, "parent_id": p, "campaign_id": "c1"} for e, p in features],
        schema_overrides={"parent_id": pl.String},
    )
    sets = [
        {**KEY, "adset_id": s, "campaign_id": "c1", "daily_budget": b, "effective_status": status}
        for (s, b), status in zip(adsets, statuses, strict=True)
    ]
    known = pl.DataFrame(sets, schema_overrides={"daily_budget": pl.Float64})
    whole = pl.DataFrame(
        [{**KEY, "campaign_id": "c1", "daily_budget": campaign}], schema_overrides={"daily_budget": pl.Float64}
    )
    return entity_budgets(level, rows, known, whole).sort("entity_id")["daily_budget"].to_list()


def test_an_ad_hangs_on_its_ad_set_and_else_on_its_campaign():
    assert budgets("ad") == [50.0, 30.0]
    assert budgets("adset") == [50.0, 30.0]
    assert budgets("ad", adsets=(("s1", None), ("s2", None)), campaign=200.0) == [200.0, 200.0]


def test_a_campaign_without_a_budget_has_its_active_ad_sets():
    assert budgets("campaign") == [80.0]
    assert budgets("campaign", statuses=("ACTIVE", "PAUSED")) == [50.0]
    assert budgets("campaign", campaign=200.0) == [200.0]
    assert budgets("campaign", adsets=(("s1", 50.0), ("s2", None))) == [None]


def told(ages, evidence):
    days = pl.DataFrame(
        [
            {**KEY, "entity_id": "a1", "date": WEEK + timedelta(days=d), "spend": 100.0 * (d + 1), "age_days": age}
            for d, age in enumerate(ages)
        ]
    )
    features = pl.DataFrame([{**KEY, "entity_id": "a1", "result_family": "purchase"}])
    rows = pl.DataFrame(
        [
            {**KEY, "metric": "results:purchase", "age_days": a, "seen": 1e6 * r, "final": 1e6, "ratio": r, "days": 9}
            for a, r in evidence
        ],
        schema={
            "account_id": pl.String, "week": pl.Date, "metric": pl.String, "age_days": pl.Int64,
            "seen": pl.Float64, "final": pl.Float64, "ratio": pl.Float64, "days": pl.Int64,
        },
    )  # fmt: skip
    out = day_completeness(days, features, rows)
    return out["completeness"].to_list(), week_completeness(features, out)["results_completeness"][0]


def test_days_are_as_complete_as_their_age_and_weeks_as_their_spend():
    by_day, week = told([2, 28], [(2, 0.6)])
    assert by_day == [pytest.approx(0.6), 1.0]
    assert week == pytest.approx((0.6 * 100 + 1.0 * 200) / 300)


def test_without_evidence_nothing_is_claimed():
    assert told([2, 28], []) == ([None, 1.0], None)
    assert told([28, 28], []) == ([1.0, 1.0], 1.0)
