"""Growth is told from noise and from one step; the soak itself is `python -m insights_assets_tests.soak.run`."""

import numpy as np
import pytest

from insights_assets_tests.soak.growth import LEAST_ROUNDS, grows, trend

NOISE = np.random.default_rng(5).normal(0, 3, 40)


def test_a_straight_line_is_its_own_slope():
    found = trend([100.0 + 2 * n for n in range(30)])
    assert (found.level, found.slope, found.rounds) == (122.0, pytest.approx(2.0), 20)
    assert found.sure_growth == pytest.approx(40.0)


def test_noise_around_a_level_does_not_grow():
    assert not grows(trend(500 + NOISE), 1.0)


def test_a_leak_below_the_noise_of_a_round_is_found():
    assert grows(trend(500 + NOISE + np.arange(40)), 8.0)


def test_what_fills_during_the_warm_up_is_no_leak():
    assert not grows(trend([100.0 * min(n, 8) for n in range(30)]), 0.0)


def test_a_single_step_is_no_leak_but_one_each_round_is():
    assert not grows(trend([12] * 20 + [13] * 10), 2)
    assert grows(trend([12 + n for n in range(30)]), 2)


def test_shrinking_is_no_growth():
    assert trend([500.0 - n for n in range(30)]).sure_growth == 0


def test_too_few_rounds_are_not_judged():
    with pytest.raises(ValueError, match="too few"):
        trend([1.0] * (LEAST_ROUNDS - 1))
