"""Rows of predictions and models, their drivers, the figures of a backtest and when it turns red."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sklearn.metrics import average_precision_score, roc_auc_score

from insights_assets.analytics.burnout_backtest import SKILL_TOLERANCE, backtest_burnout, judged, worse
from insights_assets.analytics.burnout_baseline import HORIZONS
from insights_assets.analytics.burnout_drivers import THEMES, top_drivers
from insights_assets.analytics.burnout_outcomes import cost_median, observed_burnout
from insights_assets.analytics.burnout_quality import lead_times, qualities
from insights_assets.analytics.burnout_rows import burnout_predictions
from insights_assets.analytics.burnout_scorecard import raw_score
from insights_assets.analytics.burnout_walk import pairs_of
from insights_assets.tables.backtest_burnout import BACKTEST_BURNOUT
from insights_assets.tables.burnout_models import BURNOUT_MODELS
from insights_assets.tables.burnout_predictions import BURNOUT_PREDICTIONS
from insights_assets.tables.burnout_weeks import BURNOUT_WEEKS
from insights_assets_tests.analytics.ad_worlds import ad_features, ad_week, monday, no_days, weekly_inputs
from insights_assets_tests.analytics.burnout_worlds import FIRST_WEEK, Nature, world

WEEKS = 60


@pytest.fixture(scope="module")
def lake_rows():
    made = world(8, Nature(tires="onset", strength=1.5), accounts=6, weeks=WEEKS, slots=4).drop("expected_cpr")
    rows = made.with_columns(result_family=pl.lit("purchase")).select(
        pl.col(c).cast(t) for c, t in BURNOUT_WEEKS.schema.items()
    )
    scores = rows.select("account_id", "week", "ad_id", raw_score=pl.lit(0.25))
    return rows, scores


@pytest.fixture(scope="module")
def predicted(lake_rows):
    rows, scores = lake_rows
    asked = [FIRST_WEEK + timedelta(weeks=n) for n in (WEEKS - 2, WEEKS - 1, WEEKS + 5)]
    return burnout_predictions(rows, asked, scores)


def test_some_accounts_get_the_rows_that_all_would(lake_rows, predicted):
    ad_weeks, scores = lake_rows
    all_rows, all_models = predicted
    accounts = all_rows["account_id"].unique().sort().to_list()
    rows, models = burnout_predictions(ad_weeks, all_rows["week"].unique().to_list(), scores, accounts[1:3])
    assert rows.equals(all_rows.filter(pl.col("account_id").is_in(accounts[1:3])))
    assert rows["account_id"].n_unique() == 2 < len(accounts)
    assert models.equals(all_models)


def test_rows_fit_their_tables_and_each_model_is_told(predicted):
    rows, models = predicted
    assert BURNOUT_PREDICTIONS.split(rows).bad.is_empty()
    assert BURNOUT_MODELS.split(models).bad.is_empty()
    assert set(rows["model_version"]) == set(models["model_version"])
    assert models["horizon_weeks"].unique().sort().to_list() == [1, 2]
    assert not models["has_trees"].any()
    assert (models["last_pair_week"] < models["fitted_week"]).all()
    assert rows["week"].n_unique() == 2
    assert set(rows["raw_score"]) == {0.25}
    assert (rows["lo_80"] < rows["predicted_cpr_change_pct"]).all()
    assert (rows["hi_80"] > rows["predicted_cpr_change_pct"]).all()
    assert (rows["lo_80"] < 0).all()
    top, rest = rows.filter(pl.col("risk_score") > 0.4), rows.filter(pl.col("risk_score") < 0.2)
    assert top["predicted_cpr_change_pct"].mean() > rest["predicted_cpr_change_pct"].mean()


def test_levels_follow_the_thresholds(predicted):
    rows, _ = predicted
    names = np.array(["low", "medium", "high", "critical"])
    steps = np.searchsorted([0.25, 0.5, 0.75], rows["risk_score"].to_numpy(), side="right")
    assert rows["risk_level"].to_list() == names[steps].tolist()


def test_every_signal_belongs_to_one_theme(lake_rows):
    names = pairs_of(lake_rows[0]).names
    members = [m for theme in THEMES.values() for m in theme.members]
    assert sorted(members) == sorted(names[1]) == sorted(names[2])
    assert all(theme.shown in theme.members for theme in THEMES.values())


def test_drivers_are_sums_by_theme_in_order_of_size():
    names = [m for theme in THEMES.values() for m in theme.members]
    signals, parts = np.zeros((2, len(names)), dtype=np.float32), np.zeros((2, len(names)))
    signals[0, names.index("cpm_move")] = np.log(1.5)
    parts[0, names.index("cpm_move")], parts[0, names.index("cpm_drift")] = 0.3, 0.1
    signals[0, names.index("creative_age")] = np.log(8)
    parts[0, names.index("age")] = -0.7
    first, second = top_drivers(signals, parts, names).to_list()
    assert first == [
        {"signal": "creative_age_weeks", "value": pytest.approx(7, abs=1e-4), "contribution": -0.7},
        {"signal": "cpm_change_pct", "value": pytest.approx(50, abs=1e-4), "contribution": 0.4},
    ]
    assert second == []


def test_the_scorecard_by_hand():
    signals = {
        "frequency_delta_pct": 40.0,
        "ctr_delta_pct": -50.0,
        "cpc_delta_pct": None,
        "frequency_slope_pct": 10.0,
        "ctr_slope_pct": 0.0,
        "reach_growth_pct": -20.0,
        "spend_change_pct": 900.0,
    }
    # 0.10 + 0.10 + (nothing) + 0.02 - 0 + 0.02 + 0.05 x 2 (winsorised at 200 %)
    frame = pl.DataFrame([signals], schema=dict.fromkeys(signals, pl.Float64))
    assert frame.select(raw_score()).item() == pytest.approx(0.34)


def test_figures_agree_with_scikit_learn_and_by_hand():
    rng = np.random.default_rng(4)
    risk = np.round(rng.random(500), 2)  # ties
    burnt = (rng.random(500) < risk).astype(float)
    told = qualities(risk, burnt)
    assert told.auc == pytest.approx(roc_auc_score(burnt, risk))
    assert told.average_precision == pytest.approx(average_precision_score(burnt, risk))
    assert told.calibration_error < 0.06
    few = qualities(np.array([0.05, 0.15, 0.15, 0.95]), np.array([0.0, 0.0, 1.0, 1.0]))
    # Bins: 0.05 against 0, 0.15 against 0.5 (two pairs), 0.95 against 1.
    assert few.calibration_error == pytest.approx((0.05 + 2 * 0.35 + 0.05) / 4)
    assert few.brier == pytest.approx((0.05**2 + 0.15**2 + 0.85**2 + 0.05**2) / 4)
    assert (few.auc, few.top_precision) == (pytest.approx(3.5 / 4), 1.0)


def test_notice_counts_only_burnouts_after_a_calm_week():
    def told(n, horizon, risk, burnt):
        week = FIRST_WEEK + timedelta(weeks=n)
        keys = {"account_id": "act_1", "ad_id": "1", "week": week, "horizon_weeks": horizon}
        return keys | {"risk_score": risk, "burnt": burnt}

    rows = [told(0, 1, 0.1, 0.0), told(0, 2, 0.6, 1.0), told(1, 1, 0.2, 1.0), told(1, 2, 0.9, 1.0)]
    rows += [told(2, 1, 0.9, 1.0), told(3, 1, 0.9, None)]
    found = lead_times(pl.DataFrame(rows))
    # Week 2 burnt after the calm week 1, and two weeks before the risk was 60 %. Week 3 only went on burning.
    assert found.select("burnt_week", "lead_weeks").rows() == [(FIRST_WEEK + timedelta(weeks=2), 2)]


@pytest.fixture(scope="module")
def told(lake_rows):
    return judged(*lake_rows)


def test_a_backtest_scores_every_model_and_is_green(told):
    rows = backtest_burnout(told, BACKTEST_BURNOUT.empty())
    assert BACKTEST_BURNOUT.split(rows).bad.is_empty()
    assert rows.height == 8
    by = {(r["model"], r["horizon_weeks"]): r for r in rows.to_dicts()}
    for h in (1, 2):
        assert by["fitted", h]["auc"] > by["persistence", h]["auc"]
        assert by["fitted", h]["pairs"] == by["scorecard", h]["pairs"] > 200
        assert by["scorecard", h]["auc"] == pytest.approx(0.5)  # the same score for all
        assert by["persistence", h]["brier"] is None
        assert by["fitted", h]["previous_skill"] is None
    assert worse(rows) == []


def test_a_model_worse_than_the_naive_rules_turns_it_red(told):
    flipped = told.with_columns(fitted=1 - pl.col("fitted"))
    complaints = worse(backtest_burnout(flipped, BACKTEST_BURNOUT.empty()))
    assert len(complaints) == 6
    assert complaints[0].startswith("1 week ahead: AUC 0.")


def test_a_release_worse_than_the_one_before_turns_it_red(told):
    rows = backtest_burnout(told, BACKTEST_BURNOUT.empty())
    better = rows.with_columns(
        model_kind=pl.when(pl.col("model") == "fitted").then(pl.lit("older-1")).otherwise("model_kind"),
        skill=pl.col("skill") + SKILL_TOLERANCE + 0.01,
    )
    after = backtest_burnout(told, better)
    assert [w.split(": ")[1].split(" ")[0] for w in worse(after)] == ["skill", "skill"]
    # The next run of the same release is still held against the older one.
    again = backtest_burnout(told, after)
    assert worse(again) == worse(after)


def test_few_pairs_are_not_judged(told):
    few = backtest_burnout(told.head(150).with_columns(fitted=1 - pl.col("fitted")), BACKTEST_BURNOUT.empty())
    assert worse(few) == []


def test_an_empty_lake_gives_no_rows(lake_rows):
    rows, scores = (f.clear() for f in lake_rows)
    assert backtest_burnout(judged(rows, scores), BACKTEST_BURNOUT.empty()).is_empty()
    predictions, models = burnout_predictions(rows, [FIRST_WEEK], scores)
    assert predictions.is_empty()
    assert models.is_empty()


def test_the_label_of_stored_features_by_hand():
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


@pytest.mark.parametrize("results", [90.0, 2.0])
def test_stored_features_and_training_pairs_bear_the_same_label(results):
    ad_weeks = world(41, Nature(results=results), accounts=6, weeks=40, slots=4)
    features = ad_weeks.select(
        "account_id",
        pl.col("ad_id").alias("entity_id"),
        "week",
        pl.lit("purchase").alias("result_family"),
        "spend",
        "results",
        pl.when(pl.col("results") > 0).then(pl.col("spend") / pl.col("results")).alias("cpr"),
        pl.lit(value=True).alias("is_complete"),
    )
    pairs = pairs_of(ad_weeks)
    theirs = pl.concat(
        pairs.rows.select("account_id", pl.col("ad_id").alias("entity_id"), "week").with_columns(
            pl.lit(h, dtype=pl.Int64).alias("horizon_weeks"),
            pl.Series("burnt", pairs.burnt[h]).fill_nan(None) == 1,
            pl.Series("log_change", pairs.change[h]).fill_nan(None),
        )
        for h in HORIZONS
    ).drop_nulls()
    ours = observed_burnout(features).select(theirs.columns)
    keys = ["account_id", "entity_id", "week", "horizon_weeks"]
    # Half a result stands for none in one, one in the other: that changes how much, never whether.
    assert_frame_equal(ours.drop("log_change").sort(keys), theirs.drop("log_change").sort(keys))
