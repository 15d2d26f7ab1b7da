"""How sure a cost per result is: the Gamma-Poisson posterior of an entity's cost beside its reference's.

Results are counts: r of them where e were expected. With a Gamma prior on the rate r / e the posterior is Gamma again
(Gelman et al., Bayesian Data Analysis, section 2.6); cost / reference is one over the rate. Five leads are not five
hundred, and none at all is not a cost of zero. How much peers differ beforehand is learnt from them (empirical Bayes):
among forty ads that are alike the dearest one is only the unluckiest.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from insights_assets.tables.classifications import TIER_BOUNDS

Floats = NDArray[np.float64]

SPREAD = 0.5
"""Standard deviation of peers' rates about their mean, before any is seen."""

PRIOR_ENTITIES = 5.0
"""Entities' worth of evidence that SPREAD stands for."""

LEAST_SPREAD, MOST_SPREAD = 0.15, 1.0

SCATTER_VARIANCE = 0.02
"""Variance of a week's results beyond counting, on the logarithm: 14 % up or down. Fifty results say no more than that
lets them."""

DRIFT_VARIANCE = 0.1
"""Variance of the logarithm by which a cost against its peers' moves within two weeks: a third up or down. It bounds
what any number of past results can say of the next weeks to that of ten."""


@dataclass(frozen=True)
class Posterior:
    """What is known of rates of results against the reference's: Gamma(shape, rate), an array of each."""

    shape: Floats
    rate: Floats

    def below(self, ratio: float) -> Floats:
        """Return the probability that cost / reference is at most `ratio`."""
        return np.asarray(special.gammaincc(self.shape, self.rate / ratio))

    def quantile(self, chance: float) -> Floats:
        """Return the ratio that cost / reference is below with this probability."""
        return np.asarray(self.rate / special.gammainccinv(self.shape, chance))

    def log_cost(self) -> tuple[Floats, Floats]:
        """Return mean and standard deviation of log(cost / reference)."""
        mean = np.log(self.rate) - special.digamma(self.shape)
        return np.asarray(mean), np.asarray(np.sqrt(special.polygamma(1, self.shape)))

    def tiers(self) -> Floats:
        """Return (n, 4): the probability of each tier, the best first."""
        edges = [np.zeros_like(self.rate), *(self.below(b) for b in TIER_BOUNDS), np.ones_like(self.rate)]
        return np.asarray(np.diff(np.stack(edges, axis=1), axis=1))


def posterior(results: Floats, expected: Floats, spread: Floats, variance: float = SCATTER_VARIANCE) -> Posterior:
    """Combine counts with what peers are like.

    Args:
        results: results.
        expected: what the same spend brings the reference.
        spread: how much peers differ (`peer_spread`); the prior's median is the reference's own cost.
        variance: of the logarithm, beyond counting: counts are weighed down for it, their ratio stays.
    """
    weight = 1 / (1 + variance * np.maximum(results, expected))
    shape = 1 / spread**2
    return Posterior(shape + results * weight, special.gammaincinv(shape, 0.5) + expected * weight)


def posterior_of(rows: pl.DataFrame, variance: float = SCATTER_VARIANCE) -> Posterior:
    """Return `posterior` of rows with evidence_results, evidence_expected and peer_spread."""
    results, expected, spread = (rows[c].to_numpy() for c in ("evidence_results", "evidence_expected", "peer_spread"))
    return posterior(results, expected, spread, variance)


def peer_spread(results: str, expected: str, group: list[str]) -> pl.Expr:
    """Return how much the rates of a group's entities differ beyond counting, shrunk towards 0.5; 0.15 to 1.

    A moment estimate (after DerSimonian & Laird 1986): an entity with few expected results says little.
    """
    r, e = pl.col(results), pl.col(expected)
    weight = (e / (e + 1 / SPREAD**2)) ** 2
    excess = pl.when(e > 0).then(((r - e) ** 2 - e) / e**2).otherwise(0.0)
    variance = (PRIOR_ENTITIES * SPREAD**2 + (weight * excess).sum()) / (PRIOR_ENTITIES + weight.sum())
    return variance.clip(LEAST_SPREAD**2, MOST_SPREAD**2).sqrt().over(group)
