"""Backtest: what burnout predictions would have been worth in every past week, beside what costs nothing to predict."""

import numpy as np
import polars as pl

from insights_assets.analytics.burnout_baseline import HORIZONS
from insights_assets.analytics.burnout_panel import Floats
from insights_assets.analytics.burnout_quality import lead_times, qualities
from insights_assets.analytics.burnout_rows import FAMILY_SEPARATOR, MODEL
from insights_assets.analytics.burnout_walk import Pairs, pairs_of, walk
from insights_assets.tables.backtest_burnout import BACKTEST_BURNOUT

FITTED, PERSISTENCE, SCORECARD, BASE_RATE = "fitted", "persistence", "scorecard", "base_rate"
LEAST_PAIRS = 200
SKILL_TOLERANCE = 0.03
"""Loss of skill (1 - Brier score / that of the base rate) that new weeks alone bring about."""


def judged(ad_weeks: pl.DataFrame, scores: pl.DataFrame) -> pl.DataFrame:
    """Predict every past week by each model.

    Args:
        ad_weeks: rows of `burnout_weeks` of all accounts.
        scores: account_id, week, ad_id, raw_score (the seeds' scorecard).

    Returns:
        account_id, ad_id, week, horizon_weeks, burnt, and a column for each model: probabilities of `fitted` and
        `base_rate` (share burnt in what was known), scores of `persistence` (this week's cost over its median) and
        `scorecard`. Rows whose outcome is known.
    """
    if ad_weeks.is_empty():
        columns = {"account_id": pl.String, "ad_id": pl.String, "week": pl.Date, "horizon_weeks": pl.Int64}
        return pl.DataFrame(
            schema={**columns, **dict.fromkeys(("burnt", FITTED, BASE_RATE, PERSISTENCE, SCORECARD), pl.Float64)}
        )
    named = pl.concat_str("ad_id", "result_family", separator=FAMILY_SEPARATOR).alias("ad_id")
    pairs = pairs_of(ad_weeks.with_columns(named))
    return (
        pl.concat([_horizon(pairs, h) for h in HORIZONS])
        .join(scores.rename({"raw_score": SCORECARD}), on=["account_id", "week", "ad_id"], how="left")
        .with_columns(pl.col(SCORECARD).fill_null(0.0))
    )


def _horizon(pairs: Pairs, horizon: int) -> pl.DataFrame:
    n = pairs.week.size
    fitted, base = np.full(n, np.nan), np.full(n, np.nan)
    for model in walk(pairs, horizon):
        fitted[model.rows], base[model.rows] = model.risk, model.base_rate
    now = pairs.signals[horizon][:, pairs.names[horizon].index("week_0")].astype(np.float64)
    return (
        pairs.rows.with_columns(
            pl.col("ad_id").str.split(FAMILY_SEPARATOR).list.first(),
            pl.lit(horizon, dtype=pl.Int64).alias("horizon_weeks"),
            pl.Series("burnt", pairs.burnt[horizon]),
            pl.Series(FITTED, fitted),
            pl.Series(BASE_RATE, base),
            pl.Series(PERSISTENCE, now),
        )
        .filter(pl.col("burnt").is_finite(), pl.col(BASE_RATE).is_finite())
        .sort("account_id", "ad_id", "week")
    )


def backtest_burnout(told: pl.DataFrame, previous: pl.DataFrame) -> pl.DataFrame:
    """Score what `judged` tells.

    Args:
        told: from `judged`.
        previous: rows of `backtest_burnout` as they are stored: what the model before was worth.

    Returns:
        Rows of `backtest_burnout`, one a model and horizon with at least one pair.
    """
    notice = _warned(told)
    unknown = dict.fromkeys(notice)
    before = {(r["model"], r["horizon_weeks"]): r for r in previous.to_dicts()}
    rows = []
    for horizon in HORIZONS:
        of = told.filter(pl.col("horizon_weeks") == horizon)
        burnt = of["burnt"].to_numpy()
        for model in (FITTED, PERSISTENCE, SCORECARD, BASE_RATE):
            if burnt.size:
                row = _row(model, horizon, of[model].to_numpy(), burnt)
                earlier = before.get((model, horizon), {})
                same = earlier.get("model_kind") == row["model_kind"]
                kept = ("previous_model_kind", "previous_skill", "previous_auc")
                now = (earlier.get("model_kind"), earlier.get("skill"), earlier.get("auc"))
                row |= dict(zip(kept, now, strict=True)) if not same else {k: earlier.get(k) for k in kept}
                row |= {"first_week": of["week"].min(), "last_week": of["week"].max()}
                rows.append(row | (notice if model == FITTED else unknown))
    return pl.DataFrame(rows, schema=BACKTEST_BURNOUT.schema)


def worse(rows: pl.DataFrame) -> list[str]:
    """Say in what the fitted model is worse than the naive ones or than the model before it; nothing when it is not.

    Args:
        rows: from `backtest_burnout`. Horizons of fewer than 200 pairs are not judged.
    """
    by = {(r["model"], r["horizon_weeks"]): r for r in rows.to_dicts()}
    told = []
    for horizon in HORIZONS:
        fitted = by.get((FITTED, horizon))
        if fitted is None or fitted["pairs"] < LEAST_PAIRS or fitted["auc"] is None:
            continue
        ahead = f"{horizon} week{'s' if horizon > 1 else ''} ahead"
        told += [
            f"{ahead}: AUC {fitted['auc']:.3f}, {naive} {by[naive, horizon]['auc']:.3f}"
            for naive in (PERSISTENCE, SCORECARD)
            if fitted["auc"] <= by[naive, horizon]["auc"]
        ]
        if fitted["brier"] >= by[BASE_RATE, horizon]["brier"]:
            told.append(f"{ahead}: Brier {fitted['brier']:.4f}, base rate {by[BASE_RATE, horizon]['brier']:.4f}")
        earlier = fitted["previous_skill"]
        if earlier is not None and fitted["skill"] < earlier - SKILL_TOLERANCE:
            told.append(f"{ahead}: skill {fitted['skill']:.3f}, {fitted['previous_model_kind']} had {earlier:.3f}")
    return told


def _row(model: str, horizon: int, risk: Floats, burnt: Floats) -> dict[str, object]:
    found = qualities(risk, burnt)
    is_probability = model in {FITTED, BASE_RATE}
    variance = found.base_rate * (1 - found.base_rate)
    return {
        "model": model,
        "horizon_weeks": horizon,
        "model_kind": MODEL if model == FITTED else model,
        "pairs": found.pairs,
        "base_rate": found.base_rate,
        "auc": found.auc,
        "average_precision": found.average_precision,
        "top_precision": found.top_precision,
        "brier": found.brier if is_probability else None,
        "skill": 1 - found.brier / variance if is_probability and variance else None,
        "calibration_error": found.calibration_error if is_probability else None,
    }


def _warned(told: pl.DataFrame) -> dict[str, float | None]:
    """How many burnouts the fitted model gave notice of, and how long before."""
    leads = lead_times(told.rename({FITTED: "risk_score"}))["lead_weeks"]
    warned = leads.filter(leads > 0)
    return {
        "new_burnouts": leads.len(),
        "warned_share": warned.len() / leads.len() if leads.len() else None,
        "mean_lead_weeks": float(np.mean(warned.to_numpy())) if warned.len() else None,
    }
