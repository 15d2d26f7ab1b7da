"""Rates of an ad from discounted counts, each shrunk to a slower one: gamma-Poisson posteriors.

Counts and exposures lose weight by a factor a week, and the slower rate stands for some pseudo-results (power
discounting: Smith 1979, J. R. Statist. Soc. B 41(3); West & Harrison 1997, ch. 10). Three results say little and the
rate stays where it was; three hundred speak for themselves.
"""

import numpy as np

from insights_assets.analytics.burnout_panel import SETTLED_WEEKS, Floats, Panel, lagged

SLOW, MIDDLE, FAST = 0.95, 0.8, 0.5
PACES = (SLOW, MIDDLE, FAST)
PSEUDO_RESULTS = 4.0


def discounted(values: Floats, keep: float) -> Floats:
    """Sum of `keep` ** age x value over each week and all before it, of (weeks, anything)."""
    out = np.empty_like(values)
    total = np.zeros(values.shape[1:])
    for t in range(values.shape[0]):
        total = keep * total + values[t]
        out[t] = total
    return out


def discounted_results(panel: Panel, keep: float) -> Floats:
    """The same of results, each as known at the week's close."""
    out = keep**SETTLED_WEEKS * lagged(discounted(panel.results, keep), SETTLED_WEEKS)
    for back in range(SETTLED_WEEKS):
        out = out + keep**back * panel.known(back)
    return out


def paces(panel: Panel, exposure: Floats) -> tuple[list[Floats], list[Floats]]:
    """Log exposure that one result costs, slow to fast, and the results behind each.

    Args:
        panel: the ad weeks.
        exposure: (weeks, ads) what results are counted against: spend, link clicks.

    Returns:
        Three arrays (weeks, ads) of the log of exposure / result, and three of discounted results.
    """
    counts = {keep: discounted_results(panel, keep) for keep in PACES}
    exposures = {keep: discounted(exposure, keep) for keep in PACES}
    own = panel.of_accounts(counts[SLOW]), panel.of_accounts(exposures[SLOW])
    prior = ((own[1] + 1e-9) / (own[0] + 1.0))[:, panel.account]
    levels, behind = [], []
    for keep in PACES:
        prior = (exposures[keep] + PSEUDO_RESULTS * prior) / (counts[keep] + PSEUDO_RESULTS)
        levels.append(np.log(np.maximum(prior, 1e-12)))
        behind.append(counts[keep])
    return levels, behind


def smooth_ratio(top: Floats, bottom: Floats, keep: float, *, pseudo: float) -> Floats:
    """Log of a ratio of discounted sums, shrunk to the slow ratio by `pseudo` of the bottom's units of one."""
    slow = (discounted(top, SLOW) + 1e-9) / np.maximum(discounted(bottom, SLOW), 1e-9)
    share = (discounted(top, keep) + pseudo * slow) / (discounted(bottom, keep) + pseudo)
    return np.log(np.maximum(share, 1e-12))
