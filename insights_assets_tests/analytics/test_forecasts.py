"""Forecasts continue each series, keep their bounds in order, and do not depend on units, order or clock."""

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from insights_assets.analytics import forecasts
from insights_assets.analytics.forecasts import forecast

MONDAY = date(2025, 1, 6)
BOUNDS = ["lo_95", "lo_80", "mean", "hi_80", "hi_95"]


def frame(*series, days=7):
    """One series each of the given values, from the same Monday on; None is a row without a value."""
    rows = [
        (f"s{n:03d}", MONDAY + timedelta(days=days * k), y)
        for n, values in enumerate(series)
        for k, y in enumerate(values)
    ]
    return pl.DataFrame(rows, schema={"unique_id": pl.String, "ds": pl.Date, "y": pl.Float64}, orient="row")


def bounds(out):
    return out.select(BOUNDS).to_numpy()


points = st.one_of(st.none(), st.just(0.0), st.floats(-4, 8).map(lambda x: float(np.exp(x))))
never_negative = st.lists(st.lists(points, min_size=1, max_size=30), min_size=1, max_size=4)
any_sign = st.lists(st.lists(st.one_of(points, st.floats(-50, 50)), min_size=1, max_size=30), min_size=1, max_size=4)

# Thousandths: numbers near the smallest that a float holds have no multiples.
amounts = st.floats(-50, 50).map(lambda x: round(x, 3))
of_a_unit = st.lists(st.lists(st.one_of(points, amounts), min_size=1, max_size=30), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None)
@given(any_sign, st.integers(1, 6))
def test_bounds_are_in_order_and_widen(series, horizon):
    out = forecast(frame(*series), horizon, 4)
    assert out.height == len(series) * horizon
    known = out.drop_nulls()
    assert np.isfinite(bounds(known)).all()
    assert (np.diff(bounds(known), axis=1) >= -1e-9 * np.abs(bounds(known)).max(initial=1)).all()
    empty = {f"s{n:03d}" for n, values in enumerate(series) if all(y is None for y in values)}
    assert set(out["unique_id"]) - set(known["unique_id"]) == empty
    for level in (80, 95):
        width = (known[f"hi_{level}"] - known[f"lo_{level}"]).to_numpy().reshape(-1, horizon)
        assert (np.diff(width, axis=1) >= -1e-9 * np.abs(width).max(initial=1)).all()


@settings(max_examples=25, deadline=None)
@given(never_negative)
def test_nothing_falls_below_zero_that_never_did(series):
    assert (forecast(frame(*series), 3, 7).drop_nulls()["lo_95"] >= 0).all()


@settings(max_examples=25, deadline=None)
@given(of_a_unit, st.sampled_from([0.01, 0.37, 250.0, 1e5]), st.randoms(use_true_random=False))
def test_unit_and_order_of_rows_change_nothing(series, factor, random):
    rows = frame(*series)
    out = forecast(rows, 3, 4)
    order = list(range(rows.height))
    random.shuffle(order)
    assert forecast(rows[order], 3, 4).equals(out)
    scaled = forecast(rows.with_columns(pl.col("y") * factor), 3, 4)
    known = bounds(out.drop_nulls())
    assert np.allclose(
        bounds(scaled.drop_nulls()), known * factor, rtol=1e-3, atol=1e-4 * factor * np.abs(known).max(initial=0)
    )


def test_each_series_continues_from_its_own_end():
    rows = frame([5.0] * 10, [5.0, None, 6.0])
    out = forecast(rows, 2, 52)
    assert out["ds"].to_list() == [MONDAY + timedelta(weeks=k) for k in (10, 11, 3, 4)]


def test_the_step_is_kept_by_day_hour_and_month_through_summer_time():
    berlin = "Europe/Berlin"
    noon = pl.datetime_range(datetime(2026, 3, 20, 12), datetime(2026, 3, 28, 12), "1d", time_zone=berlin, eager=True)  # noqa: DTZ001
    daily = forecast(pl.DataFrame({"unique_id": "a", "ds": noon, "y": 1.0}), 2, 7)
    assert [str(d) for d in daily["ds"].dt.replace_time_zone(None)] == ["2026-03-29 12:00:00", "2026-03-30 12:00:00"]
    hours = pl.datetime_range(datetime(2026, 3, 28), datetime(2026, 3, 29, 1), "1h", time_zone=berlin, eager=True)  # noqa: DTZ001
    hourly = forecast(pl.DataFrame({"unique_id": "a", "ds": hours, "y": 1.0}), 1, 24)
    assert hourly["ds"].dt.hour().to_list() == [3], "two o'clock does not exist that night"
    months = pl.date_range(date(2025, 1, 1), date(2025, 12, 1), "1mo", eager=True)
    monthly = forecast(pl.DataFrame({"unique_id": "a", "ds": months, "y": 1.0}), 2, 12)
    assert monthly["ds"].to_list() == [date(2026, 1, 1), date(2026, 2, 1)]


