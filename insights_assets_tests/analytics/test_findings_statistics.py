"""The statistics behind a finding, by hand: count tests, false-discovery control, shared scales, completeness."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from insights_assets.analytics.discoveries import BAD_NEWS_RATE, BELOW_RATE, discoveries, family
from insights_assets.analytics.expectations import windows
from insights_assets.analytics.local_level import forecast
from insights_assets.analytics.maturity import NO_BUDGETS, with_budget, with_completeness
from insights_assets.analytics.noise import adjusted, count_p_values, ratio_p_values
from insights_assets.analytics.series_panel import Panel
from insights_assets.analytics.shared_scale import Sums, shared

WEEK = date(2026, 1, 5)


def test_counts_without_further_variance_are_poisson():
    few, many = count_p_values(np.array([0.0]), np.array([2.0]), np.array([0.0]), np.array([1e9]))
    # Mid-p: half of exp(-2). Known noise has no fatter tail.
    assert few[0] == pytest.approx(np.exp(-2) / 2, rel=1e-4)
    assert few[0] + many[0] == pytest.approx(1.0)


def test_an_uncertain_expectation_makes_a_count_less_surprising():
    count, expected, degrees = np.full(3, 50.0), np.full(3, 100.0), np.full(3, 12.0)
    few, _ = count_p_values(count, expected, np.array([0.0, 0.01, 0.05]), degrees)
    assert few[0] < few[1] < few[2]
    # Five for ten is the same ratio, and nothing to speak of.
    less, _ = count_p_values(np.array([5.0]), np.array([10.0]), np.array([0.01]), np.array([12.0]))
    assert less[0] > 0.05 > few[1]


def test_ratios_have_a_t_tail():
    low, high = ratio_p_values(np.array([1.0, np.exp(0.4)]), np.array([0.04, 0.04]), np.array([50.0, 5.0]))
    assert low[0] == high[0] == 0.5
    assert high[1] == pytest.approx(stats.t.sf(2.0, 5.0))


def test_adjusted_p_values_by_hand():
    frame = pl.DataFrame({"g": ["a"] * 4 + ["b"], "p_value": [0.04, 0.01, 0.03, 0.5, 0.2]})
    got = frame.with_columns(adjusted(frame, ["g"]).alias("q"))["q"].to_list()
    assert got == pytest.approx([0.16 / 3, 0.04, 0.16 / 3, 0.5, 0.2])


def rows_of(*rows):
    names = ("entity_id", "metric", "direction", "p_value", "p_below", "large")
    frame = pl.DataFrame(rows, schema=names, orient="row", schema_overrides={"p_below": pl.Float64})
    numbered = frame.with_columns(pl.col("entity_id").rank("dense").alias("row"), pl.lit(0).alias("pool"))
    return in_campaigns(numbered.with_columns(pl.lit("c1").alias("campaign_id")))


def in_campaigns(tests):
    return tests.with_columns(
        pl.len().over(family(), "campaign_id").alias("size"),
        pl.col("campaign_id").n_unique().over(family()).alias("campaigns"),
    )


def found(*rows):
    return {(a, m) for a, m in discoveries(rows_of(*rows)).select("entity_id", "metric").rows()}


def test_a_cost_needs_less_proof_where_its_driver_was_found():
    calm = [(f"ad{n}", m, d, 0.5, 0.5, True) for n in range(2, 9) for m, d in (("cpr", "up"), ("ctr", "down"))]
    cost = ("ad1", "cpr", "up", 0.2, 0.03, True)
    assert found(cost, ("ad1", "ctr", "down", 1e-6, None, True), *calm) == {("ad1", "ctr"), ("ad1", "cpr")}
    # Without the driver the same cost is not proven, and the driver of another ad proves nothing.
    assert found(cost, ("ad1", "ctr", "down", 0.4, None, True), *calm) == set()
    assert found(cost, ("ad9", "ctr", "down", 1e-6, None, True), *calm) == {("ad9", "ctr")}


def test_good_news_needs_more_proof_and_small_changes_are_none():
    assert found(("a", "cpr", "up", 0.03, 0.03, True)) == {("a", "cpr")}
    assert found(("a", "cpr", "down", 0.03, 0.03, True)) == set()
    assert found(("a", "cpr", "down", 0.005, 0.005, True)) == {("a", "cpr")}
    assert found(("a", "cpr", "up", 1e-9, 1e-9, False)) == set()


def test_no_results_are_tested_with_the_costs():
    # Twenty tests of costs in all: 0.004 is 0.08 among them, and 0.004 among tests of results alone.
    costs = [(f"ad{n}", "cpr", "up", 0.5, 0.5, True) for n in range(19)]
    assert found(("zero", "results", "down", 0.004, 0.004, True), *costs) == set()
    assert found(("zero", "results", "down", 0.002, 0.002, True), *costs) == {("zero", "results")}


def test_scales_of_alike_series_are_shared_and_of_unlike_ones_are_not():
    rng = np.random.default_rng(3)

    def learnt(true):
        sums, series = Sums(true.size), np.arange(true.size)
        for _ in range(6):
            seen = (true * rng.standard_normal(true.size)) ** 2
            sums.add(series, seen / 0.04, np.full(true.size, 0.04), np.zeros(true.size), np.ones(true.size))
        return shared(sums, np.zeros(true.size, dtype=np.int64), 1)

    alike, degrees = learnt(np.full(200, 0.3))
    assert np.sqrt(alike) == pytest.approx(0.3, rel=0.2)
    assert degrees[0] > 20
    true = np.repeat([0.05, 0.8], 100)
    unlike, few = learnt(true)
    assert few[0] < 12
    assert np.median(np.sqrt(unlike[:100])) < 0.15
    assert np.median(np.sqrt(unlike[100:])) > 0.5


def panel(values, noise=0.0):
    values = np.asarray(values, dtype=np.float64)
    n = values.size
    zeros = np.zeros(n, dtype=np.int64)
    noise = np.full(n, noise) if np.isscalar(noise) else np.asarray(noise)
    return Panel(zeros, np.arange(n), zeros, values, noise, np.ones(n), np.zeros((n, 0), dtype=np.int64))


def test_the_forecast_of_a_constant_is_the_constant_and_its_variance_shrinks():
    got = forecast(panel([2.0] * 20))
    assert np.isnan(got.mean[0])
    assert got.mean[1:] == pytest.approx(2.0)
    assert got.points.tolist() == list(range(20))
    assert got.scatter_variance[1] == pytest.approx(0.2**2, rel=0.6)
    assert got.scatter_variance[-1] == pytest.approx(0.02**2, rel=0.1)


def test_a_noisy_point_moves_the_level_less():
    steady = [0.0] * 10
    sure, unsure = forecast(panel([*steady, 1.0, 0.0])), forecast(panel([*steady, 1.0, 0.0], [*[0.01] * 10, 4.0, 0.01]))
    assert 0 < unsure.mean[-1] < sure.mean[-1] < 0.2


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.sampled_from([0.0, 0.3]))
@settings(max_examples=20, deadline=None)
def test_series_learn_of_nobody_but_their_pool_whatever_is_forecast_beside_them(seed, pools, missing):
    rng = np.random.default_rng(seed)
    series, time = (a.ravel() for a in np.indices((12, 13)))
    pool = np.sort(rng.integers(0, pools, 12))[series]
    value = np.where(rng.random(series.size) < 0.1, 2.0, 0.2) * rng.standard_normal(series.size)
    # With every point at every time tables are changed in place, with holes through copies.
    there = rng.random(series.size) >= missing
    places = np.flatnonzero(there)[rng.permutation(there.sum())]
    slots = np.where(series % 2 == 0, time % 7, -1)[:, None]

    def made(of):
        at = places[np.isin(pool[places], of)]
        numbers = np.unique(series[at], return_inverse=True)[1], np.unique(pool[at], return_inverse=True)[1]
        noise = np.full(at.size, 0.01)
        return at, forecast(Panel(numbers[0], time[at], numbers[1], value[at], noise, np.ones(at.size), slots[at]))

    at, together = made(np.unique(pool))
    for one in np.unique(pool):
        mine, alone = made([one])
        kept = np.isin(at, mine)
        for name in ("mean", "level_variance", "scatter_variance", "points", "degrees"):
            np.testing.assert_allclose(getattr(together, name)[kept], getattr(alone, name), rtol=1e-9, atol=1e-12)


def test_a_campaign_that_is_proven_lends_its_ads_strength():
    # Four campaigns of five ads. Of c1 four ads are dear at 0.02: within it 0.02 * 5 / 4 = 0.025, by Simes' test the
    # campaign too; 0.025 * 4 campaigns is 0.1 among them. At 0.005 it is 0.00625 within, 0.025 among campaigns.
    def told(p):
        rows = [(f"ad{n:02}", "cpr", "up", p if n < 4 else 0.9, None, True) for n in range(20)]
        names = pl.Series("campaign_id", [f"c{n // 5}" for n in range(20)])
        return discoveries(in_campaigns(rows_of(*rows).with_columns(names)))

    assert told(0.02).is_empty()
    assert told(0.005)["entity_id"].to_list() == ["ad00", "ad01", "ad02", "ad03"]
    assert told(0.005)["q_value"].to_list() == pytest.approx([0.025] * 4)


def test_an_ad_of_a_calm_campaign_needs_the_proof_of_all_of_them():
    # One of twenty is dear: 5 tests x 4 campaigns x p, as among twenty.
    def told(p, *others):
        known = {"ad00": p, **dict(others)}
        rows = [(f"ad{n:02}", "cpr", "up", known.get(f"ad{n:02}", 0.9), None, True) for n in range(20)]
        names = pl.Series("campaign_id", [f"c{n // 5}" for n in range(20)])
        return set(discoveries(in_campaigns(rows_of(*rows).with_columns(names)))["entity_id"])

    assert told(0.0026) == set()
    assert told(0.0024) == {"ad00"}
    # Strength is not lent across campaigns: 0.012 is nothing in c1, though it would pass among twenty (20 / 6 * 0.012).
    dear = {f"ad{n:02}" for n in range(5)}
    assert told(1e-6, *[(ad, 1e-6) for ad in dear], ("ad05", 0.012)) == dear


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_tests_that_prove_nothing_are_only_counted(seed):
    rng = np.random.default_rng(seed)
    pairs = (("cpr", "up"), ("cpr", "down"), ("ctr", "down"), ("results", "down"), ("spend", "up"))
    rows = [
        (f"ad{n:02}", *pairs[int(rng.integers(len(pairs)))], float(rng.beta(0.3, 2)), float(rng.random()), True)
        for n in range(60)
    ]
    names = pl.Series("campaign_id", [f"c{n % 7}" for n in range(60)])
    every = in_campaigns(rows_of(*rows).with_columns(names))
    few = every.filter((pl.col("p_value") <= BAD_NEWS_RATE) | (pl.col("p_below") <= BELOW_RATE))
    assert discoveries(every).equals(discoveries(few))


def test_a_budget_counts_only_where_the_whole_window_has_one():
    rows = pl.DataFrame(
        {
            "account_id": "act_1",
            "entity_id": ["a", "a", "b"],
            "week": [date(2025, 12, 29), WEEK, WEEK],
        }
    )
    adsets = pl.DataFrame(
        {"account_id": "act_1", "week": [WEEK, WEEK], "entity_id": ["a", "b"], "daily_budget": [50.0, 80.0]}
    )
    none, some = ([None] * 3, [1.0, 1.0, 1.0]), ([None, 50.0, 80.0], [1.0, 1.0, 80.0])
    for budgets, (known, told) in ((NO_BUDGETS, none), (adsets, some)):
        made = with_budget(rows, budgets)
        assert made["budget"].to_list() == known
        # The windows of the newest week: of a both weeks, of b one.
        assert windows(rows.filter(pl.col("week") == WEEK), made).budget.tolist() == told


def test_completeness_is_one_until_told():
    rows = pl.DataFrame({"is_settled": [True, False]})
    assert with_completeness(rows).select("completeness", "completeness_known").rows() == [(1.0, True), (1.0, False)]
    told = with_completeness(rows.with_columns(pl.lit(0.7).alias("results_completeness")))
    assert told.select("completeness", "completeness_known").rows() == [(0.7, True), (0.7, True)]
