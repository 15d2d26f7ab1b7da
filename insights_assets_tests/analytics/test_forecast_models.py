"""The bank's filters are those of statsmodels, for all series at once and wherever a series begins or has a gap."""

import numpy as np
import pytest
from statsmodels.tsa.holtwinters import ExponentialSmoothing, SimpleExpSmoothing
from statsmodels.tsa.statespace.structural import UnobservedComponents

from insights_assets.analytics.forecast_models import Model, Panel, gains, run, smoothing

END = np.array([0])


def walks(seed, *, points=120, series=4):
    rng = np.random.default_rng(seed)
    season = 3 * np.sin(2 * np.pi * np.arange(points) / 7)[:, None]
    return np.cumsum(rng.standard_normal((points, series)), axis=0) + season + rng.standard_normal((points, series))


def panel(values, period=7.0):
    return Panel(values, np.full(values.shape[1], len(values)), period)


def structural(values, horizon, parameters, **parts):
    """Forecasts (series, horizon) of statsmodels' Kalman filter with the same variances."""
    out = []
    for y in values.T:
        model = UnobservedComponents(y, **parts)
        out.append(model.filter([parameters[name] for name in model.param_names]).forecast(horizon))
    return np.array(out)


def test_a_level_is_the_kalman_filter_of_a_local_level():
    values = walks(1)
    ours = run(panel(values), Model("level", 0.4), END, 5).forecasts[0]
    theirs = structural(values, 5, {"sigma2.irregular": 1.0, "sigma2.level": 0.4}, level="llevel")
    assert np.allclose(ours, theirs, atol=1e-3)


def test_a_slope_is_the_kalman_filter_of_a_local_linear_trend():
    values = walks(2)
    model = Model("trend", 0.4, slope=0.05, damping=1.0, slope_prior=1e6)
    theirs = structural(
        values, 5, {"sigma2.irregular": 1.0, "sigma2.level": 0.4, "sigma2.trend": 0.05}, level="lltrend"
    )
    assert np.allclose(run(panel(values), model, END, 5).forecasts[0], theirs, atol=1e-3)


def test_a_season_is_the_kalman_filter_of_a_trigonometric_season():
    values = walks(3)
    # Both spread over three harmonics: a third of the season's variance each.
    model = Model("season", 0.4, season=0.03, season_prior=3e6)
    theirs = structural(
        values, 9, {"sigma2.irregular": 1.0, "sigma2.level": 0.4, "sigma2.freq_seasonal_7(3)": 0.01},
        level="llevel", freq_seasonal=[{"period": 7, "harmonics": 3}],
    )  # fmt: skip
    assert np.allclose(run(panel(values), model, END, 9).forecasts[0], theirs, atol=1e-2)


def test_a_level_settles_on_simple_exponential_smoothing():
    values = walks(4, points=300)
    ours = run(panel(values), Model("level", smoothing(0.35)), END, 3).forecasts[0]
    for y, forecast in zip(values.T, ours, strict=True):
        fit = SimpleExpSmoothing(y, initialization_method="known", initial_level=y[0])
        assert forecast == pytest.approx(fit.fit(smoothing_level=0.35, optimized=False).forecast(3), abs=1e-6)


def test_a_damped_slope_settles_on_damped_exponential_smoothing():
    values = walks(5, points=400)
    model = Model("damped", 0.4, slope=0.02, damping=0.9, slope_prior=0.1)
    level, slope = gains(model, 7.0, 400)[-1]
    ours = run(panel(values), model, END, 6).forecasts[0]
    for y, forecast in zip(values.T, ours, strict=True):
        smooth = ExponentialSmoothing(
            y, trend="add", damped_trend=True, initialization_method="known", initial_level=y[0], initial_trend=0.0
        )
        fit = smooth.fit(smoothing_level=level, smoothing_trend=slope / level, damping_trend=0.9, optimized=False)
        assert forecast == pytest.approx(fit.forecast(6), abs=1e-4)


def test_an_origin_knows_nothing_of_what_comes_later():
    values = walks(6)
    model = Model("season", 0.4, slope=0.01, damping=0.9, slope_prior=0.1, season=0.01, clip=3.0)
    whole = run(panel(values), model, np.array([0, 10, 50]), 4)
    for place, offset in enumerate((0, 10, 50)):
        cut = run(panel(values[: len(values) - offset]), model, END, 4)
        assert np.allclose(whole.forecasts[place], cut.forecasts[0])
        assert np.allclose(whole.spread[place], cut.spread[0])


def test_series_of_all_lengths_come_out_as_if_alone():
    values = walks(7)
    length = np.array([120, 60, 60, 3])
    together = np.where(np.arange(120)[:, None] < length, values, np.nan)
    model = Model("season", 0.4, season=0.01, clip=3.0)
    ours = run(Panel(together, length, 7.0), model, np.array([0, 5]), 3)
    for k, n in enumerate(length):
        alone = run(panel(values[:n, [k]]), model, END, 3)
        assert np.allclose(ours.forecasts[0, k], alone.forecasts[0, 0])
    assert np.isnan(ours.forecasts[1, 3]).all(), "five steps before the end of three points nothing was known"


def test_a_missing_point_changes_no_level_and_counts_for_nothing():
    values = np.array([4.0, np.nan, np.nan, 8.0])[:, None]
    # After one point a random walk with noise gives the second the weight (1 + q) / (2 + q), here 1.5 / 2.5.
    forecast = run(panel(values), Model("level", 0.5), END, 1).forecasts[0, 0, 0]
    assert forecast == pytest.approx(4 + 4 * 1.5 / 2.5, abs=1e-4)


def test_a_spike_is_cut_and_a_new_level_is_believed():
    calm = np.tile([10.0, 11.0, 10.0, 9.0], 10)
    spike, shift = calm.copy(), calm.copy()
    spike[-1] = 100.0
    shift[-4:] = 100.0
    values = np.column_stack([calm, spike, shift])
    forecasts = run(panel(values), Model("level", smoothing(0.5), clip=3.5), END, 1).forecasts[0, :, 0]
    assert forecasts[1] < 13
    assert forecasts[2] > 60
