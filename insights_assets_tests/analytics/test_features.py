"""Features look back over calendar weeks, never ahead, and every formula is checked by hand."""

import math
from datetime import timedelta

import polars as pl
import pytest

from insights_assets.tables.features import FEATURES_AD
from insights_assets_tests.analytics.ad_worlds import (
    ad_features,
    ad_week,
    day,
    days,
    monday,
    no_days,
    quiet_world,
    weekly_inputs,
)


def features(rows, *weeks, daily=None):
    insights, results = weekly_inputs(rows)
    out = ad_features(insights, results, no_days() if daily is None else daily, [monday(w) for w in weeks])
    assert FEATURES_AD.split(out).bad.is_empty()
    return out


def row(rows, week, **kwargs):
    return features(rows, week, **kwargs).row(0, named=True)


HISTORY = [
    ad_week(0, spend=100, results=10, clicks=100, impressions=10_000, quality_score=0.0),
    ad_week(1, spend=120, results=10, clicks=120, impressions=10_000, quality_score=0.0),
    ad_week(2, spend=140, results=10, clicks=140, impressions=10_000, quality_score=2.0),
    ad_week(3, spend=160, results=10, clicks=160, impressions=10_000, quality_score=2.0),
]
NOW = ad_week(4, spend=195, results=10, clicks=65, impressions=13_000, reach=5_200, quality_score=-1.0)


def test_baselines_and_deltas_by_hand():
    got = row([*HISTORY, NOW], 4)
    assert (got["baseline_weeks"], got["spend_baseline"], got["cpr_baseline"]) == (4, 130.0, 13.0)
    assert got["cpr"] == 19.5
    assert got["cpr_delta_pct"] == pytest.approx(50.0)
    assert (got["ctr_baseline"], got["ctr"]) == (pytest.approx(1.3), 0.5)
    assert got["ctr_delta_pct"] == pytest.approx(-800 / 13)
    assert got["frequency_delta_pct"] == pytest.approx(25.0)
    assert (got["baseline_spend"], got["baseline_results"], got["cpr_baseline_pooled"]) == (520.0, 40.0, 13.0)
    assert (got["quality_baseline"], got["quality_change"], got["relevance_health"]) == (1.0, -2.0, -1.0)
    assert (got["spend_lag1"], got["spend_lag2"], got["cpr_lag2"]) == (160.0, 140.0, 14.0)
    assert got["reach_growth_pct"] == pytest.approx(4.0)
    assert got["spend_change_pct"] == pytest.approx(35 / 160 * 100)
    assert (got["weeks_with_data"], got["age_weeks"], got["cumulative_impressions"]) == (5, 4, 53_000)
    assert got["min_results_met"] is True


def test_slopes_by_hand():
    # ctr 1.2, 1.4, 1.6, 0.5 over weeks 1 to 4: slope -0.19 a week, mean 1.175.
    assert row([*HISTORY, NOW], 4)["ctr_slope_pct"] == pytest.approx(-0.19 / 1.175 * 100)
    # A missing week keeps its place on the axis: ctr 1, 1.2, 1.6 at weeks 0, 1, 3 rises by 0.2 a week.
    assert row([HISTORY[0], HISTORY[1], HISTORY[3]], 3)["ctr_slope_pct"] == pytest.approx(0.2 / (3.8 / 3) * 100)
    assert row(HISTORY[:2], 1)["ctr_slope_pct"] is None


def test_a_pause_leaves_no_last_week():
    got = row([*HISTORY[:2], ad_week(5)], 5)
    assert got["spend_lag1"] is None
    assert got["baseline_weeks"] == 1
    assert got["spend_baseline"] is None
    assert got["spend_change_pct"] is None


