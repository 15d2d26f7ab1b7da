"""Tiers: what they are compared with, how sure they are, what outcomes say, and that nothing looks ahead."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from insights_assets.analytics.classifications import classify
from insights_assets.analytics.cost_odds import posterior
from insights_assets.analytics.peers import with_evidence, with_reference
from insights_assets.analytics.tier_backtest import backtest, reliability
from insights_assets.analytics.tier_model import fitting_week
from insights_assets.analytics.tier_outcomes import outcomes
from insights_assets.tables.classifications import CLASSIFICATIONS, PROBABILITIES, TIERS
from insights_assets_tests.analytics.tier_worlds import monday, tier_world, tiers_of, world_of


@pytest.fixture(scope="module")
def world():
    return tier_world(accounts=5, entities=24, weeks=40, seed=11)


@pytest.fixture(scope="module")
def classified(world):
    return classify("ad", world, [monday(n) for n in range(26, 40)])


def test_the_reference_leaves_the_entity_out_and_is_a_ratio_of_sums():
    rows = with_reference(world_of((0, 1, 0, 100, 20), (0, 2, 0, 300, 30), (0, 3, 0, 100, 0), (1, 4, 0, 9, 9)))
    first = rows.filter(entity_id="1001").row(0, named=True)
    assert (first["peers"], first["peers_results"], first["reference"]) == (2, 30.0, "peers")
    assert first["reference_cpr"] == pytest.approx(400 / 30)
    # 100 brings the others 7.5; thirty results behind that weigh it by 30 / 37.5.
    assert first["week_expected"] == pytest.approx(7.5 * 30 / 37.5)
    assert first["week_results"] == pytest.approx(20 * 30 / 37.5)
    alone = rows.filter(account_id="act_2").row(0, named=True)
    assert (alone["reference"], alone["reference_cpr"], alone["week_expected"]) == ("none", None, 0.0)


def test_without_peers_the_own_past_is_the_reference():
    rows = with_reference(world_of((0, 1, 0, 100, 10), (0, 1, 1, 100, 2)))
    (now,) = rows.filter(week=monday(1)).to_dicts()
    assert (now["reference"], now["reference_cpr"]) == ("own_past", 10.0)


def test_the_past_counts_half():
    figures = [(0, e, t, 100, 10) for e in (1, 2, 3) for t in (0, 1)]
    (row,) = with_evidence(with_reference(world_of(*figures))).filter(week=monday(1), entity_id="1001").to_dicts()
    # Twenty results of the others behind ten expected: two thirds. The week whole, the one before half.
    assert row["evidence_results"] == pytest.approx(10 * 2 / 3 * 1.5)
    assert row["evidence_expected"] == pytest.approx(10 * 2 / 3 * 1.5)


def test_the_posterior_is_the_gamma_it_says():
    got = posterior(np.array([8.0]), np.array([4.0]), np.array([0.5]), variance=0.0)
    rate = stats.gamma(4).median() + 4
    exact = stats.gamma(12, scale=1 / rate)
    assert got.below(0.7)[0] == pytest.approx(exact.sf(1 / 0.7))
    assert got.quantile(0.1)[0] == pytest.approx(1 / exact.isf(0.1))
    edges = [0, *(exact.sf(1 / b) for b in (0.7, 1.0, 1.5)), 1]
    assert got.tiers()[0] == pytest.approx(np.diff(edges))
    draws = np.log(1 / exact.rvs(200_000, random_state=1))
    mean, spread = got.log_cost()
    assert mean[0] == pytest.approx(draws.mean(), abs=0.005)
    assert spread[0] == pytest.approx(draws.std(), abs=0.005)


def test_tiers_follow_the_cost_against_the_peers():
    figures = [(0, e, 0, 1000, r) for e, r in enumerate((400, 100, 100, 100, 100, 100, 100, 100, 20, 0))]
    found = tiers_of(world_of(*figures), monday(0))
    assert found["1000"] == "HIGH_PERFORMER"
    assert {found[f"100{n}"] for n in range(1, 8)} <= {"MODERATE", "LOW"}
    assert (found["1008"], found["1009"]) == ("UNDERPERFORMER", "UNDERPERFORMER")


def test_few_results_are_no_certainty():
    many = classify("ad", world_of(*[(0, e, 0, 1000, r) for e, r in enumerate((200, 100, 100, 100))]), [monday(0)])
    few = classify("ad", world_of(*[(0, e, 0, 10, r) for e, r in enumerate((2, 1, 1, 1))]), [monday(0)])
    sure, unsure = (f.filter(entity_id="1000").row(0, named=True) for f in (many, few))
    assert sure["p_high_performer"] > unsure["p_high_performer"] + 0.1
    width, wide = (r["cost_vs_reference_hi_80"] - r["cost_vs_reference_lo_80"] for r in (sure, unsure))
    assert wide > width
    assert unsure["cost_vs_reference_hi_80"] > 0 > sure["cost_vs_reference_hi_80"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0.01, 1e5), st.integers(0, 300)), min_size=1, max_size=8))
def test_rules_never_call_an_entity_without_results_the_best(entities):
    features = world_of(*[(0, e, 0, spend, results) for e, (spend, results) in enumerate(entities)])
    made = classify("ad", features, [monday(0)])
    assert made.height == len(entities)
    assert CLASSIFICATIONS["ad"].split(made).bad.is_empty()
    joined = made.join(features.select("entity_id", known="results"), on="entity_id")
    assert joined.filter((pl.col("known") == 0) & (pl.col("tier") == "HIGH_PERFORMER")).is_empty()
    assert np.allclose(made.select(PROBABILITIES).to_numpy().sum(axis=1), 1)


def test_the_model_never_calls_an_entity_without_results_the_best(world):
    # The best entities lose all results in the newest week.
    best = world.filter(week=monday(38)).sort("true_log_cost")["entity_id"].head(30).to_list()
    gone = pl.col("entity_id").is_in(best) & (pl.col("week") == monday(39))
    features = world.with_columns(pl.when(gone).then(0.0).otherwise("results").alias("results"))
    made = classify("ad", features, [monday(39)]).filter(pl.col("entity_id").is_in(best))
    assert set(made["source"]) == {"model"}
    assert made["p_high_performer"].max() == 0.0
    assert "HIGH_PERFORMER" not in set(made["tier"])


def outcome_world():
    """An entity beside ten like it; its own results of the four weeks are 10, 20, 5 and none."""
    figures = [(0, 0, t, 100, r) for t, r in enumerate((10, 20, 5, 0, 0))]
    return world_of(*figures, *[(0, e, t, 100, 10) for e in range(1, 11) for t in range(5)])


def test_an_outcome_is_the_cost_of_the_next_two_weeks_against_the_peers():
    rows = outcomes(outcome_world()).filter(entity_id="1000").sort("week")
    assert rows["week"].to_list() == [monday(0), monday(1), monday(2), monday(3)]
    assert rows["outcome_results"].to_list() == [25.0, 5.0, 0.0, 0.0]
    assert rows["outcome_expected"].to_list() == pytest.approx([20.0, 20.0, 20.0, 10.0])
    # cost 0.8 of the peers', 4, none, none
    assert rows["outcome"].to_list() == [1, 3, 3, 3]


def test_an_unsettled_or_thin_outcome_is_none():
    features = outcome_world()
    young = features.with_columns(is_settled=pl.col("week") != monday(2))
    assert set(outcomes(young).filter(entity_id="1000")["week"]) == {monday(2), monday(3)}
    thin = features.with_columns(pl.col("spend") / 10, pl.col("results") / 10)
    assert outcomes(thin).is_empty()


def test_a_model_needs_outcomes(world, classified):
    assert set(classified["source"]) == {"model"}
    early = classify("ad", world, [monday(n) for n in range(8)])
    assert set(early["source"]) == {"rules"}
    assert early["tier"].equals(early["rule_tier"])


def test_tiers_beat_rules_persistence_and_the_most_frequent(world, classified):
    scored = {row["method"]: row for row in backtest(classified, world).to_dicts()}
    given = scored["given"]
    assert given["pairs"] > 1000
    for rival in ("rules", "persistence", "majority"):
        assert given["log_loss"] < scored[rival]["log_loss"] - 0.02, rival
        assert given["accuracy"] > scored[rival]["accuracy"], rival
    assert given["log_loss"] < 1.15
    assert scored["majority"]["accuracy"] < 0.4


def test_confidence_is_how_often_the_tier_comes(world, classified):
    scored = {row["method"]: row for row in backtest(classified, world).to_dicts()}
    # 1,400 outcomes held out from every fit, ten bins: chance alone gives about 0.03.
    assert scored["given"]["calibration_error"] < 0.06
    assert scored["rules"]["calibration_error"] < 0.12


def test_reliability_counts_bins_by_hand():
    chances = np.array([[0.6, 0.2, 0.1, 0.1], [0.1, 0.65, 0.15, 0.1], [0.05, 0.05, 0.0, 0.9]])
    bins = reliability(chances, np.array([0, 0, 3]))
    assert bins["rows"].to_list() == [2, 1]
    assert bins["confidence"].to_list() == pytest.approx([0.625, 0.9])
    assert bins["accuracy"].to_list() == [0.5, 1.0]


def test_a_week_is_the_same_alone_and_in_a_range(world, classified):
    alone = classify("ad", world.filter(pl.col("week") <= monday(33)), [monday(33)])
    together = classified.filter(week=monday(33))
    numbers = [c for c, t in alone.schema.items() if t == pl.Float64]
    assert alone.drop(numbers).equals(together.drop(numbers))
    for name in numbers:
        assert np.allclose(alone[name].fill_null(-1), together[name].fill_null(-1), rtol=1e-6), name


@settings(max_examples=6, deadline=None)
@given(st.integers(28, 37), st.floats(0, 5), st.randoms(use_true_random=False))
def test_nothing_later_changes_a_tier(world, classified, last, factor, random):
    later = pl.col("week") > monday(last)
    shuffled = list(world.filter(later)["results"])
    random.shuffle(shuffled)
    changed = pl.concat(
        [
            world.filter(~later),
            world.filter(later).with_columns(pl.Series("results", shuffled) * factor, pl.col("ctr") * factor),
        ]
    )
    after = classify("ad", changed, [monday(n) for n in range(26, last + 1)])
    before = classified.filter(pl.col("week") <= monday(last))
    assert after.select("entity_id", "week", "tier", "source").equals(
        before.select("entity_id", "week", "tier", "source")
    )
    assert np.allclose(after["confidence"], before["confidence"], rtol=1e-6)


def test_the_model_of_a_week_knows_only_final_outcomes(world):
    # What the two weeks after brought is final four weeks later: newer weeks' results must not reach the fit, though
    # they are known, since they still move.
    week = monday(37)
    due = fitting_week(week)
    unsettled = world.with_columns(is_settled=pl.col("week") <= due - timedelta(weeks=4))
    columns = ["entity_id", "tier", "confidence", "model_version"]
    assert classify("ad", unsettled, [week]).select(columns).equals(classify("ad", world, [week]).select(columns))
    blind = world.with_columns(is_settled=pl.lit(value=False))
    assert set(classify("ad", blind, [week])["source"]) == {"rules"}


def test_only_the_accounts_asked_for_are_classified(world):
    made = classify("ad", world, [monday(39)], accounts=["act_2"])
    assert set(made["account_id"]) == {"act_2"}
    assert set(made["source"]) == {"model"}


def test_nothing_to_classify_is_an_empty_table(world):
    assert classify("campaign", world.clear(), [monday(0)]).equals(CLASSIFICATIONS["campaign"].empty())
    assert classify("ad", world, []).is_empty()
    assert set(TIERS) >= set(classify("ad", world, [monday(0)])["tier"])
