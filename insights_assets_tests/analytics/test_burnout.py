"""Burnout predictions use nothing that was not known, follow the definition, and beat what they are built on."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights_assets.analytics.burnout import walk_forward
from insights_assets.analytics.burnout_baseline import baseline, outcome
from insights_assets.analytics.burnout_chance import chance_logit
from insights_assets.analytics.burnout_learners import fit_logistic, fit_stack, the_rule
from insights_assets.analytics.burnout_panel import COLUMNS, ordered, panels
from insights_assets.analytics.burnout_quality import qualities
from insights_assets.analytics.burnout_walk import every_monday, pairs_of, refits, walk
from insights_assets_tests.analytics.burnout_worlds import FIRST_WEEK, Nature, world

KEY = ["ad_id", "week", "horizon_weeks"]
SMALL = world(5, accounts=4, weeks=40, slots=3).drop("expected_cpr")
FIRST_FITTED = 30


@pytest.fixture(scope="module")
def small():
    return walk_forward(SMALL).sort(KEY)


def week(n):
    return FIRST_WEEK + timedelta(weeks=n)


def ad_weeks(costs, *, results=10.0, seen=None, **more):
    """One ad whose weekly costs per result are given; None is a week without delivery, inf one without results."""
    rows = [
        {"account_id": "act_1", "ad_id": "1", "week": week(n), "impressions": 1000, "reach": 800, "link_clicks": 50}
        | {"spend": 100.0 if np.isinf(c) else c * results, "results": 0.0 if np.isinf(c) else results}
        | {"results_seen": (0.0 if np.isinf(c) else results) if seen is None else seen, "creative_id": "c"}
        | more
        for n, c in enumerate(costs)
        if c is not None
    ]
    return pl.DataFrame(rows, schema=COLUMNS)


def panel_of(frame):
    rows = ordered(frame)
    (panel,) = panels(rows, pl.Series("week", every_monday(rows["week"]), dtype=pl.Date))
    return panel


def test_a_prediction_for_each_row_and_horizon_and_none_is_certain(small):
    assert small.columns == ["ad_id", "week", "horizon_weeks", "risk_score"]
    assert small.height == 2 * SMALL.height
    assert small.select(KEY).is_unique().all()
    assert small["risk_score"].is_between(0, 1, closed="none").all()
    assert small["risk_score"].n_unique() > SMALL.height


@settings(max_examples=4, deadline=None)
@given(st.integers(8, 38), st.integers(0, 2**32 - 1))
def test_what_comes_later_changes_no_earlier_prediction(small, at, seed):
    # Everything after week `at`, and the final counts of the four weeks that were not settled when it closed.
    rng = np.random.default_rng(seed)
    n = SMALL.height
    later, open_still = pl.col("week") > week(at), pl.col("week") > week(at - 4)
    noise = pl.Series(np.exp(rng.normal(0, 1, n)))
    changed = SMALL.with_columns(
        pl.when(later).then((pl.col(c) * noise).round(2)).otherwise(pl.col(c)).alias(c)
        for c in ("spend", "results_seen")
    ).with_columns(pl.when(open_still).then((pl.col("results") * noise).round()).otherwise("results").alias("results"))
    changed = changed.filter(~later | pl.Series(rng.random(n) < 0.8))
    for frame in (changed, changed.filter(~later)):
        told = walk_forward(frame.sample(fraction=1, shuffle=True, seed=seed % 1000))
        before = pl.col("week") <= week(at)
        both = small.filter(before).join(told.filter(before), on=KEY, suffix="_then")
        assert both.height == small.filter(before).height
        assert both["risk_score"].to_numpy() == pytest.approx(both["risk_score_then"].to_numpy(), abs=1e-8)


def test_the_label_by_hand():
    # Medians of up to four weeks: -, 15, 20, 15 (of 10, 20, inf, 5: (10 + 20) / 2), 12.5 (20, inf, 5, absent: 20).
    panel = panel_of(ad_weeks([10, 20, np.inf, 5, None, 24]))
    burnt, change = (x[:, 0] for x in outcome(panel, 1))
    assert np.isnan(burnt[[0, 3, 4, 5]]).all()
    assert burnt[[1, 2]].tolist() == [1, 0]
    # Nothing for 100: at least what half a result would cost, 200, against 15.
    assert change[1] == pytest.approx(np.log(200 / 15))
    assert change[2] == pytest.approx(np.log(5 / 20))
    late, late_change = (x[:, 0] for x in outcome(panel, 2))
    assert late[[1, 3]].tolist() == [0, 1]
    assert late_change[3] == pytest.approx(np.log(24 / 15))


def test_a_burnt_cost_is_above_the_limit_and_not_at_it():
    at, above = (outcome(panel_of(ad_weeks([10, 10, 10, 10, c])), 1)[0][3, 0] for c in (12.0, 12.01))
    assert (at, above) == (0, 1)


def test_the_baseline_takes_reports_as_they_came_and_corrects_them():
    # Ten weeks in which half of the final ten results were seen at the close: 6 settled weeks at week 9.
    panel = panel_of(ad_weeks([10] * 10, seen=5.0))
    share = (5 * 6 + 50 * (5 * 6 + 50 * 0.9) / (10 * 6 + 50)) / (10 * 6 + 50)
    assert panel.complete[9, 0] == pytest.approx(share)
    assert panel.known(0)[9, 0] == pytest.approx(5 / share)
    assert panel.known(3)[9, 0] == pytest.approx(5 / share)
    assert panel.known(4)[9, 0] == 10
    assert baseline(panel).median[9, 0] == pytest.approx(100 / (5 / share))


def test_a_week_nobody_saw_counts_as_it_is_known_now():
    frame = ad_weeks([10] * 6).with_columns(pl.lit(None, dtype=pl.Float64).alias("results_seen"))
    panel = panel_of(frame)
    assert panel.known(0)[:, 0].tolist() == [10] * 6
    assert walk_forward(frame)["risk_score"].is_not_null().all()


def test_the_chance_is_that_of_the_counts():
    # Without wandering and with a well-known rate it is Poisson: P(X < 100 / 12) at mean 10 is P(X <= 8) = 0.333.
    one = np.array([[1.0]])
    told = chance_logit(one * 0, one * 1e6, one * 1e-4, one * 100, one * 10, 1)
    assert 1 / (1 + np.exp(-told.item())) == pytest.approx(0.31, abs=0.03)
    wider = chance_logit(one * 0, one * 1e6, one * 0.5, one * 1000, one * 10, 1)
    narrow = chance_logit(one * 0, one * 1e6, one * 0.01, one * 1000, one * 10, 1)
    assert narrow.item() < wider.item() < 0


def test_few_pairs_leave_the_rule_as_it_is_and_many_move_it():
    names = ["chance_mixed_slow", "chance_mixed_blend", "other"]
    rng = np.random.default_rng(3)
    x = rng.normal(0, 1, (40_000, 3)).astype(np.float32)
    burnt = (rng.random(40_000) < 1 / (1 + np.exp(1 - 2 * x[:, 2]))).astype(np.float64)
    few, some, many = (fit_logistic(x[:n], burnt[:n], names) for n in (59, 200, 40_000))
    assert few.logit(x) == pytest.approx(the_rule(names).logit(x))
    assert 0 < some.slopes[2] < many.slopes[2]
    assert many.slopes[2] == pytest.approx(2, abs=0.25)


def test_the_stack_starts_from_equal_weights_and_learns_an_offset():
    nothing = fit_stack(np.empty(0), np.empty(0), np.empty(0))
    assert (nothing.intercept, nothing.logistic, nothing.trees, nothing.bend) == pytest.approx((0, 0.5, 0.5, 0))
    rng = np.random.default_rng(1)
    said = rng.normal(-1, 1, 20_000)
    burnt = (rng.random(20_000) < 1 / (1 + np.exp(1 - said))).astype(np.float64)
    told = fit_stack(said, said, burnt)
    assert told.intercept == pytest.approx(-1, abs=0.12)
    assert told.logistic + told.trees == pytest.approx(1, abs=0.1)
    assert told.bend == pytest.approx(0, abs=0.05)


def test_the_stack_learns_a_bend_and_listens_to_recent_outcomes():
    rng = np.random.default_rng(2)
    said = rng.normal(-1.2, 1, 40_000)
    bent = said - 0.2 + 0.15 * (said + 1.2) ** 2
    burnt = (rng.random(said.size) < 1 / (1 + np.exp(-bent))).astype(np.float64)
    told = fit_stack(said, said, burnt)
    assert told.bend == pytest.approx(0.15, abs=0.04)
    few = np.array([-3.2, -1.2, 0.8])
    assert told.logit(few, few) == pytest.approx(few - 0.2 + 0.15 * (few + 1.2) ** 2, abs=0.15)
    # The other half of the outcomes is older and tells of another base rate.
    old = (rng.random(said.size) < 1 / (1 + np.exp(-bent - 1))).astype(np.float64)
    both = fit_stack(np.r_[said, said], np.r_[said, said], np.r_[old, burnt], np.repeat([0.02, 1.0], said.size))
    assert both.intercept == pytest.approx(told.intercept, abs=0.05)
    equal = fit_stack(np.r_[said, said], np.r_[said, said], np.r_[old, burnt])
    assert equal.intercept > told.intercept + 0.3


def test_models_learn_only_from_outcomes_that_were_final():
    pairs = pairs_of(SMALL)
    for horizon in (1, 2):
        fits = list(walk(pairs, horizon))
        assert [f.since for f in fits] == [pairs.weeks[k] for k in refits(pairs.weeks)]
        assert np.array_equal(np.sort(np.concatenate([f.rows for f in fits])), np.arange(SMALL.height))
        for f in fits[1:]:
            if f.last_pair is not None:
                assert f.last_pair + timedelta(weeks=horizon + 4) <= f.since
        assert fits[-1].pairs > fits[-2].pairs > 60


def test_asking_for_the_last_weeks_alone_gives_the_same():
    # Long enough for the models before the window to be left out.
    pairs = pairs_of(world(6, accounts=2, weeks=150, slots=2).drop("expected_cpr"))
    last = pairs.weeks[-1]
    whole, part = list(walk(pairs, 1)), list(walk(pairs, 1, last))
    assert len(part) < len(whole)
    assert part[-1].since == whole[-1].since
    assert part[-1].risk.tolist() == whole[-1].risk.tolist()


def test_refits_follow_the_calendar():
    weeks = pl.Series([week(n) for n in range(60)])
    one, other = refits(weeks), refits(weeks[3:])
    assert set(np.diff(one[-3:])) == {8}
    assert {weeks[k] for k in one if k > FIRST_FITTED} == {weeks[3:][k] for k in other if k + 3 > FIRST_FITTED}


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (lambda f: f.drop("reach"), "missing: reach"),
        (lambda f: pl.concat([f, f]), "more than one row in a week"),
        (lambda f: f.with_columns(pl.col("week") + timedelta(days=1)), "Monday"),
        (lambda f: f.with_columns(spend=-pl.col("spend")), "spend must be numbers of at least 0"),
        (lambda f: f.with_columns(ad_id=None), "ad_id is null"),
    ],
)
def test_frames_that_make_no_sense_are_refused(broken, sentence):
    with pytest.raises(ValueError, match=sentence):
        walk_forward(broken(ad_weeks([10, 10, 10])))


def test_no_rows_give_no_rows():
    assert walk_forward(ad_weeks([])).is_empty()


def judged(seed, nature, **size):
    """Figures of both horizons over the weeks after the first year: the model, and persistence."""
    made = world(seed, nature, **size)
    told = walk_forward(made.drop("expected_cpr"))
    pairs = pairs_of(made.drop("expected_cpr"))
    found = []
    for h in (1, 2):
        rows = pairs.rows.with_columns(burnt=pl.Series(pairs.burnt[h]), now=pl.Series(signal(pairs, h, "week_0")))
        rows = rows.join(told.filter(horizon_weeks=h), on=["ad_id", "week"])
        rows = rows.filter(pl.col("burnt").is_finite(), pl.col("week") >= week(52))
        burnt = rows["burnt"].to_numpy()
        found.append([qualities(rows[c].to_numpy().astype(float), burnt) for c in ("risk_score", "now")])
    return found


def signal(pairs, horizon, name):
    return pairs.signals[horizon][:, pairs.names[horizon].index(name)].astype(np.float64)


def test_it_ranks_far_better_than_persistence_and_means_what_it_says():
    for fitted, persistence in judged(21, Nature(tires="onset"), accounts=12, weeks=110, slots=6):
        assert fitted.auc > persistence.auc + 0.04
        assert fitted.brier < 0.97 * fitted.base_rate * (1 - fitted.base_rate)
        assert fitted.calibration_error < 0.05
