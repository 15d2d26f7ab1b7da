"""Weights go to models whose errors cancel, as far as errors are many; pauses and intervals are read off the past."""

import numpy as np
import pytest

from insights_assets.analytics import forecast_intervals, forecast_pauses
from insights_assets.analytics.forecast_bank import FEWEST_ORIGINS, MOST_ORIGINS, origins
from insights_assets.analytics.forecast_combination import errors, weigh
from insights_assets.analytics.forecast_models import Panel

EVEN = np.ones(3, dtype=np.float32)


def told(bias, *, origins=40, series=1, seed=1):
    """Forecasts that are off by the models' biases and a common noise, and the truth; (series, origins, 1, models)."""
    truth = np.random.default_rng(seed).standard_normal((series, origins, 1)).astype(np.float32)
    return errors(np.array(bias, dtype=np.float32) + np.zeros_like(truth)[..., None] + truth[..., None], truth)


def test_errors_are_in_units_of_the_naive_error():
    truth = np.array([[[1.0], [2.0], [np.nan]]], dtype=np.float32)
    forecasts = np.array([[[[3.0, 1.0]], [[4.0, 5.0]], [[0.0, 0.0]]]], dtype=np.float32)
    error, known = errors(forecasts, truth)
    assert known[0, :, 0].tolist() == [True, True, False]
    assert error[0, :, 0, 1].tolist() == [0.0, 1.5, 0.0]


def test_models_that_err_on_opposite_sides_share_the_weight():
    error, known = told([2.0, -2.0, 1.5])
    weights = weigh(error, known, EVEN, np.zeros(1, dtype=np.int64))[0]
    assert weights.sum() == pytest.approx(1.0, abs=1e-5)
    assert abs(weights @ np.array([2.0, -2.0, 1.5])) < 0.3
    assert weights[1] > 0.4


def test_a_few_errors_hardly_move_the_weights_and_many_do():
    few, many = (weigh(*told([1.0, 0.1, 1.0], origins=n), EVEN, np.zeros(1, dtype=np.int64))[0, 1] for n in (2, 200))
    assert few < 0.5
    assert many > 0.9


def test_a_series_without_errors_gets_the_weights_of_its_group():
    error, known = told([1.0, 1.0, 1.0], series=40)
    error[:20, ..., 1], error[20:, ..., 2] = 0.01, 0.01
    known[[19, 39]] = False
    error[[19, 39]] = 0.0
    group = np.repeat([0, 1], 20)
    weights = weigh(error, known, EVEN, group)
    assert weights[19, 1] > 0.8
    assert weights[39, 2] > 0.8
    alike = weigh(error, known, EVEN, np.zeros(40, dtype=np.int64))
    assert np.allclose(alike[19], alike[39])


def test_a_model_without_a_prior_stays_out():
    error, known = told([1.0, 0.0, 1.0])
    assert weigh(error, known, np.array([1, 0, 1], dtype=np.float32), np.zeros(1, dtype=np.int64))[0, 1] == 0


def test_the_count_of_origins_falls_with_the_size_and_never_with_time():
    assert origins(1, 2000, 13, 26).size == MOST_ORIGINS + 1
    assert FEWEST_ORIGINS < origins(4096, 365, 28, 26).size < MOST_ORIGINS
    assert origins(10**6, 365, 7, 26).size == FEWEST_ORIGINS + 1
    assert origins(5, 4, 1, 12).tolist() == [0, 1, 2, 3]


def test_a_pause_is_a_run_of_zeros_that_was_unlikely():
    usual, rare = np.r_[np.full(20, 4.0), 0.0], np.r_[np.tile([0.0, 1.0], 10), 0.0]
    panel = Panel(np.column_stack([usual, rare, np.zeros(21)]), np.full(3, 21), 7.0)
    found = forecast_pauses.find(panel, np.array([0, 1]), np.ones(3, dtype=bool))
    assert found.age.tolist() == [[0, -1], [-1, -1], [-1, -1]]
    assert found.hold[0, 0] == pytest.approx(4.0)


def test_what_follows_pauses_is_read_off_the_others():
    age, hold = np.zeros((1, 90), dtype=np.int64), np.full((1, 90), 2.0)
    truth = np.r_[np.zeros(45), np.full(45, 3.0)].reshape(1, 90, 1)
    new = forecast_pauses.quantiles(forecast_pauses.Pauses(age, hold), truth)[0, 0]
    # Of 100, ten of them made up (two back at their level), 45 came back at 1.5 times theirs.
    assert new.tolist() == [0.0, 0.0, 0.0, 1.5, 1.5]


def test_intervals_are_quantiles_of_past_errors_in_the_scale_of_their_time():
    rng = np.random.default_rng(2)
    scale = np.full((300, 40), 2.0)
    scale[:, 20:] = 6.0
    error = scale[..., None] * (rng.gamma(4.0, 0.5, (300, 40, 1)) - 1.8)
    past = forecast_intervals.Past(error, scale, np.full((300, 40), 50), np.tile(np.arange(40) < 20, (300, 1)), 1.0)
    ends = forecast_intervals.offsets(past, np.full(300, 10.0), np.full(300, 50), np.zeros(300, dtype=np.int64)).mean(
        axis=0
    )[0]
    new = 10 * (rng.gamma(4.0, 0.5, 100_000) - 1.8)
    assert ((ends[1] < new) & (new < ends[2])).mean() == pytest.approx(0.8, abs=0.02)
    assert ((ends[0] < new) & (new < ends[3])).mean() == pytest.approx(0.95, abs=0.015)
    assert ends[3] > 1.5 * -ends[0], "each side is as long as its own errors"


def test_what_nobody_of_a_pool_knows_changes_no_weight():
    rng = np.random.default_rng(7)
    pool = np.repeat([0, 1, 2], [6, 39, 9])
    group = np.repeat(np.arange(18), 3)
    error = rng.normal(0, 1, (pool.size, 48, 4, 3)).astype(np.float32)
    known = rng.random(error.shape[:3]) < 0.9
    known[pool == 0, 20:] = False
    known[pool == 2, :30] = False
    prior = np.array([0.5, 0.3, 0.2], dtype=np.float32)
    together = weigh(error, known, prior, group, pool)
    for own, there in ((0, slice(0, 20)), (1, slice(None)), (2, slice(30, None))):
        mine = pool == own
        alone = weigh(error[mine], known[mine], prior, group[mine] - group[mine].min())
        assert np.array_equal(together[mine], alone), "to the last digit, whatever else is in a run"
        told = weigh(error[mine][:, there], known[mine][:, there], prior, group[mine] - group[mine].min())
        assert together[mine] == pytest.approx(told, abs=1e-4)
