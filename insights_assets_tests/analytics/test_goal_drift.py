"""Goal drift: shares by hand, and ad sets whose goal changed."""

from datetime import timedelta

import pytest

from insights_assets.analytics.goal_drift import goal_drift
from insights_assets.tables.entities import ADSETS
from insights_assets.tables.features import FEATURES_ADSET
from insights_assets.tables.goal_drift import GOAL_DRIFT
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

WEEKS = [WEEK + timedelta(weeks=n) for n in range(16)]
LAST = WEEKS[-1]


def drift(*adsets, weeks=(LAST,)):
    """Each ad set: name, spend by week, goal by week (or one goal), results a week."""
    features, entities = [], []
    for name, spend, goal, results in adsets:
        for n, week in enumerate(WEEKS):
            paid = spend[n] if isinstance(spend, list) else spend
            told = goal[n] if isinstance(goal, list) else goal
            features.append(
                valid_row(FEATURES_ADSET, entity_id=name, level="adset", week=week, spend=paid, results=results)
            )
            entities.append(valid_row(ADSETS, adset_id=name, week=week, optimization_goal=told))
    rows = goal_drift(frame_of(FEATURES_ADSET, *features), frame_of(ADSETS, *entities), list(weeks))
    assert GOAL_DRIFT.split(rows).bad.rows() == []
    return rows


def test_shares_and_costs_by_hand():
    rows = drift(
        ("1", [50.0] * 12 + [150.0] * 4, "LEAD_GENERATION", 5.0),
        ("2", [50.0] * 16, "LINK_CLICKS", 45.0),
    )
    leads, clicks = (rows.filter(subject=g).to_dicts()[0] for g in ("LEAD_GENERATION", "LINK_CLICKS"))
    assert (leads["share_before_pct"], leads["spend_share_pct"], leads["trend"]) == (50.0, 75.0, "growing")
    assert (clicks["share_before_pct"], clicks["spend_share_pct"], clicks["trend"]) == (50.0, 25.0, "declining")
    assert (leads["spend"], leads["results"], leads["cpr"], leads["results_share_pct"]) == (150.0, 20.0, 30.0, 10.0)


@pytest.mark.parametrize(
    ("spend", "trend"),
    [
        ([0.0] * 12 + [50.0] * 4, "new"),
        ([50.0] * 16, "steady"),
        ([2.0] * 12 + [4.0] * 4, "steady"),  # twice the share, and yet less than five points
    ],
)
def test_trends(spend, trend):
    rows = drift(("1", spend, "VALUE", 1.0), ("2", 100.0, "LINK_CLICKS", 1.0))
    assert rows.filter(subject="VALUE")["trend"].to_list() == [trend]


def test_an_ad_set_that_was_given_another_goal_is_told_in_the_week_it_happened():
    goals = ["LINK_CLICKS"] * 14 + ["LEAD_GENERATION"] * 2
    rows = drift(("1", 10.0, goals, 2.0), ("2", 10.0, "LINK_CLICKS", 1.0), weeks=WEEKS).filter(kind="changed_goal")
    assert rows.select("week", "subject", "previous_goal", "goal", "spend", "cpr").rows() == [
        (WEEKS[14], "1", "LINK_CLICKS", "LEAD_GENERATION", 10.0, 5.0)
    ]


def test_a_goal_that_is_not_reported_is_told_as_such():
    rows = drift(("1", 10.0, None, 2.0))
    assert rows.select("subject", "goal", "spend_share_pct").rows() == [("UNREPORTED", None, 100.0)]


def test_shares_do_not_depend_on_the_order_in_which_goals_come():
    """Of these seven, the sum has another last digit in another order."""
    known = {"account_id": "act_1", "week": LAST}
    spends = [107.69, 106.53, 156.5, 53.26, 109.15, 85.18, 44.26]
    features = [
        valid_row(FEATURES_ADSET, **known, level="adset", entity_id=f"e{n:02}", spend=spend)
        for n, spend in enumerate(spends)
    ]
    adsets = [valid_row(ADSETS, **known, adset_id=f"e{n:02}", optimization_goal=f"g{n:02}") for n in range(len(spends))]
    entities = frame_of(ADSETS, *adsets)
    rows = frame_of(FEATURES_ADSET, *features)
    first = goal_drift(rows, entities, [LAST])
    # Groups come in an order of their own each time: two tries found a sum in no order once in five runs.
    shuffled = [rows.sample(fraction=1.0, shuffle=True, seed=seed) for seed in range(20)]
    assert all(goal_drift(order, entities, [LAST]).equals(first) for order in shuffled)


def test_a_week_without_spend_has_no_mix():
    assert drift(("1", [10.0] * 15 + [0.0], "VALUE", 1.0)).is_empty()