def test_a_row_left_out_and_a_null_are_the_same():
    values = [5.0, 6.0, None, 7.0, 6.0, 5.0, None, 8.0]
    assert forecast(frame(values), 3, 4).equals(forecast(frame(values).drop_nulls(), 3, 4))


def test_one_point_is_forecast_to_stay_with_much_doubt():
    out = forecast(frame([5.0]), 2, 52)
    assert out["mean"].to_list() == pytest.approx([5.0, 5.0])
    assert out["lo_95"][0] < 3
    assert out["hi_95"][0] > 8


def test_a_constant_stays_and_zeros_stay():
    out = forecast(frame([5.0] * 30, [0.0] * 30), 4, 7)
    assert out["mean"].to_list() == pytest.approx([5.0] * 4 + [0.0] * 4)
    assert (out["hi_95"] - out["lo_95"]).max() < 0.2


def test_a_pause_is_forecast_to_last_and_may_end():
    rng = np.random.default_rng(1)
    paused = [*rng.uniform(90, 110, 20), 0.0, 0.0]
    running = [rng.uniform(90, 110, 22) for _ in range(20)]
    out = forecast(frame(paused, *running), 2, 52).filter(pl.col("unique_id") == "s000")
    assert out["mean"].to_list() == [0.0, 0.0]
    assert out["lo_95"].to_list() == [0.0, 0.0]
    assert (out["hi_95"] > 80).all()


def test_a_rare_result_is_no_pause():
    rng = np.random.default_rng(2)
    rare = rng.poisson(0.4, (20, 60)).astype(float)
    rare[:, -1] = 0
    assert (forecast(frame(*rare, days=1), 3, 7)["mean"] > 0).mean() > 0.5


def test_a_season_of_years_is_learnt_with_its_quarter_week():
    weeks = np.arange(52 * 8)
    rng = np.random.default_rng(3)
    season = 0.4 * np.cos(2 * np.pi * weeks / (365.25 / 7)) + 0.2 * np.cos(6 * np.pi * weeks / (365.25 / 7))
    series = np.exp(season + 0.02 * rng.standard_normal((6, weeks.size)))
    out = forecast(frame(*series[:, :-13]), 13, 52)["mean"].to_numpy().reshape(6, 13)
    error = np.abs(np.log(out / series[:, -13:])).mean()
    naive = np.abs(np.log(series[:, -14:-13] / series[:, -13:])).mean()
    assert error < 0.15 * naive


def test_a_week_of_days_is_learnt():
    days = np.arange(70)
    rng = np.random.default_rng(4)
    weekday = np.array([1.0, 1.1, 1.0, 0.9, 1.2, 0.5, 0.4])[days % 7]
    series = weekday * np.exp(0.1 * rng.standard_normal((30, 70))) * rng.lognormal(2, 1, (30, 1))
    out = forecast(frame(*series[:, :-7], days=1), 7, 7)["mean"].to_numpy().reshape(30, 7)
    naive = np.abs(series[:, 62:63] - series[:, 63:]) / series.mean(axis=1, keepdims=True)
    assert (np.abs(out - series[:, 63:]) / series.mean(axis=1, keepdims=True)).mean() < 0.4 * naive.mean()


@pytest.mark.parametrize("points", [8, 26])
def test_intervals_cover_what_they_say(points):
    rng = np.random.default_rng(points)
    shocks = rng.standard_t(5, (400, points + 4)) * rng.uniform(0.05, 0.4, (400, 1))
    series = np.exp(np.cumsum(0.5 * shocks, axis=1) + rng.standard_normal((400, points + 4)) * 0.1 + 3)
    out = forecast(frame(*series[:, :points]), 4, 52)
    later = series[:, points:].ravel()
    covered = {
        n: ((out[f"lo_{n}"].to_numpy() <= later) & (later <= out[f"hi_{n}"].to_numpy())).mean() for n in (80, 95)
    }
    assert 0.76 <= covered[80] <= 0.87
    assert 0.93 <= covered[95] <= 0.98


