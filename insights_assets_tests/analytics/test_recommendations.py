"""Each of the eleven types where it is due and where it is not, and what is kept of several."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from insights_assets.analytics.advice_evidence import few_of
from insights_assets.analytics.advice_thresholds import AdviceThresholds
from insights_assets.analytics.classifications import classify
from insights_assets.analytics.recommendations import Asked, Beside, recommend
from insights_assets.tables.recommendations import RECOMMENDATIONS, TYPE_LEVELS
from insights_assets_tests.analytics.advice_cases import (
    FEATURE,
    TIER,
    WEEK,
    advice,
    kinds,
    paused,
    rows_of,
    weeks_before,
)
from insights_assets_tests.analytics.tier_worlds import tier_world

CHEAP = {"evidence_results": 100.0, "evidence_expected": 55.0}
DEAR = {"evidence_results": 50.0, "evidence_expected": 90.0}
WINNING = {"results_7d": 150.0, "performance_vs_siblings_pct": 200.0}
EMPTY = {"results": 0.0, "results_7d": 0.0, "evidence_results": 12.0, "evidence_expected": 24.0}
WORN = {"frequency": 3.5, "ctr_7d": 0.7, "ctr_trend_pct": -30.0}
FALLING = {"results_7d": 15.0, "results_trend_pct": -70.0}
SMALL = {
    "evidence_results": 30.0,
    "evidence_expected": 15.0,
    "results_7d": 4.0,
    "spend_7d": 20.0,
    "share_of_parent_spend_pct": 10.0,
}
UNCONVERTED = {**DEAR, "results": 25.0, "ctr_7d": 1.2}
# type, level, what makes it due, and what more keeps it from being so
CASES = [
    ("SCALE_UP", "campaign", CHEAP, {"days_with_results_7d": 3}),
    ("SCALE_UP", "adset", CHEAP, {"evidence_results": 4.0, "evidence_expected": 2.2}),
    ("SCALE_UP", "ad", CHEAP, {"results_7d": 15.0}),  # its cost has risen
    ("SCALE_UP", "ad", CHEAP, {"days_active_30d": 2}),
    ("BUDGET_DECREASE", "campaign", {**DEAR, "results_7d": 40.0}, {"results_7d": 60.0}),  # it is getting cheaper
    ("BUDGET_DECREASE", "adset", {**DEAR, "results_7d": 40.0}, {"evidence_results": 1.0, "evidence_expected": 1.8}),
    ("BUDGET_DECREASE", "ad", {**DEAR, "results_7d": 40.0}, {"spend_7d": 40.0}),  # four results' worth of money
    ("PAUSE", "campaign", EMPTY, {"spend_7d": 40.0}),
    ("PAUSE", "adset", EMPTY, {"results_7d": 1.0}),
    ("PAUSE", "ad", {"evidence_results": 20.0, "evidence_expected": 70.0}, {"days_active_30d": 6}),
    ("PAUSE", "ad", {**DEAR, "tier": "UNDERPERFORMER", "previous_tier": "UNDERPERFORMER"}, {"previous_tier": "LOW"}),
    (
        "PAUSE",
        "ad",
        {"results_7d": 10.0, "performance_vs_siblings_pct": -80.0},
        {"results_7d": 1.0, "expected_results_7d": 3.0},
    ),
    (
        "BUDGET_INCREASE",
        "campaign",
        {"evidence_results": 200.0, "evidence_expected": 165.0},
        {"results_prev_7d": 100.0},
    ),
    (
        "BUDGET_INCREASE",
        "adset",
        {"evidence_results": 200.0, "evidence_expected": 165.0},
        {"evidence_results": 20.0, "evidence_expected": 16.5},
    ),
    ("BUDGET_INCREASE", "ad", {"evidence_results": 200.0, "evidence_expected": 165.0}, {"days_with_results_7d": 2}),
    ("CREATIVE_REFRESH", "campaign", WORN, {"frequency": 2.9}),
    ("CREATIVE_REFRESH", "ad", {"frequency": 3.5, "results_7d": 15.0}, {"frequency": 2.9}),
    ("CREATIVE_REFRESH", "ad", WORN, {"impressions_7d": 500, "impressions_prev_7d": 500}),  # 3 clicks against 5
    ("AUDIENCE_REVIEW", "campaign", FALLING, {"ctr_trend_pct": -20.0}),
    ("AUDIENCE_REVIEW", "adset", FALLING, {"results_7d": 1.0}),
    ("AUDIENCE_EXPANSION", "adset", SMALL, {"share_of_parent_spend_pct": 60.0}),
    ("AUDIENCE_EXPANSION", "adset", SMALL, {"results_7d": 6.0}),
    ("AUDIENCE_NARROWING", "adset", UNCONVERTED, {"ctr_7d": 0.8}),
    ("AUDIENCE_NARROWING", "adset", UNCONVERTED, {"results": 50.0}),
    ("CREATIVE_TEST", "ad", {"spend_7d": 510.0}, {"impressions_7d": 900}),
    ("CREATIVE_TEST", "ad", {"spend_7d": 510.0}, {"evidence_results": 3.0, "evidence_expected": 3.0}),
    ("CREATIVE_TEST", "ad", {"spend_7d": 510.0}, {"spend_7d": 490.0}),  # a sibling spends more
    ("CREATIVE_WINNER", "ad", WINNING, {"expected_results_7d": 120.0, "performance_vs_siblings_pct": 25.0}),
    ("CREATIVE_WINNER", "ad", WINNING, {"results_7d": 3.0, "expected_results_7d": 1.0}),
]


@pytest.mark.parametrize(
    ("kind", "level", "due", "_no"), CASES, ids=[f"{k}-{lv}-{i}" for i, (k, lv, *_) in enumerate(CASES)]
)
def test_advice_is_given_where_it_is_due(kind, level, due, _no):
    assert kind in kinds(advice(level, **due))


@pytest.mark.parametrize(
    ("kind", "level", "due", "no"), CASES, ids=[f"{k}-{lv}-{i}" for i, (k, lv, *_) in enumerate(CASES)]
)
def test_advice_is_not_given_where_a_condition_fails(kind, level, due, no):
    assert kind not in kinds(advice(level, **{**due, **no}))


LAST_RUN = {"weeks": (weeks_before(2),), "evidence_results": 300.0, "evidence_expected": 240.0}


def test_what_was_paused_at_a_good_cost_is_worth_switching_on_again():
    (row,) = advice(**LAST_RUN, beside=paused()).to_dicts()
    assert (row["recommendation_type"], row["priority"], row["first_seen_week"]) == ("REACTIVATE", 3, WEEK)
    assert row["expires_at"] == datetime(2026, 3, 9, tzinfo=UTC) + timedelta(days=14)


@pytest.mark.parametrize(
    ("changes", "beside"),
    [
        ({}, paused("ACTIVE")),
        ({}, paused(read=datetime(2026, 6, 1, tzinfo=UTC))),  # a backfill saw it so, three months later
        ({"evidence_results": 3.0, "evidence_expected": 2.4}, paused()),
        ({"results_30d": 4.0}, paused()),
        ({"tier": "UNDERPERFORMER"}, paused()),
        ({"weeks": (weeks_before(9),)}, paused()),
        ({"weeks": (weeks_before(2), WEEK)}, paused()),  # it delivered in the week
    ],
)
def test_what_ran_badly_long_ago_or_still_runs_is_not_switched_on(changes, beside):
    assert "REACTIVATE" not in kinds(advice(**{**LAST_RUN, **changes}, beside=beside))


def test_every_type_has_a_case_at_each_of_its_levels():
    tried = {(kind, level) for kind, level, *_ in CASES}
    wanted = {(k, level) for k, levels in TYPE_LEVELS.items() for level in levels if k != "REACTIVATE"}
    assert tried >= wanted


def test_a_type_is_not_given_at_another_level():
    assert "AUDIENCE_EXPANSION" not in kinds(advice("ad", **SMALL))
    assert "CREATIVE_WINNER" not in kinds(advice("adset", **WINNING))


def test_sizes_of_budget_changes_and_priorities_follow_the_cost():
    far = advice(evidence_results=400.0, evidence_expected=150.0).filter(recommendation_type="SCALE_UP")
    near = advice(**CHEAP).filter(recommendation_type="SCALE_UP")
    columns = ("priority", "budget_change_pct", "action", "priority_level")
    assert far.select(columns).rows() == [(9, 100.0, "Raise the budget by 100 %", "high")]
    assert near.select(columns).rows() == [(8, 75.0, "Raise the budget by 75 %", "high")]


def test_the_evidence_is_a_json_object_with_the_figures():
    (row,) = advice(**EMPTY).filter(recommendation_type="PAUSE").to_dicts()
    told = json.loads(row["evidence"])
    assert told["spend_7d"] == 500.0
    assert told["results_7d"] == 0.0
    assert told["reference_expected_7d"] == 50.0
    assert told["currency"] == "EUR"
    assert told["tier"] == "MODERATE"


def test_findings_and_burnout_join_the_evidence():
    key = {"account_id": "act_1", "week": WEEK}
    found = pl.DataFrame(
        [
            {**key, "entity_id": "x", "anomaly_type": "cpr_spike", "status": "new", "anomaly_score": 0.4},
            {**key, "entity_id": "x", "anomaly_type": "zero_results", "status": "acknowledged", "anomaly_score": 0.9},
            {**key, "entity_id": "x", "anomaly_type": "ctr_drop", "status": "withdrawn", "anomaly_score": 0.8},
        ]
    )
    burnout = pl.DataFrame(
        [{**key, "ad_id": "x", "horizon_weeks": h, "risk_score": r} for h, r in ((1, 0.7), (2, 0.2))]
    )
    (row,) = advice(**EMPTY, beside=Beside(anomalies=found, burnout=burnout)).to_dicts()
    told = json.loads(row["evidence"])
    assert told["anomalies"] == ["zero_results", "cpr_spike"]
    assert told["burnout_risk"] == 0.7


def test_at_most_three_are_kept_the_most_important_first():
    many = {**CHEAP, **WINNING, **WORN, "spend_7d": 510.0}
    assert len(advice(**many)) == 3
    one = advice(**many, limits=AdviceThresholds(most_per_entity=1))
    assert one["priority"].to_list() == [8]
    two = advice(**many, limits=AdviceThresholds(most_per_entity=2))
    assert sorted(two["priority"], reverse=True) == sorted(advice(**many)["priority"], reverse=True)[:2]


def test_a_pause_stands_alone_among_what_contradicts_it():
    both = {**EMPTY, **WORN, "performance_vs_siblings_pct": -100.0}
    assert kinds(advice(**both)) == {"PAUSE"}


def test_what_a_user_calls_good_is_not_paused():
    dear = {"evidence_results": 20.0, "evidence_expected": 70.0, "results_7d": 40.0}
    assert "PAUSE" in kinds(advice(**dear, tier="HIGH_PERFORMER"))
    assert not kinds(advice(**dear, tier="HIGH_PERFORMER", source="feedback")) & {"PAUSE", "BUDGET_DECREASE"}


def test_advice_that_is_still_open_keeps_its_first_week():
    weeks = [weeks_before(n) for n in range(5, -1, -1)]
    due = [w for w in weeks if w != weeks_before(3)]
    made = advice("campaign", weeks=due, asked=weeks, **CHEAP).sort("week")
    assert made["first_seen_week"].to_list() == [due[0], due[0], due[2], due[2], due[2]]
    assert made["is_new"].to_list() == [True, False, True, False, False]
    assert made["recommendation_id"].n_unique() == 2


def test_the_first_week_does_not_depend_on_the_weeks_of_the_run():
    weeks = [weeks_before(n) for n in range(20, -1, -1)]
    together = advice("campaign", weeks=weeks, asked=weeks, **CHEAP)
    alone = advice("campaign", weeks=weeks[-13:], **CHEAP)
    assert together.filter(week=WEEK).equals(alone)
    assert alone["first_seen_week"].to_list() == [weeks_before(12)]


def test_advice_expires_days_after_the_newest_day_it_looked_at():
    (row,) = advice(**EMPTY).filter(recommendation_type="PAUSE").to_dicts()
    assert row["expires_at"] == datetime(2026, 3, 9, tzinfo=UTC) + timedelta(days=3)
    later = advice(**EMPTY, limits=AdviceThresholds(expiry_days={**AdviceThresholds().expiry_days, "PAUSE": 10}))
    assert later["expires_at"].to_list() == [datetime(2026, 3, 19, tzinfo=UTC)]


def test_thresholds_decide():
    assert "SCALE_UP" not in kinds(advice(**CHEAP, limits=AdviceThresholds(scale_up_ratio=0.5)))
    assert "SCALE_UP" not in kinds(advice(**CHEAP, limits=AdviceThresholds(certainty=0.99999)))


def test_late_results_of_all_are_no_rise_of_one():
    # All have half of the results of the week before: they are late, for everyone.
    features = rows_of(FEATURE, {"level": "adset"}).with_columns(results_7d=25.0, results_trend_pct=-50.0)
    made = recommend(Asked("adset", [WEEK]), features, rows_of(TIER, {}))
    assert "AUDIENCE_REVIEW" not in kinds(made)


@pytest.mark.parametrize(("settled", "told"), [(True, {"AUDIENCE_REVIEW"}), (False, set())])
def test_an_entity_without_peers_is_compared_with_itself_once_settled(settled, told):
    features = rows_of(FEATURE, {"level": "campaign", "parent_id": None, **FALLING}).filter(entity_id="x")
    features = features.with_columns(is_settled=pl.lit(settled), siblings=0)
    made = recommend(Asked("campaign", [WEEK]), features, rows_of(TIER, {"reference": "own_past"}))
    assert kinds(made) == told


def test_few_of_is_the_binomials_mid_p():
    # 1 of 4 coins: (1 + 4) / 16 at most one, 1 / 16 none.
    assert few_of(*(np.array([v]) for v in (1.0, 3.0, 0.5)))[0] == pytest.approx((5 / 16 + 1 / 16) / 2)


def test_alike_entities_get_no_advice_that_costs():
    world = tier_world(accounts=2, entities=30, weeks=24, seed=5, spread=0.0)
    weeks = sorted(world["week"].unique())
    made = recommend(Asked("ad", weeks[6:]), world, classify("ad", world, weeks))
    costly = made.filter(pl.col("recommendation_type").is_in(["PAUSE", "BUDGET_DECREASE", "SCALE_UP"]))
    # 1,000 entity-weeks, all of them noise: one in two hundred at most.
    assert costly.height <= 5


def test_nothing_later_changes_a_weeks_advice():
    world = tier_world(accounts=2, entities=12, weeks=20, seed=3)
    weeks = sorted(world["week"].unique())
    tiers = classify("ad", world, weeks)
    last = weeks[-4]
    later = pl.col("week") > last
    changed = world.with_columns(pl.when(later).then(pl.col("results_7d") * 9).otherwise("results_7d"))
    before = recommend(Asked("ad", weeks[8:-3]), world, tiers)
    after = recommend(
        Asked("ad", weeks[8:-3]),
        changed,
        tiers.with_columns(pl.when(later).then(pl.lit("LOW")).otherwise("tier").alias("tier")),
    )
    assert before.height > 20
    assert before.equals(after)


def test_no_rows_make_no_advice():
    nothing = recommend(Asked("ad", [WEEK]), rows_of(FEATURE, {}).clear(), rows_of(TIER, {}).clear())
    assert nothing.equals(RECOMMENDATIONS["ad"].empty())
