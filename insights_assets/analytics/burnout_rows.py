"""Rows of `burnout_predictions` and `burnout_models` from the models fitted on the way through the weeks."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import date

import numpy as np
import polars as pl

from insights_assets.analytics.burnout_baseline import HORIZONS
from insights_assets.analytics.burnout_drivers import top_drivers
from insights_assets.analytics.burnout_panel import Floats, Ints
from insights_assets.analytics.burnout_quality import qualities
from insights_assets.analytics.burnout_walk import Fitted, Pairs, pairs_of, walk
from insights_assets.tables.burnout_models import BURNOUT_MODELS
from insights_assets.tables.burnout_predictions import BURNOUT_PREDICTIONS

MODEL = "logistic-trees-2"
LEVEL_STEPS = ((0.75, "critical"), (0.5, "high"), (0.25, "medium"))
NEAREST_PAIRS = 400
LEAST_INTERVAL_PAIRS = 30
SURE_PAIRS, SURE_RESULTS = 500.0, 10.0
FAMILY_SEPARATOR = "\x1f"


def burnout_predictions(
    ad_weeks: pl.DataFrame, weeks: Sequence[date], scores: pl.DataFrame, accounts: Collection[str] | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Compute the predictions of some weeks, and tell the models that made them.

    Args:
        ad_weeks: rows of `burnout_weeks` of all accounts, complete weeks up to the last one asked for.
        weeks: Mondays to predict from.
        scores: account_id, week, ad_id, raw_score (the seeds' scorecard) of those weeks.
        accounts: those to predict for; all when None. The models learn from every account.

    Returns:
        Rows of `burnout_predictions` for ad weeks with a median of at least two weeks, and of `burnout_models`.
    """
    # A change of goal begins a new story: costs of two result families have nothing in common.
    named = pl.concat_str("ad_id", "result_family", separator=FAMILY_SEPARATOR).alias("ad_id")
    weeks = sorted(set(weeks) & set(ad_weeks["week"].unique()))
    if not weeks:
        return BURNOUT_PREDICTIONS.empty(), BURNOUT_MODELS.empty()
    pairs = pairs_of(ad_weeks.with_columns(named))
    wanted = pairs.rows["week"].is_in(weeks).to_numpy() & pairs.asked
    if accounts is not None:
        wanted &= pairs.rows["account_id"].is_in(accounts).to_numpy()
    parts, models = [BURNOUT_PREDICTIONS.empty()], [BURNOUT_MODELS.empty()]
    for horizon in HORIZONS:
        for fitted in walk(pairs, horizon, min(weeks)):
            chosen = np.flatnonzero(wanted[fitted.rows])
            if chosen.size:
                parts.append(_rows(pairs, fitted, chosen, scores))
                models.append(_model(pairs, fitted))
    return pl.concat(parts).sort(BURNOUT_PREDICTIONS.key), pl.concat(models).sort(BURNOUT_MODELS.key)


def version_of(fitted: Fitted) -> str:
    """Name a model by its kind, its horizon, the week it was fitted in and a hash of what it was fitted on."""
    facts = (fitted.pairs, fitted.first_pair, fitted.last_pair, np.round(fitted.logistic.slopes, 6).tobytes())
    digest = hashlib.sha1(repr(facts).encode(), usedforsecurity=False).hexdigest()[:8]
    return f"{MODEL}-h{fitted.horizon}-{fitted.since}-{digest}"


def risk_level() -> pl.Expr:
    """Name the level of a risk_score."""
    level = pl.lit("low")
    for step, name in reversed(LEVEL_STEPS):
        level = pl.when(pl.col("risk_score") >= step).then(pl.lit(name)).otherwise(level)
    return level.alias("risk_level")