def test_siblings_teach_a_short_history_how_far_it_may_move():
    rng = np.random.default_rng(5)
    calm = 100 * np.exp(0.02 * rng.standard_normal((20, 40)))
    wild = 100 * np.exp(0.5 * rng.standard_normal((20, 40)))
    rows = frame(*calm, *wild, [100.0, 101.0], [100.0, 101.0])
    groups = {f"s{k:03d}": "calm" if k < 20 else "wild" for k in range(40)} | {"s040": "calm", "s041": "wild"}
    out = forecast(rows, 1, 52, groups)
    width = {row["unique_id"]: row["hi_95"] - row["lo_95"] for row in out.iter_rows(named=True)}
    assert width["s040"] < 0.3 * width["s041"]
    alike = forecast(rows, 1, 52).filter(pl.col("unique_id").is_in(["s040", "s041"]))["mean"]
    assert alike[0] == alike[1]


def moved(days):
    """The first point of a series that many days later; earlier where negative."""
    return pl.when(pl.col("y") == 1).then(pl.col("ds") + pl.duration(days=days)).otherwise("ds").alias("ds")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda f: f.drop("y"), "missing: y"),
        (lambda f: f.with_columns(unique_id=pl.lit(1)), "unique_id must be String"),
        (lambda f: f.with_columns(pl.col("ds").cast(pl.String)), "ds must be Date or Datetime"),
        (lambda f: f.with_columns(pl.col("y").cast(pl.String)), "y must be numeric"),
        (lambda f: pl.concat([f, f[:1]]), "s000 has 2025-01-06 more than once"),
        (lambda f: f.with_columns(ds=pl.when(pl.col("y") == 2).then(None).otherwise("ds")), "ds is null in 1 rows"),
        (lambda f: f.with_columns(moved(-3)), "off the frame's step of 7 days"),
    ],
)
def test_a_wrong_frame_is_told_in_a_sentence(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        forecast(change(frame([1.0, 2.0, 3.0, 4.0])), 1, 52)


@pytest.mark.parametrize(("horizon", "season"), [(0, 7), (-1, 7), (1.5, 7), (True, 7), (3, 0)])
def test_a_wrong_number_is_told_in_a_sentence(horizon, season):
    with pytest.raises(ValueError, match="whole number of at least 1"):
        forecast(frame([1.0]), horizon, season)


def test_blocks_are_put_back_in_their_places(monkeypatch):
    rng = np.random.default_rng(6)
    level = np.arange(1, 8) * 100.0
    rows = frame(*(level[:, None] * np.exp(0.05 * rng.standard_normal((7, 20)))))
    monkeypatch.setattr(forecasts, "BLOCK", 3)
    groups = {f"s{k:03d}": "odd" if k % 2 else "even" for k in range(7)}
    out = forecast(rows, 2, 52, groups).filter(pl.col("ds") == MONDAY + timedelta(weeks=20))
    assert np.allclose(out["mean"], level, rtol=0.1)


def test_no_rows_in_no_rows_out():
    out = forecast(frame(), 3, 7)
    assert out.height == 0
    assert out.columns == ["unique_id", "ds", "mean", "lo_80", "hi_80", "lo_95", "hi_95"]


def test_a_pool_knows_nothing_of_the_others():
    rng = np.random.default_rng(5)
    rows = [
        {"unique_id": f"{pool}{k}", "ds": MONDAY + timedelta(weeks=t), "y": float(y)}
        for pool, points in (("a", 30), ("b", 95), ("c", 12))
        for k in range(4)
        for t, y in enumerate(rng.poisson(3 + 5 * k, points) * (1.0 if pool == "b" else 10.0))
    ]
    every = pl.DataFrame(rows)
    names = every["unique_id"].unique().sort().to_list()
    pools = {name: name[0] for name in names}
    groups = {name: str(int(name[1]) % 2) for name in names}
    together = forecast(every, 4, 52, groups, pools)
    for pool in "abc":
        own = every.filter(pl.col("unique_id").str.starts_with(pool))
        alone = forecast(own, 4, 52, groups, pools)
        assert_frame_equal(alone, together.filter(pl.col("unique_id").str.starts_with(pool)), rel_tol=1e-7)
    assert not together.equals(forecast(every, 4, 52, groups)), "one pool would learn from all"


def test_a_level_that_stays_is_the_level_and_one_strike_moves_little():
    rng = np.random.default_rng(3)
    calm = 100 * np.exp(0.05 * rng.standard_normal(200))
    shifted, struck = calm.copy(), calm.copy()
    shifted[-6:] *= 1.8
    struck[-1] *= 6
    out = forecast(frame(shifted, struck), 4, 52)["mean"].to_numpy().reshape(2, 4)
    assert out[0] == pytest.approx(180, rel=0.1)
    assert (out[1] < 200).all(), "a fifth of the way to the last point, which may be a new level"
