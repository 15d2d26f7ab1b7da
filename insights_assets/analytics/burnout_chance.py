"""The noise-aware rule: the chance of exceeding a cost by counting alone, given the rate and how it wanders."""

import numpy as np
from scipy import special

from insights_assets.analytics.burnout_baseline import BURNT_RATIO
from insights_assets.analytics.burnout_panel import Floats

LEAST_CHANCE = 1e-4


def chance_logit(
    deviation: Floats, behind: Floats, volatility: Floats, spend: Floats, median: Floats, horizon: int
) -> Floats:
    """Logit of P(results < spend / (1.2 x median)) with results negative binomial.

    Args:
        deviation: log of the expected cost over the median.
        behind: results that the expected cost rests on.
        volatility: standard deviation of a week's move of log cost beyond counting.
        spend: what the week in question is expected to cost: this week's.
        median: cost per result.
        horizon: weeks ahead.
    """
    mean = np.clip(spend / median * np.exp(-np.clip(deviation, -3, 3)), 1e-3, 1e6)
    variance = horizon * volatility**2 + 1 / (behind + 4.0)
    size = 1 / variance
    allowed = spend / median / BURNT_RATIO
    # Between whole numbers the beta function interpolates; half a result is the continuity correction.
    few = special.betainc(size, np.maximum(allowed - 0.5, 0) + 1, size / (size + mean))
    return np.asarray(special.logit(np.clip(few, LEAST_CHANCE, 1 - LEAST_CHANCE)))
