"""What became of advice: costs before and after by hand, siblings beside, and what counts as followed."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from insights_assets.analytics.advice_outcomes import advice_outcomes
from insights_assets.tables.recommendation_outcomes import RECOMMENDATION_OUTCOMES
from insights_assets.tables.recommendations import RECOMMENDATIONS
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row


def monday(n):
    return WEEK + timedelta(weeks=n)


def given(kind="PAUSE", level="ad", **more):
    table = RECOMMENDATIONS[level]
    row = {"entity_id": "x", "recommendation_type": kind, "level": level, "first_seen_week": WEEK, "is_new": True}
    return frame_of(table, valid_row(table, **{**row, **more}))


def figures(own, siblings=((100.0, 10.0),) * 8, *, settled=True, complete=True):
    """Features of x (spend, results of weeks -3 to 4; None: no row) and of one sibling."""
    rows = []
    for entity, weeks in (("x", own), ("y", siblings)):
        for n, figure in enumerate(weeks):
            if figure is not None:
                rows.append(
                    {
                        "account_id": "act_1",
                        "week": monday(n - 3),
                        "entity_id": entity,
                        "parent_id": "set1",
                        "result_family": "purchase",
                        "spend": figure[0],
                        "results": figure[1],
                        "is_complete": complete,
                        "is_settled": settled,
                    }
                )
    return pl.DataFrame(rows)


def snapshots(then, now, *, read=None):
    rows = [
        {"week": WEEK, **then, "observed_at": datetime(2026, 3, 9, tzinfo=UTC)},
        {"week": monday(2), **now, "observed_at": read or datetime(2026, 3, 23, tzinfo=UTC)},
    ]
    whole = [{"account_id": "act_1", "entity_id": "x", "daily_budget": None, "content": None, **r} for r in rows]
    return pl.DataFrame(whole, schema_overrides={"daily_budget": pl.Float64, "content": pl.String})


STEADY = ((100.0, 5.0),) * 8


def outcome(own=STEADY, *, kind="PAUSE", states=None, weeks=(2,), **more):
    made = advice_outcomes(given(kind), figures(own, **more), [monday(n) for n in weeks], states)
    assert RECOMMENDATION_OUTCOMES.split(made).bad.is_empty()
    return made.row(0, named=True)


def test_costs_before_and_after_are_ratios_of_sums_beside_the_siblings():
    own = [(100.0, 5.0)] * 4 + [(100.0, 10.0), (50.0, 20.0), (9.0, 9.0), (9.0, 9.0)]
    siblings = [(100.0, 10.0)] * 4 + [(100.0, 20.0), (100.0, 12.0), (1.0, 1.0), (1.0, 1.0)]
    row = outcome(own, siblings=siblings)
    assert (row["spend_before"], row["results_before"], row["cpr_before"]) == (400.0, 20.0, 20.0)
    assert (row["spend_after"], row["results_after"], row["cpr_after"]) == (150.0, 30.0, 5.0)
    assert row["cpr_change_pct"] == pytest.approx(-75)
    # The siblings' cost fell too: 10 to 200 / 32.
    assert row["siblings_cpr_change_pct"] == pytest.approx(-37.5)
    assert row["cpr_change_vs_siblings_pct"] == pytest.approx((0.25 / 0.625 - 1) * 100)
    assert row["spend_change_pct"] == pytest.approx(-25)
    assert (row["week"], row["advice_week"], row["horizon_weeks"], row["weeks_after"]) == (monday(2), WEEK, 2, 2)


def test_both_horizons_are_told_in_the_week_that_completes_them():
    made = advice_outcomes(given(), figures(STEADY), [monday(n) for n in range(-3, 6)])
    assert made.select("week", "horizon_weeks").rows() == [(monday(2), 2), (monday(4), 4)]


def test_a_running_week_and_repeated_advice_are_not_told():
    assert advice_outcomes(given(), figures(STEADY, complete=False), [monday(2)]).is_empty()
    assert advice_outcomes(given(is_new=False), figures(STEADY), [monday(2)]).is_empty()


def test_nothing_after_the_week_is_read():
    early = figures(STEADY).filter(pl.col("week") <= monday(2))
    assert advice_outcomes(given(), early, [monday(2)]).equals(advice_outcomes(given(), figures(STEADY), [monday(2)]))


def test_results_that_can_still_change_are_marked():
    assert outcome()["is_settled"]
    assert not outcome(settled=False)["is_settled"]


def test_no_results_make_no_cost():
    row = outcome([(100.0, 5.0)] * 4 + [(100.0, 0.0)] * 4)
    assert (row["cpr_after"], row["cpr_change_pct"], row["cpr_change_vs_siblings_pct"]) == (None, None, None)


@pytest.mark.parametrize(
    ("kind", "own", "followed"),
    [
        ("PAUSE", STEADY, False),
        ("PAUSE", [*STEADY[:5], None, None, None], True),
        ("PAUSE", [*STEADY[:4], (100.0, 5.0), (1.0, 0.0)], False),
        ("REACTIVATE", [(100.0, 5.0), None, None, None, None, (5.0, 0.0)], True),
        ("REACTIVATE", [(100.0, 5.0)], False),
        ("SCALE_UP", [*STEADY[:4], (150.0, 5.0), (150.0, 5.0)], True),
        ("SCALE_UP", STEADY, False),
        ("BUDGET_INCREASE", [*STEADY[:4], (100.0, 5.0), (119.0, 5.0)], False),
        ("BUDGET_DECREASE", [*STEADY[:4], (50.0, 5.0), (50.0, 5.0)], True),
        ("CREATIVE_TEST", STEADY, None),
        ("CREATIVE_REFRESH", STEADY, None),
    ],
)
def test_what_was_done_is_seen_in_the_spend(kind, own, followed):
    row = outcome(own, kind=kind)
    assert row["followed"] is followed
    assert row["followed_by"] == (None if followed is None else "spend")


@pytest.mark.parametrize(
    ("kind", "then", "now", "followed", "how"),
    [
        ("SCALE_UP", {"daily_budget": 10.0}, {"daily_budget": 15.0}, True, "daily budget"),
        ("SCALE_UP", {"daily_budget": 10.0}, {"daily_budget": 10.0}, False, "daily budget"),
        ("BUDGET_DECREASE", {"daily_budget": 10.0}, {"daily_budget": 5.0}, True, "daily budget"),
        ("CREATIVE_REFRESH", {"content": "c1"}, {"content": "c2"}, True, "creative or targeting"),
        ("AUDIENCE_REVIEW", {"content": "{}"}, {"content": "{}"}, False, "creative or targeting"),
        ("AUDIENCE_REVIEW", {"content": None}, {"content": "{}"}, None, None),
    ],
)
def test_what_was_done_is_seen_in_the_snapshots(kind, then, now, followed, how):
    row = outcome(kind=kind, states=snapshots(then, now))
    assert (row["followed"], row["followed_by"]) == (followed, how)


def test_a_snapshot_read_long_after_its_week_tells_nothing():
    late = snapshots({"content": "c1"}, {"content": "c2"}, read=datetime(2026, 8, 1, tzinfo=UTC))
    assert outcome(kind="CREATIVE_REFRESH", states=late)["followed"] is None
