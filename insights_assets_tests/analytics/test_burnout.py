"""Risk is a calibrated, monotone, never constant map of the score, learnt from what was known that week."""

import numpy as np
import polars as pl
import pytest
from scipy.special import expit, logit

from insights_assets.analytics.burnout import burnout_predictions, raw_score
from insights_assets.analytics.burnout_outcomes import area_under_curve, burnout_quality, cost_median, observed_burnout
from insights_assets.analytics.calibration import fit
from insights_assets.tables.burnout_predictions import BURNOUT_PREDICTIONS
from insights_assets_tests.analytics.ad_worlds import ad_features, ad_week, monday, no_days, quiet_world, weekly_inputs

SIGNALS = {
    "frequency_delta_pct": 40.0,
    "ctr_delta_pct": -50.0,
    "cpc_delta_pct": None,
    "frequency_slope_pct": 10.0,
    "ctr_slope_pct": 0.0,
    "reach_growth_pct": -20.0,
    "spend_change_pct": 900.0,
}


@pytest.fixture(scope="module")
def features():
    insights, results = quiet_world(accounts=2, ads=25, weeks=16, seed=8, results=15)
    return ad_features(insights, results, no_days(), insights["week"].unique().to_list())


@pytest.fixture(scope="module")
def predictions(features):
    return burnout_predictions(features, features)


def test_the_scorecard_by_hand():
    # 0.10 + 0.10 + (nothing) + 0.02 - 0 + 0.02 + 0.05 x 2 (winsorised at 200 %)
    assert pl.DataFrame([SIGNALS], schema=dict.fromkeys(SIGNALS, pl.Float64)).select(
        raw_score()
    ).item() == pytest.approx(0.34)


def test_the_label_by_hand():
    weeks = [(0, 10), (1, 20), (2, 0), (3, 5), (5, 8)]
    insights, results = weekly_inputs([ad_week(w, results=r) for w, r in weeks])
    frame = ad_features(insights, results, no_days(), [monday(w) for w, _ in weeks])
    medians = dict(cost_median(frame).select("week", "cpr_median").iter_rows())
    # Costs 10, 5, infinite, 20: the medians of 1 to 4 weeks.
    assert [medians[monday(w)] for w in range(4)] == [None, 7.5, 10.0, 15.0]
    got = observed_burnout(frame).select("week", "horizon_weeks", "cpr_median", "burnt", "log_change").rows()
    assert got == [
        (monday(1), 1, 7.5, True, pytest.approx(np.log(100 / 7.5))),
        (monday(1), 2, 7.5, True, pytest.approx(np.log(20 / 7.5))),
        (monday(2), 1, 10.0, True, pytest.approx(np.log(2))),
        (monday(3), 2, 15.0, False, pytest.approx(np.log(12.5 / 15))),
    ]


def test_the_map_by_hand():
    # 40 pairs: no bins yet, the logistic prior speaks with the shrunk base rate (20 + 0.3 x 20) / 60.
    scores = np.linspace(-1, 1, 40)
    young = fit(scores, np.arange(40) % 2, scores)
    assert young.base_rate == pytest.approx(26 / 60)
    assert young.probability(np.array([0.5]))[0] == pytest.approx(expit(logit(26 / 60) + 0.5))
    # 100 pairs in 2 bins of 50 with 10 and 40 burnt, each with 20 pairs at the base rate (56 / 120).
    burnt = np.r_[np.ones(10), np.zeros(40), np.ones(40), np.zeros(10)]
    model = fit(np.r_[np.zeros(50), np.ones(50)], burnt, np.zeros(100))
    learnt = (10 + 20 * 56 / 120) / 70
    assert model.probability(np.array([0.0]))[0] == pytest.approx(0.5 * 56 / 120 + 0.5 * learnt)


def test_risk_is_monotone_bounded_and_not_constant(predictions):
    assert BURNOUT_PREDICTIONS.split(predictions).bad.is_empty()
    assert predictions["horizon_weeks"].unique().sort().to_list() == [1, 2]
    for _, group in predictions.group_by("week", "horizon_weeks"):
        ordered = group.sort("raw_score")
        assert (ordered["risk_score"].diff().drop_nulls() > 0).all()
        assert ordered["risk_score"].n_unique() > 1
    assert (predictions["lo_80"].drop_nulls() < 0).any()
    assert predictions.filter(pl.col("lo_80") > pl.col("hi_80")).is_empty()
    limits = {"low": (0, 0.25), "medium": (0.25, 0.5), "high": (0.5, 0.75), "critical": (0.75, 1.01)}
    for level, risk in predictions.select("risk_level", "risk_score").iter_rows():
        assert limits[level][0] <= risk < limits[level][1]


def test_the_future_and_the_order_change_nothing(features, predictions):
    early = pl.col("week") <= monday(10)
    then = burnout_predictions(features.filter(early), features.filter(early))
    assert then.equals(predictions.filter(early))
    week = features.filter(pl.col("week") == monday(10))
    alone = burnout_predictions(week.reverse(), features.sample(fraction=1, shuffle=True, seed=3))
    assert alone.equals(predictions.filter(pl.col("week") == monday(10)))


def test_drivers_add_up_to_the_score(predictions):
    row = predictions.row(-1, named=True)
    sizes = [abs(d["contribution"]) for d in row["top_drivers"]]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) <= 5
    for d in row["top_drivers"]:
        assert d["contribution"] != 0


def test_only_ads_with_a_baseline_are_predicted(predictions, features):
    first = predictions["week"].min()
    assert first == monday(2)
    assert predictions.filter(pl.col("training_pairs") < 30)["hi_80"].null_count() > 0
    assert burnout_predictions(features.clear(), features).equals(BURNOUT_PREDICTIONS.empty())


def test_quality_by_hand(features, predictions):
    assert area_under_curve(np.array([0.1, 0.4, 0.4, 0.9]), np.array([0, 1, 0, 1])) == 0.875
    assert area_under_curve(np.array([0.1, 0.4]), np.array([0, 0])) is None
    out = burnout_quality(predictions, observed_burnout(features))
    # Nothing is predictable in a quiet world: no better and hardly worse than the base rate.
    assert (out["brier"] - out["brier_base"]).abs().max() < 0.02
    assert (out["auc"] - 0.5).abs().max() < 0.1


def test_the_table_refuses_a_bad_row(predictions):
    wrong = predictions.with_columns(pl.lit(3, dtype=pl.Int64).alias("horizon_weeks"))
    assert BURNOUT_PREDICTIONS.split(wrong).good.is_empty()
