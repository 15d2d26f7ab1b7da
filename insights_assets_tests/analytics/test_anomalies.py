"""Scores know nothing of what comes later, whatever the unit and order of rows, and point at what stands out."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights_assets.analytics.anomalies import score_series

MONDAY = date(2025, 1, 6)
STEPS = {"week": timedelta(weeks=1), "day": timedelta(days=1)}


def weekly(*series, step="week"):
    """A frame of the given values, one series each from the same Monday on; None leaves the row out."""
    rows = [
        (f"s{n}", MONDAY + k * STEPS[step], float(y))
        for n, values in enumerate(series)
        for k, y in enumerate(values)
        if y is not None
    ]
    return pl.DataFrame(rows, schema={"unique_id": pl.String, "ds": pl.Date, "y": pl.Float64}, orient="row")


def hourly(values):
    start = datetime(2025, 1, 6)  # noqa: DTZ001  the account's own clock
    hours = [start + timedelta(hours=k) for k in range(len(values))]
    return pl.DataFrame({"unique_id": "h", "ds": hours, "y": values})


def noisy(seed, *, series=30, points=40, scatter=0.2):
    """Costs around a level of their own, as rows of values."""
    rng = np.random.default_rng(seed)
    level = rng.lognormal(2, 1, (series, 1))
    return level * np.exp(scatter * rng.standard_normal((series, points)))


frames = st.lists(
    st.lists(
        st.one_of(st.none(), st.floats(-5, 5).map(lambda x: float(np.exp(x))), st.sampled_from([0.0, -3.0])),
        min_size=1,
        max_size=30,
    ),
    min_size=1,
    max_size=4,
).map(lambda s: weekly(*s))


@settings(max_examples=25, deadline=None)
@given(frames, st.integers(0, 29))
def test_later_points_change_nothing(frame, weeks):
    cut = pl.col("ds") <= MONDAY + timedelta(weeks=weeks)
    then, later = score_series(frame.filter(cut)), score_series(frame).filter(cut)
    assert then.drop("score").equals(later.drop("score"))
    assert np.allclose(then["score"], later["score"])


@settings(max_examples=25, deadline=None)
@given(frames, st.sampled_from([1e-4, 0.37, 250.0, 1e6]), st.randoms(use_true_random=False))
def test_unit_and_order_of_rows_change_nothing(frame, factor, random):
    out = score_series(frame)
    scaled = score_series(frame.with_columns(pl.col("y") * factor))
    assert np.allclose(out["score"], scaled["score"], atol=1e-6)
    order = list(range(frame.height))
    random.shuffle(order)
    shuffled = score_series(frame[order])
    assert shuffled.select("unique_id", "ds").equals(frame[order].select("unique_id", "ds"))
    assert np.allclose(shuffled["score"], out["score"].to_numpy()[order], atol=1e-9)
    assert shuffled["is_anomaly"].to_list() == [out["is_anomaly"][i] for i in order]


def test_hours_do_not_look_ahead_either():
    rng = np.random.default_rng(5)
    hour = np.arange(24 * 10)
    values = np.exp(0.4 * np.sin(hour / 24 * 2 * np.pi) + 0.1 * rng.standard_normal(hour.size))
    values[150] *= 5
    frame = hourly(values)
    for last in (60, 151, 200):
        assert np.allclose(score_series(frame[:last])["score"], score_series(frame)["score"][:last])


def test_a_spike_is_found_and_what_follows_it_is_not():
    values = noisy(1)
    values[:, 25] *= np.where(np.arange(30) < 3, 4.0, 1.0)
    out = score_series(weekly(*values))
    score = out["score"].to_numpy().reshape(values.shape)
    flags = out["is_anomaly"].to_numpy().reshape(values.shape)
    assert flags[:3, 25].all()
    assert not flags[:3, 26:29].any()
    assert (score[:3, 25] > np.quantile(score[3:, 8:], 0.99)).all()
    assert flags[3:].mean() < 0.01


def test_a_rise_weighs_more_than_a_fall_of_the_same_size():
    values = noisy(2, series=2)
    values[0, 30] *= 3
    values[1, 30] /= 3
    score = score_series(weekly(*values))["score"].to_numpy().reshape(values.shape)
    assert score[0, 30] > 2
    assert score[1, 30] > 1.5


def test_a_new_level_is_believed_after_three_points():
    values = noisy(3, series=20, scatter=0.1)
    values[0, 20:] *= 3
    out = score_series(weekly(*values))["score"].to_numpy().reshape(values.shape)
    assert out[0, 20] > 3
    assert (out[0, 24:] < 2).all()


def test_a_daily_season_is_learnt_and_one_alarm_a_day_is_raised():
    rng = np.random.default_rng(4)
    hour = np.arange(24 * 24)
    values = np.exp(np.sin(hour / 24 * 2 * np.pi) + 0.1 * rng.standard_normal(hour.size))
    usual = score_series(hourly(values))
    assert usual["is_anomaly"][24 * 7 :].sum() <= 1
    # At its daily low a doubling stays far below the daily high: only a season makes it stand out.
    low = 24 * 20 + 18
    values[low : low + 4] *= 2.2
    out = score_series(hourly(values))
    assert values[low] < np.median(values)
    assert out["is_anomaly"][low]
    assert out["is_anomaly"][low : low + 24].sum() <= 2


def test_hours_with_a_time_zone_pass_the_change_of_clocks():
    hours = pl.datetime_range(
        datetime(2025, 10, 20, tzinfo=UTC), datetime(2025, 11, 2, tzinfo=UTC), "1h", time_unit="ms", eager=True
    )
    local = hours.dt.convert_time_zone("Europe/Berlin")
    values = np.exp(np.sin(local.dt.hour().to_numpy() / 24 * 2 * np.pi))
    frame = pl.DataFrame({"unique_id": "h", "ds": local, "y": values})
    out = score_series(frame)
    assert out.schema["ds"] == frame.schema["ds"]
    assert not out["is_anomaly"][24 * 5 :].any()


def test_short_histories_borrow_the_scatter_of_the_others():
    calm, wild = noisy(6, series=40, scatter=0.05), noisy(6, series=40, scatter=0.4)
    fresh = [10.0, 10.5, 9.7, 10.1, 14.0]
    among_calm = score_series(weekly(*calm, [*[None] * 30, *fresh]))["score"][-1]
    among_wild = score_series(weekly(*wild, [*[None] * 30, *fresh]))["score"][-1]
    assert among_calm > 1.5 > among_wild


def test_constant_series_zeros_and_negative_values():
    assert score_series(weekly([5] * 30))["score"].max() < 0.5
    assert not score_series(weekly([5] * 30))["is_anomaly"].any()
    assert score_series(weekly([5] * 30 + [10]))["is_anomaly"][-1]
    assert score_series(weekly([0] * 30))["score"].max() < 0.5
    rng = np.random.default_rng(7)
    around_zero = rng.standard_normal(50)
    around_zero[40] = 12.0
    out = score_series(weekly(around_zero))
    assert out["score"].arg_max() == 40
    assert out["is_anomaly"][40]
    stopped = score_series(weekly([*noisy(8, series=1)[0], 0.0]))
    assert stopped["score"].arg_max() == stopped.height - 1


def test_missing_values_and_single_points_score_nothing():
    frame = weekly([3.0, 4.0, 3.5, 4.2, 3.9, 4.1], [7.0])
    out = score_series(frame.with_columns(pl.when(pl.int_range(pl.len()) == 2).then(None).otherwise("y").alias("y")))
    assert out["score"][2] == 0.0
    assert out["score"].is_finite().all()
    assert out.filter(unique_id="s1").select("score", "is_anomaly").rows() == [(0.0, False)]
    assert score_series(frame.clear()).schema == {
        **frame.drop("y").schema,
        "score": pl.Float64,
        "is_anomaly": pl.Boolean,
    }
    assert score_series(frame.with_columns(pl.lit(None).alias("y")))["score"].sum() == 0.0


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (weekly([1.0]).drop("y"), "missing: y"),
        (weekly([1.0]).with_columns(pl.col("ds").cast(pl.String)), "ds must be Date or Datetime"),
        (weekly([1.0]).with_columns(pl.col("y").cast(pl.String)), "y must be numeric"),
        (pl.concat([weekly([1.0]), weekly([2.0])]), "series s0 has 2025-01-06 more than once"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(frame, sentence):
    with pytest.raises(ValueError, match=sentence):
        score_series(frame)
