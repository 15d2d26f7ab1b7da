"""Tracking health by hand: lost results are told for their clicks, quiet weeks are healthy."""

from datetime import timedelta

import polars as pl
import pytest

from insights_assets.analytics.tracking_health import tracking_health
from insights_assets.tables.tracking_health import TRACKING_HEALTH
from insights_assets_tests.analytics.ad_worlds import monday


def judge(results, *, clicks=400, family="purchase", complete=True, missing=(), ads=2):
    weeks = range(len(results))
    rows = [
        {
            "account_id": "act_1", "entity_id": f"ad{a}", "week": monday(w), "result_family": family,
            "link_ctr": 1.0, "impressions": clicks * 100 // ads, "results": results[w] / ads,
            "is_complete": complete or w < len(results) - 1,
        }
        for w in weeks for a in range(ads)
    ]  # fmt: skip
    days = [(w, d) for w in weeks for d in range(7) if (w, d) not in missing]
    seen = pl.DataFrame(
        [("act_1", monday(w), monday(w) + timedelta(days=d)) for w, d in days],
        schema=["account_id", "week", "date"],
        orient="row",
    )
    out = tracking_health(pl.DataFrame(rows), seen, [monday(len(results) - 1)])
    assert TRACKING_HEALTH.split(out).bad.is_empty()
    return out.row(0, named=True) if out.height else None


STEADY = [40.0, 44.0, 38.0, 41.0, 39.0, 42.0, 40.0, 36.0]


def test_a_steady_week_is_healthy():
    got = judge([*STEADY, 40.0])
    assert (got["link_clicks"], got["results"], got["expected_results"]) == (400, 40.0, 40.0)
    assert (got["issues"], got["score"], got["status"], got["coverage_pct"]) == ("", 100, "healthy", 100.0)
    assert got["results_change_pct"] == 0.0


@pytest.mark.parametrize(
    ("last", "issue", "score"),
    [(0.0, "clicks_no_results", 80), (2.0, "results_dropped", 80), (6.0, "results_dropped", 90)],
)
def test_lost_results_are_told_for_their_clicks(last, issue, score):
    got = judge([*STEADY, last])
    assert issue in got["issues"].split(",")
    assert got["score"] <= score
    assert got["p_value"] < 0.005


def test_few_clicks_and_no_result_prove_nothing():
    assert judge([4.0, 5.0, 3.0, 4.0, 0.0], clicks=60)["issues"] == ""


def test_fewer_clicks_explain_fewer_results():
    got = judge([*STEADY, 10.0])
    assert got["results_change_pct"] == pytest.approx(-75.0)


def test_results_that_jump_about_are_volatile():
    assert "high_volatility" in judge([90.0, 2.0, 95.0, 1.0, 90.0, 2.0, 95.0, 1.0, 90.0])["issues"]


def test_missing_days_count_in_whole_weeks_only():
    assert judge([*STEADY, 40.0], missing={(8, 2)})["issues"] == "days_missing"
    got = judge([*STEADY, 40.0], missing={(8, d) for d in range(3, 7)}, complete=False)
    assert (got["issues"], got["coverage_pct"]) == ("", 100.0)


def test_clicks_need_no_tracker():
    assert judge(STEADY, family="click") is None
