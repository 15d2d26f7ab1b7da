"""How sure a cost per result is: the Gamma-Poisson posterior of an entity's cost beside its reference's.

Results are counts: r of them where e were expected. With a Gamma prior on the rate r / e the posterior is Gamma again
(Gelman et al., Bayesian Data Analysis, section 2.6); cost / reference is one over the rate. Five leads are not five
hundred, and none at all is not a cost of zero.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

from insights_assets.tables.classifications import TIER_BOUNDS

Floats = NDArray[np.float64]

PRIOR_SHAPE = 4.0
"""Peers' rates scatter by half of their mean (1 / sqrt 4), before a result is seen."""

PRIOR_RATE = float(special.gammaincinv(PRIOR_SHAPE, 0.5))
"""Puts the prior's median at the reference's own cost."""


DRIFT_VARIANCE = 0.1
"""Variance of the logarithm by which a cost against its peers' moves within two weeks: a third up or down. It bounds
what any number of past results can say of the next weeks to that of ten."""


SCATTER_VARIANCE = 0.02
"""Variance of a week's results beyond counting, on the logarithm: 14 % up or down. Fifty results say no more than that
lets them."""


def faded(results: Floats, expected: Floats, variance: float) -> tuple[Floats, Floats]:
    """Weigh counts down so that `variance` (of the logarithm) adds to their counting noise; their ratio stays."""
    weight = 1 / (1 + variance * np.maximum(results, expected))
    return np.asarray(results * weight), np.asarray(expected * weight)


def chance_below(results: Floats, expected: Floats, ratio: float) -> Floats:
    """Return the probability that cost / reference is at most `ratio`, given results and expected results."""
    return np.asarray(special.gammaincc(PRIOR_SHAPE + results, (PRIOR_RATE + expected) / ratio))


def cost_quantile(results: Floats, expected: Floats, chance: float) -> Floats:
    """Return the ratio that cost / reference is below with this probability."""
    return np.asarray((PRIOR_RATE + expected) / special.gammainccinv(PRIOR_SHAPE + results, chance))


def tier_probabilities(results: Floats, expected: Floats) -> Floats:
    """Return (n, 4): the chance of each tier in the next two weeks, the best first; counts are worth less by then."""
    results, expected = faded(results, expected, DRIFT_VARIANCE)
    below = np.stack([chance_below(results, expected, bound) for bound in TIER_BOUNDS], axis=1)
    edges = np.concatenate([np.zeros((below.shape[0], 1)), below, np.ones((below.shape[0], 1))], axis=1)
    return np.asarray(np.diff(edges, axis=1))


def log_cost(results: Floats, expected: Floats) -> tuple[Floats, Floats]:
    """Return the posterior's mean and standard deviation of log(cost / reference)."""
    shape = PRIOR_SHAPE + results
    mean = np.log(PRIOR_RATE + expected) - special.digamma(shape)
    return np.asarray(mean), np.asarray(np.sqrt(special.polygamma(1, shape)))
