"""What the entities of an account share on a day: their median, where it is beyond noise."""

import math

import polars as pl
import pytest

from insights_assets.analytics.common_days import common_move


def moves(changes, variance=0.0):
    frame = pl.DataFrame({"day": 1, "change": changes, "variance": variance}, schema_overrides={"change": pl.Float64})
    return frame.select(common_move(pl.col("change"), pl.col("variance")).over("day")).to_series().to_list()


def test_the_median_is_shared_whatever_one_does():
    # Nothing scatters by itself: the median counts fully.
    assert moves([-0.5] * 9 + [3.0]) == pytest.approx([math.exp(-0.5)] * 10)


def test_a_median_within_its_noise_is_nobodys():
    # The median of ten with variance 0.1 has a standard error of 0.125, three of them are 0.376.
    assert moves([-0.4] * 10, 0.1) == pytest.approx([math.exp(-0.4)] * 10)
    assert moves([-0.36] * 10, 0.1) == [1.0] * 10
    assert moves([-0.09] * 10) == [1.0] * 10


def test_seven_share_nothing():
    assert moves([-0.5] * 7) == [1.0] * 7
    assert moves([-0.5] * 7 + [None, math.inf, math.nan]) == [1.0] * 10