def test_weeks_without_results_make_the_baseline_dear_not_cheap():
    weeks = [ad_week(0, results=0), ad_week(1, results=10), ad_week(2, results=20), ad_week(3, results=5), ad_week(4)]
    got = row(weeks, 4)
    assert (got["cpr_baseline"], got["cpr_baseline_pooled"]) == (15.0, pytest.approx(400 / 35))
    mostly = [ad_week(0, results=0), ad_week(1, results=0), ad_week(2, results=20), ad_week(3, results=0)]
    got = row([*mostly, ad_week(4, results=0)], 4)
    assert (got["cpr_baseline"], got["cpr"], got["cpr_delta_pct"]) == (None, None, None)
    assert got["cpr_baseline_pooled"] == 20.0
    assert got["min_results_met"] is False
    got = row([*HISTORY, ad_week(4, results=0)], 4)
    assert got["results_delta_pct"] == -100.0


def test_only_weeks_of_the_same_family_price_a_result():
    other = [w | {"family": "purchase"} for w in HISTORY[:3]]
    got = row([*other, HISTORY[3], NOW], 4)
    assert (got["cpr_baseline"], got["baseline_spend"], got["baseline_weeks"]) == (None, 160.0, 4)


def test_an_ad_week_without_results_rows_counts_link_clicks():
    insights, results = weekly_inputs([NOW])
    got = ad_features(insights, results.clear(), no_days(), [monday(4)]).row(0, named=True)
    assert (got["result_family"], got["results"], got["cpr"]) == ("click", 32.0, 195 / 32)


def test_pauses_are_days_without_rows():
    start = monday(0)
    daily = days(
        *[day(start + timedelta(days=d), impressions=i) for d, i in ((2, 100), (3, 300), (5, 200))],
        day(start + timedelta(days=8)),
        day(start + timedelta(days=10), ad="ad2"),
    )
    got = row([ad_week(0)], 0, daily=daily)
    # First delivery on Wednesday: five days it could have had, three used.
    assert (got["active_days"], got["pause_days"], got["has_delivery_gap"]) == (3, 2, True)
    assert (got["min_daily_impressions"], got["max_daily_impressions"]) == (100, 300)
    assert got["impressions_cv"] == pytest.approx(math.sqrt(20_000 / 3) / 200)
    running = row([ad_week(0), ad_week(1, is_complete=False)], 1, daily=daily)
    # The account's newest day of the running week is Thursday.
    assert (running["active_days"], running["pause_days"], running["impressions_cv"]) == (1, 3, None)


@pytest.fixture(scope="module")
def world():
    return quiet_world(ads=6, weeks=14, seed=4, results=4)


def test_later_weeks_and_row_order_change_nothing(world):
    insights, results = world
    weeks = [monday(w) for w in range(9)]
    early = pl.col("week") <= weeks[-1]
    then = ad_features(insights.filter(early), results.filter(early), no_days(), weeks)
    assert then.equals(ad_features(insights, results, no_days(), weeks))
    shuffled = ad_features(insights.sample(fraction=1, shuffle=True, seed=1), results.reverse(), no_days(), weeks)
    assert then.drop("cpr_baseline_pooled", "baseline_spend").equals(
        shuffled.drop("cpr_baseline_pooled", "baseline_spend")
    )


def test_spend_scales_cost_and_no_result_has_no_cost(world):
    insights, results = world
    weeks = insights["week"].unique().to_list()
    out = ad_features(insights, results, no_days(), weeks)
    double = results.with_columns(pl.col("spend", "cpr") * 2)
    twice = ad_features(insights.with_columns(pl.col("spend") * 2), double, no_days(), weeks)
    assert twice["cpr"].equals(out["cpr"] * 2)
    assert twice["cpr_delta_pct"].equals(out["cpr_delta_pct"])
    assert out.filter((pl.col("results") == 0) & pl.col("cpr").is_not_null()).is_empty()


def test_the_table_refuses_a_bad_row(world):
    out = ad_features(*world, no_days(), [monday(8)])
    assert FEATURES_AD.split(out.with_columns(pl.lit(9, dtype=pl.Int64).alias("baseline_weeks"))).good.is_empty()
    assert FEATURES_AD.split(pl.concat([out, out])).bad.height == out.height