def _rows(pairs: Pairs, fitted: Fitted, chosen: Ints, scores: pl.DataFrame) -> pl.DataFrame:
    at, h = fitted.rows[chosen], fitted.horizon
    names, signals = pairs.names[h], pairs.signals[h][at]
    behind = np.expm1(signals[:, names.index("results_4")].astype(np.float64))
    sure = fitted.pairs / (fitted.pairs + SURE_PAIRS) * behind / (behind + SURE_RESULTS)
    low, middle, high = _changes(pairs, fitted, at)
    rows = pairs.rows[at].with_columns(
        pl.col("ad_id").str.split(FAMILY_SEPARATOR).list.first(),
        pl.lit(h, dtype=pl.Int64).alias("horizon_weeks"),
        pl.Series("risk_score", fitted.risk[chosen]),
        pl.Series("predicted_cpr_change_pct", middle).fill_nan(None),
        pl.Series("lo_80", low).fill_nan(None),
        pl.Series("hi_80", high).fill_nan(None),
        top_drivers(signals, fitted.logistic.contributions(signals), names),
        pl.Series("confidence", np.round(sure, 6)),
        pl.lit(fitted.pairs, dtype=pl.Int64).alias("training_pairs"),
        pl.lit(fitted.base_rate, dtype=pl.Float64).fill_nan(None).alias("base_rate"),
        pl.lit(version_of(fitted)).alias("model_version"),
    )
    scored = rows.with_columns(risk_level()).join(scores, on=["account_id", "week", "ad_id"], how="left")
    return BURNOUT_PREDICTIONS.conform(scored.select(list(BURNOUT_PREDICTIONS.schema)))


def _changes(pairs: Pairs, fitted: Fitted, at: Ints) -> tuple[Floats, Floats, Floats]:
    """10th, 50th and 90th percentile of the change of cost in percent, from the 400 nearest pairs by logit.

    Changes are taken in units of the noise that their expected results leave, and given back in the row's own.
    """
    h, n = fitted.horizon, fitted.training.size
    if n < LEAST_INTERVAL_PAIRS:
        return (np.full(at.size, np.nan),) * 3
    logits = np.round(fitted.logistic.logit(pairs.signals[h][fitted.training]), 9)
    changes = pairs.change[h][fitted.training] / _noise(pairs.expected[fitted.training])
    order = np.lexsort((changes, logits))
    logits, changes = logits[order], changes[order]
    k = min(NEAREST_PAIRS, n)
    own = np.round(fitted.logistic.logit(pairs.signals[h][at]), 9)
    start = np.clip(np.searchsorted(logits, own) - k // 2, 0, n - k)
    # A table of quantiles every k / 8 pairs: rows that begin near each other share one.
    step = max(k // 8, 1)
    begins = np.unique(np.r_[np.arange(0, n - k, step), n - k])
    table = np.stack([np.quantile(changes[b : b + k], (0.1, 0.5, 0.9)) for b in begins])
    found = table[np.searchsorted(begins, start, side="right") - 1] * _noise(pairs.expected[at])[:, None]
    low, middle, high = np.round(np.expm1(np.clip(found, -5, 5)) * 100, 6).T
    return low, middle, high


def _noise(expected: Floats) -> Floats:
    return np.sqrt(0.05 + 1 / (expected + 1))


def _model(pairs: Pairs, fitted: Fitted) -> pl.DataFrame:
    """One row: what it was fitted on, its weights, and how it does in sample."""
    h = fitted.horizon
    inside = fitted.logistic.logit(pairs.signals[h][fitted.training])
    told = qualities(1 / (1 + np.exp(-inside)), pairs.burnt[h][fitted.training])
    order = np.argsort(-np.abs(fitted.logistic.slopes), kind="stable")
    slopes = [{"signal": pairs.names[h][k], "slope": float(np.round(fitted.logistic.slopes[k], 9))} for k in order]
    row = {
        "model_version": version_of(fitted),
        "horizon_weeks": h,
        "fitted_week": fitted.since,
        "first_pair_week": fitted.first_pair,
        "last_pair_week": fitted.last_pair,
        "training_pairs": fitted.pairs,
        "base_rate": fitted.base_rate,
        "has_trees": fitted.has_trees,
        "stack_pairs": int(fitted.stacked),
        "stack_intercept": fitted.stack.intercept,
        "stack_logistic": fitted.stack.logistic,
        "stack_trees": fitted.stack.trees,
        "stack_bend": fitted.stack.bend,
        "logistic_auc": told.auc,
        "logistic_brier": told.brier,
        "inputs": slopes,
    }
    # A rule that learnt from nothing yet has no figures: null, since NaN is not even equal to itself.
    return pl.DataFrame([row], schema=BURNOUT_MODELS.schema).with_columns(pl.selectors.float().fill_nan(None))
