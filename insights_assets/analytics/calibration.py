"""From a score to a probability: quantile bins, shrunk to the base rate, made monotone, joined by lines.

Isotonic calibration after Zadrozny & Elkan (2002); the bins and the pseudo-counts keep it from following single
outcomes, and a logistic prior carries it while there is little to learn from.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.special import expit, logit

PAIRS_PER_BIN = 50
MAX_BINS = 12
PSEUDO_PAIRS = 20.0
"""Pairs at the base rate added to each bin."""

PRIOR_BASE_RATE = 0.3
PRIOR_BASE_PAIRS = 20.0
"""Share of ad-weeks that cost 20 % more than their median two weeks on, before any is seen: noise alone gives this."""

PRIOR_SLOPE = 1.0
"""Logit of risk per unit of score in the prior: a score of 0.4 (say frequency +100 %, CTR -75 %) is odds x 1.5."""

PRIOR_PAIRS = 100.0
MIN_PRIOR_WEIGHT = 0.02
"""The prior never vanishes: it keeps the map strictly increasing where the bins are level."""

NEAREST_PAIRS = 200
MIN_INTERVAL_PAIRS = 30


@dataclass(frozen=True)
class Calibration:
    """A fitted, strictly increasing map from score to probability, and the changes seen near each score."""

    base_rate: float
    pairs: int
    knots: np.ndarray
    heights: np.ndarray
    sorted_scores: np.ndarray
    sorted_changes: np.ndarray

    def probability(self, scores: np.ndarray) -> np.ndarray:
        """Return the probability for each score, in (0, 1)."""
        prior = expit(logit(self.base_rate) + PRIOR_SLOPE * scores)
        if not self.knots.size:
            return np.asarray(prior)
        weight = max(PRIOR_PAIRS / (PRIOR_PAIRS + self.pairs), MIN_PRIOR_WEIGHT)
        learnt = np.interp(scores, self.knots, self.heights)
        return np.asarray(weight * prior + (1 - weight) * learnt)

    def change_quantiles(self, scores: np.ndarray, levels: tuple[float, ...]) -> np.ndarray | None:
        """Return quantiles (levels x scores) of the changes of the 200 nearest pairs; None below 30 pairs."""
        n = self.sorted_scores.size
        if n < MIN_INTERVAL_PAIRS:
            return None
        k = min(NEAREST_PAIRS, n)
        start = np.clip(np.searchsorted(self.sorted_scores, scores) - k // 2, 0, n - k)
        near = self.sorted_changes[start[:, None] + np.arange(k)[None, :]]
        return np.asarray(np.quantile(near, levels, axis=1))


def fit(scores: np.ndarray, burnt: np.ndarray, changes: np.ndarray) -> Calibration:
    """Fit the map.

    Args:
        scores: (n,) raw scores.
        burnt: (n,) 0 or 1.
        changes: (n,) log changes of CPR.
    """
    n = scores.size
    base = float((burnt.sum() + PRIOR_BASE_RATE * PRIOR_BASE_PAIRS) / (n + PRIOR_BASE_PAIRS))
    # Ties in the score are ordered by what is left, so that the order of the rows changes nothing.
    order = np.lexsort((changes, burnt, scores))
    scores, burnt, changes = scores[order], burnt[order], changes[order]
    bins = min(MAX_BINS, n // PAIRS_PER_BIN)
    if bins == 0:
        return Calibration(base, n, np.empty(0), np.empty(0), scores, changes)
    parts = np.array_split(np.arange(n), bins)
    size = np.array([p.size for p in parts], dtype=float)
    knots = np.array([scores[p].mean() for p in parts])
    shares = np.array([(burnt[p].sum() + base * PSEUDO_PAIRS) / (p.size + PSEUDO_PAIRS) for p in parts])
    heights = isotonic_regression(shares, weights=size).x
    return Calibration(base, n, knots, np.asarray(heights), scores, changes)
