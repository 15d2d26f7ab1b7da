"""The question's two sides: the median cost of four weeks as known at the last one's close, and what became of it."""

from dataclasses import dataclass

import numpy as np

from insights_assets.analytics.burnout_panel import Bools, Floats, Panel, lagged

MEDIAN_WEEKS = 4
BURNT_RATIO = 1.2
HORIZONS = (1, 2)


@dataclass(frozen=True)
class Baseline:
    """Medians of each week's cost per result and of the three before it, (weeks, ads).

    Attributes:
        median: as known at the close; where half of the weeks had no results, the cost of all four together with half
            a result added, so that there is always something to measure from.
        known: whether it is a median of at least two weeks, and finite.
        log: its logarithm.
        pooled_log: logarithm of spend over results of the four weeks, half a result added.
    """

    median: Floats
    known: Bools
    log: Floats
    pooled_log: Floats


def baseline(panel: Panel) -> Baseline:
    """Take the medians as known at each close."""
    found = [panel.known(b) for b in range(MEDIAN_WEEKS)]
    spend = [lagged(panel.spend, b) for b in range(MEDIAN_WEEKS)]
    middle, weeks = _median(spend, found)
    pooled = (sum(spend) + 1e-9) / (sum(found) + 0.5)
    known = np.isfinite(middle) & (weeks > 1) & panel.there
    median = np.where(np.isfinite(middle) & (middle > 0), middle, pooled)
    return Baseline(median, known, np.log(median), np.log(pooled))


def outcome(panel: Panel, horizon: int) -> tuple[Floats, Floats]:
    """What happened `horizon` weeks later, by final counts.

    Returns:
        (weeks, ads) 1 where burnt, 0 where not, nan where there is no label; and the log of cost over median, of a
        week without results the bound that its spend gives.
    """
    spends = [lagged(panel.spend, b) for b in range(MEDIAN_WEEKS)]
    middle, weeks = _median(spends, [lagged(panel.results, b) for b in range(MEDIAN_WEEKS)])
    spend, found = lagged(panel.spend, -horizon), lagged(panel.results, -horizon)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.log(spend / np.maximum(found, 0.5) / middle)
        burnt = spend > BURNT_RATIO * middle * found
    asked = panel.there & np.isfinite(middle) & (middle > 0) & (weeks > 1) & (spend > 0)
    change = np.where(found > 0, change, np.maximum(change, np.log(BURNT_RATIO)))
    return np.where(asked, burnt.astype(float), np.nan), np.where(asked, change, np.nan)


def _median(spends: list[Floats], counts: list[Floats]) -> tuple[Floats, Floats]:
    """Median cost over the weeks with spend, infinite without results, and how many weeks there were."""
    with np.errstate(divide="ignore", invalid="ignore"):
        costs = np.stack([np.where(s > 0, s / c, np.nan) for s, c in zip(spends, counts, strict=True)])
    ordered = np.sort(costs, axis=0)  # nan last
    weeks = (~np.isnan(costs)).sum(axis=0)
    low, high = np.maximum((weeks - 1) // 2, 0), np.maximum(weeks // 2, 0)
    high = np.minimum(high, len(spends) - 1)
    pick = [np.take_along_axis(ordered, i[None], axis=0)[0] for i in (low, high)]
    with np.errstate(invalid="ignore"):
        return (pick[0] + pick[1]) / 2, weeks.astype(float)
