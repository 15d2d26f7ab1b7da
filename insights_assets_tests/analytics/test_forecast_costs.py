"""A cost is the ratio of two forecasts, and its interval knows both sides' doubt."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from insights_assets.analytics.forecast_costs import cost_per_result


def told(mean, spread, name="a"):
    """A forecast whose ends are the mean times and over e^spread (80 %) and e^(2 spread) (95 %)."""
    ends = {
        f"{side}_{n}": mean * np.exp(sign * k * spread)
        for n, k in ((80, 1), (95, 2))
        for side, sign in (("lo", -1), ("hi", 1))
    }
    return pl.DataFrame(
        {"unique_id": [name], "ds": [date(2026, 1, 5)], "mean": [mean], **{k: [v] for k, v in ends.items()}}
    )


def test_distances_on_logarithms_add_like_the_sides_of_a_right_angle():
    cost = cost_per_result(told(300.0, 0.03), told(60.0, 0.04)).row(0, named=True)
    assert cost["mean"] == pytest.approx(5.0)
    assert cost["hi_80"] == pytest.approx(5 * np.exp(0.05))
    assert cost["lo_80"] == pytest.approx(5 / np.exp(0.05))
    assert cost["hi_95"] == pytest.approx(5 * np.exp(0.10))


def test_results_that_follow_spend_narrow_the_interval():
    together = cost_per_result(told(300.0, 0.3), told(60.0, 0.3), correlation=1.0).row(0, named=True)
    assert together["hi_95"] == pytest.approx(together["lo_95"]) == pytest.approx(5.0)


def test_simulated_costs_fall_into_the_interval_as_often_as_it_says():
    rng = np.random.default_rng(1)
    spend, results = (np.exp(rng.normal(m, s, 100_000)) for m, s in ((5, 0.3), (3, 0.4)))
    sides = [told(np.exp(m), 1.2816 * s) for m, s in ((5, 0.3), (3, 0.4))]
    cost = cost_per_result(*sides).row(0, named=True)
    inside = (spend / results > cost["lo_80"]) & (spend / results < cost["hi_80"])
    assert inside.mean() == pytest.approx(0.8, abs=0.01)


def test_no_result_no_cost():
    costs = cost_per_result(
        pl.concat([told(300.0, 0.1, n) for n in "ab"]), pl.concat([told(0.2, 0.1, "a"), told(0.0, 0.1, "b")])
    )
    assert costs.drop("unique_id", "ds").null_count().sum_horizontal().item() == 10


def test_a_cost_takes_at_least_one_result():
    few = told(4.0, 0.5).with_columns(lo_80=pl.lit(0.0), lo_95=pl.lit(0.0))
    certain = told(100.0, 0.0)
    cost = cost_per_result(certain, few).row(0, named=True)
    assert cost["hi_95"] == pytest.approx(100.0)
    nothing_spent = told(100.0, 0.1).with_columns(lo_95=pl.lit(0.0))
    assert cost_per_result(nothing_spent, told(4.0, 0.1), correlation=0.5)["lo_95"].to_list() == [0.0]


def test_only_rows_of_both_are_answered_and_wrong_input_is_told():
    assert cost_per_result(told(1.0, 0.1, "a"), told(1.0, 0.1, "b")).is_empty()
    with pytest.raises(ValueError, match="forecast of results lacks hi_80"):
        cost_per_result(told(1.0, 0.1), told(1.0, 0.1).drop("hi_80"))
    with pytest.raises(ValueError, match="between -1 and 1"):
        cost_per_result(told(1.0, 0.1), told(1.0, 0.1), correlation=2)
