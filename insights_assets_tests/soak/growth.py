"""Whether a figure of a process grows: a robust slope over the rounds after the warm-up."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import theilslopes

WARM = 1 / 3
"""Share of the rounds at the beginning that is not judged: caches and pools fill."""
LEAST_ROUNDS = 12
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Trend:
    """Change a round after the warm-up: Theil-Sen slope with its confidence limits, and the level it starts from."""

    level: float
    slope: float
    low: float
    high: float
    rounds: int

    @property
    def sure_growth(self) -> float:
        """What was surely added over the judged rounds; 0 when it may as well be none."""
        return max(0.0, self.low) * self.rounds


def trend(values: Sequence[float]) -> Trend:
    """Fit the rounds after the warm-up.

    Args:
        values: one for each round, at least `LEAST_ROUNDS`.
    """
    if len(values) < LEAST_ROUNDS:
        raise ValueError(f"{len(values)} rounds are too few to tell growth from noise; {LEAST_ROUNDS} are needed.")
    judged = np.asarray(values, dtype=float)[int(len(values) * WARM) :]
    fitted = theilslopes(judged, np.arange(len(judged)), alpha=CONFIDENCE)
    return Trend(float(np.median(judged[:3])), fitted.slope, fitted.low_slope, fitted.high_slope, len(judged))


def grows(found: Trend, allowed: float) -> bool:
    """Whether more than `allowed` was surely added over the judged rounds."""
    return found.sure_growth > allowed
