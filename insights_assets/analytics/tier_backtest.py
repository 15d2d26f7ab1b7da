"""How good tiers were, once their outcomes are known, beside three simpler ways."""

import numpy as np
import polars as pl

from insights_assets.analytics.cost_odds import DRIFT_VARIANCE, posterior_of
from insights_assets.analytics.multinomial import Floats, Labels, log_loss
from insights_assets.analytics.tier_model import MODEL
from insights_assets.analytics.tier_outcomes import KNOWN_AFTER_WEEKS, outcomes
from insights_assets.tables.classifications import PROBABILITIES, TIER_BOUNDS, TIERS

BINS = 10
SCHEMA = {
    "method": pl.String,
    "pairs": pl.Int64,
    "log_loss": pl.Float64,
    "accuracy": pl.Float64,
    "mean_miss": pl.Float64,
    "calibration_error": pl.Float64,
}


def backtest(classified: pl.DataFrame, features: pl.DataFrame) -> pl.DataFrame:
    """Score tiers whose outcome has arrived, walk-forward as they were computed.

    Args:
        classified: rows of one classifications table; a user's word counts as what it stands above.
        features: rows of the same level's features table, up to the outcomes and back to the oldest of them.

    Returns:
        One row a method: `given` (the table's own), `model` (its rows by the model only) and on those `rules`;
        `persistence` (the tier that the week's own cost against the peers' fell into) and `majority` (the most frequent
        outcome among those known at the close of the week; frequencies as probabilities). Columns: pairs, log_loss,
        accuracy, mean_miss (tiers between tier and outcome), calibration_error (mean gap between confidence and
        accuracy over 10 bins of confidence, weighed by their rows; 0 to 1).
    """
    key = ["account_id", "week", "entity_id"]
    known = outcomes(features)
    counted = ["evidence_results", "evidence_expected", "peer_spread", "results", "spend", "reference_cpr", "source"]
    pairs = classified.select(*key, *PROBABILITIES, *counted, "model_version").join(known, on=key).sort(key)
    pairs = pairs.filter(pl.col("reference_cpr") > 0)
    if pairs.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    truth = pairs["outcome"].to_numpy()
    given = pairs.select(PROBABILITIES).to_numpy()
    rules = posterior_of(pairs, DRIFT_VARIANCE).tiers()
    shares = _shares(pairs, known)
    modelled = pairs["model_version"].str.starts_with(MODEL).to_numpy()
    rows = [_row("given", given, truth), _row("rules", rules, truth), _row("majority", shares, truth)]
    rows.append(_row("persistence", _persistence(pairs, shares), truth))
    if modelled.any():
        some = truth[modelled]
        rows += [_row("model", given[modelled], some), _row("rules where model", rules[modelled], some)]
        rows.append(_row("majority where model", shares[modelled], some))
        rows.append(_row("persistence where model", _persistence(pairs, shares)[modelled], some))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def reliability(chances: Floats, truth: Labels) -> pl.DataFrame:
    """Bins of confidence: rows, confidence (mean probability of the likeliest tier), accuracy (how often it came)."""
    best = chances.argmax(axis=1)
    frame = pl.DataFrame({"confidence": chances.max(axis=1), "hit": (best == truth).astype(float)})
    bins = (pl.col("confidence") * BINS).floor().clip(0, BINS - 1)
    return (
        frame.group_by(bins.alias("bin"))
        .agg(pl.len().alias("rows"), pl.col("confidence").mean(), pl.col("hit").mean().alias("accuracy"))
        .sort("bin")
        .drop("bin")
    )


def _row(method: str, chances: Floats, truth: Labels) -> tuple[str, int, float, float, float, float]:
    best = chances.argmax(axis=1)
    bins = reliability(chances, truth)
    gap = float(((bins["confidence"] - bins["accuracy"]).abs() * bins["rows"]).sum() / truth.size)
    miss = float(np.abs(best - truth).mean())
    return method, truth.size, log_loss(chances, truth), float((best == truth).mean()), miss, gap


def _shares(pairs: pl.DataFrame, known: pl.DataFrame) -> Floats:
    """Frequencies of the outcomes known at the close of each pair's week, one row of each added."""
    by_week = known.group_by("week").agg(
        (pl.col("outcome") == i).sum().cast(pl.Float64).alias(f"n{i}") for i in range(len(TIERS))
    )
    names = [f"n{i}" for i in range(len(TIERS))]
    summed = by_week.sort("week").with_columns(
        pl.col("week").dt.offset_by(f"{KNOWN_AFTER_WEEKS}w"), *[pl.col(n).cum_sum() for n in names]
    )
    asked = pairs.select("week").with_row_index("row").sort("week")
    joined = asked.join_asof(summed, on="week", strategy="backward").sort("row")
    counts = joined.select(pl.col(names).fill_null(0.0) + 1.0).to_numpy()
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def _persistence(pairs: pl.DataFrame, shares: Floats) -> Floats:
    """The week's own tier without any shrinking, as sure as it can be made: half its own, half the frequencies."""
    cost = pl.col("spend") / (pl.col("results") * pl.col("reference_cpr"))
    place = pairs.select(pl.sum_horizontal((cost > b).cast(pl.Int64) for b in TIER_BOUNDS)).to_series().to_numpy()
    return np.asarray(0.5 * np.eye(len(TIERS))[place] + 0.5 * shares)
