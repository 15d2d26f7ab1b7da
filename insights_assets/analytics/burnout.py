"""Burnout risk of ads: seed 000's scorecard, mapped walk-forward to the frequencies that were observed.

The seed's score called an ad on which nothing moved "high" and its predicted change could not be negative; here the
score only orders the ads, and what an order is worth is read from the outcomes known by that week.
"""

import hashlib

import numpy as np
import polars as pl

from insights_assets.analytics.burnout_outcomes import HORIZONS, KEY, cost_median, observed_burnout
from insights_assets.analytics.calibration import PRIOR_PAIRS, Calibration, fit
from insights_assets.tables.burnout_predictions import BURNOUT_PREDICTIONS, DRIVER

WEIGHTS = {
    "frequency_delta_pct": 0.25,
    "ctr_delta_pct": -0.20,
    "cpc_delta_pct": 0.15,
    "frequency_slope_pct": 0.20,
    "ctr_slope_pct": -0.10,
    "reach_growth_pct": -0.10,
    "spend_change_pct": 0.05,
}
"""Weight of each signal on value / 100 (seed 000)."""

WINSOR_PCT = 200.0
"""A resumed ad's spend can rise by 10,000 %: beyond tripling, more says no more."""

MAX_DRIVERS = 5
MODEL = "scorecard-isotonic-1"
LEVEL_STEPS = ((0.75, "critical"), (0.5, "high"), (0.25, "medium"))


def raw_score() -> pl.Expr:
    """Return the scorecard, sum of weight x value / 100, unclamped; unknown signals add nothing."""
    return pl.sum_horizontal(_contribution(s) for s in WEIGHTS).alias("raw_score")


def burnout_predictions(features: pl.DataFrame, history: pl.DataFrame) -> pl.DataFrame:
    """Compute the rows of `burnout_predictions` for the weeks in `features`.

    Args:
        features: rows of `features_ad`, the weeks to predict from.
        history: rows of `features_ad` of all accounts, to learn from. For week t only pairs whose outcome week is t or
            earlier are used, so later rows change nothing.

    Returns:
        Two rows (1 and 2 weeks ahead) for each ad-week with a baseline, at least one signal and a 4-week median CPR.
    """
    known = pl.concat([features, history]).unique(KEY, keep="first", maintain_order=True)
    pairs = known.select(*KEY, raw_score(), _known_weight()).join(observed_burnout(known), on=KEY, how="inner")
    pairs = pairs.filter(pl.col("known_weight") > 0)
    asked = (
        features.join(cost_median(known).drop("result_family"), on=KEY, how="inner")
        .with_columns(raw_score(), _known_weight(), _drivers())
        .filter((pl.col("baseline_weeks") > 1) & (pl.col("known_weight") > 0) & (pl.col("cpr_median") > 0))
        .sort("week", "account_id", "entity_id")
    )
    parts = []
    for (week,), rows in asked.group_by("week", maintain_order=True):
        for horizon in HORIZONS:
            usable = pairs.filter((pl.col("horizon_weeks") == horizon) & (pl.col("outcome_week") <= week))
            parts.append(_predicted(rows, usable, horizon))
    if not parts:
        return BURNOUT_PREDICTIONS.empty()
    out = pl.concat(parts).select(list(BURNOUT_PREDICTIONS.schema))
    return BURNOUT_PREDICTIONS.conform(out.sort("account_id", "week", "ad_id", "horizon_weeks"))


def _predicted(rows: pl.DataFrame, pairs: pl.DataFrame, horizon: int) -> pl.DataFrame:
    """Predict one week and horizon with the map fitted on `pairs`."""
    model = fit(
        pairs["raw_score"].to_numpy(), pairs["burnt"].to_numpy().astype(np.float64), pairs["log_change"].to_numpy()
    )
    score = rows["raw_score"].to_numpy()
    return rows.select(
        "account_id",
        "week",
        pl.col("entity_id").alias("ad_id"),
        "raw_score",
        "top_drivers",
        (pl.col("known_weight") * (model.pairs / (model.pairs + PRIOR_PAIRS))).alias("confidence"),
        pl.lit(horizon, dtype=pl.Int64).alias("horizon_weeks"),
        pl.Series("risk_score", model.probability(score), dtype=pl.Float64),
        pl.lit(model.pairs, dtype=pl.Int64).alias("training_pairs"),
        pl.lit(model.base_rate).alias("base_rate"),
        pl.lit(_version(pairs, horizon)).alias("model_version"),
        *_changes(model, score),
    ).with_columns(_risk_level())


def _changes(model: Calibration, score: np.ndarray) -> list[pl.Series]:
    """Return the median and the 80 % interval of the change of CPR in percent; nulls below 30 pairs."""
    names = ("lo_80", "predicted_cpr_change_pct", "hi_80")
    quantiles = model.change_quantiles(score, (0.1, 0.5, 0.9))
    if quantiles is None:
        return [pl.Series(name, [None] * score.size, dtype=pl.Float64) for name in names]
    return [pl.Series(name, np.expm1(q) * 100) for name, q in zip(names, quantiles, strict=True)]


def _version(pairs: pl.DataFrame, horizon: int) -> str:
    """Name the model and what it was fitted on, whatever the order of the rows."""
    span = (pairs["outcome_week"].min(), pairs["outcome_week"].max())
    facts = f"{horizon}|{pairs.height}|{pairs['burnt'].sum()}|{span}"
    return f"{MODEL}-{hashlib.sha1(facts.encode(), usedforsecurity=False).hexdigest()[:8]}"


def _contribution(signal: str) -> pl.Expr:
    return pl.col(signal).clip(-WINSOR_PCT, WINSOR_PCT) / 100 * WEIGHTS[signal]


def _known_weight() -> pl.Expr:
    total = sum(abs(w) for w in WEIGHTS.values())
    known = pl.sum_horizontal(pl.col(s).is_not_null().cast(pl.Float64) * abs(w) for s, w in WEIGHTS.items())
    return (known / total).clip(0, 1).alias("known_weight")


def _drivers() -> pl.Expr:
    """List up to five signals by the size of their contribution."""
    items = []
    for signal in WEIGHTS:
        contribution = _contribution(signal)
        fields = [pl.lit(signal).alias("signal"), pl.col(signal).alias("value"), contribution.alias("contribution")]
        sortable = pl.struct(contribution.abs().alias("size"), pl.struct(fields).cast(DRIVER).alias("driver"))
        items.append(pl.when(contribution.abs() > 0).then(sortable))
    ordered = pl.concat_list(items).list.drop_nulls().list.sort(descending=True).list.head(MAX_DRIVERS)
    return ordered.list.eval(pl.element().struct.field("driver")).alias("top_drivers")


def _risk_level() -> pl.Expr:
    level = pl.lit("low")
    for step, name in reversed(LEVEL_STEPS):
        level = pl.when(pl.col("risk_score") >= step).then(pl.lit(name)).otherwise(level)
    return level.alias("risk_level")
