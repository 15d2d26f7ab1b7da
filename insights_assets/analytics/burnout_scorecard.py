"""Seed 000's scorecard of burnout: seven signals, weighted and added; the baseline that a fitted model must beat."""

import polars as pl

WEIGHTS = {
    "frequency_delta_pct": 0.25,
    "ctr_delta_pct": -0.20,
    "cpc_delta_pct": 0.15,
    "frequency_slope_pct": 0.20,
    "ctr_slope_pct": -0.10,
    "reach_growth_pct": -0.10,
    "spend_change_pct": 0.05,
}
"""Weight of each signal on value / 100."""

WINSOR_PCT = 200.0
"""A resumed ad's spend can rise by 10,000 %: beyond tripling, more says no more."""


def raw_score() -> pl.Expr:
    """Return the scorecard, sum of weight x value / 100, unclamped; unknown signals add nothing."""
    parts = (pl.col(s).clip(-WINSOR_PCT, WINSOR_PCT) / 100 * w for s, w in WEIGHTS.items())
    return pl.sum_horizontal(parts).alias("raw_score")
