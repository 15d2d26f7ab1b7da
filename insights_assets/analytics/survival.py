"""How long ads last, counting those that have not burnt out yet: the product-limit estimator.

Kaplan & Meier 1958, J. Am. Stat. Assoc. 53(282). Averages over the dead alone, as the seeds took them, say that ads die
young as long as most of them live.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
HALF = 0.5


@dataclass(frozen=True)
class Survival:
    """Estimated survival.

    Attributes:
        share: (ages + 1,) share alive after each whole age, from age 0 on; level after the last.
        deaths: lives that ended.
        censored: lives that were not seen to end.
    """

    share: Floats
    deaths: int
    censored: int

    def at(self, age: Ints) -> Floats:
        """Share that lives beyond each age."""
        return np.asarray(self.share[np.clip(age, 0, self.share.size - 1)])

    def median_left(self, age: Ints) -> Floats:
        """Weeks after each age in which half of those alive at it die; nan when fewer than half are known to."""
        alive = self.at(age)
        # The curve falls, so the first age at or below half of what is alive is found by search.
        first = np.searchsorted(-self.share, -HALF * alive, side="left")
        return np.where((first < self.share.size) & (alive > 0), first - age, np.nan)


def kaplan_meier(age: Ints, died: NDArray[np.bool_]) -> Survival:
    """Estimate survival from the age at which each life ended or was last seen.

    Args:
        age: (lives,) whole weeks, 0 or more.
        died: (lives,) whether it ended there; else it is censored there, after the deaths of that age.
    """
    last = int(age.max(initial=0))
    deaths = np.bincount(age[died], minlength=last + 1).astype(np.float64)
    gone = np.bincount(age, minlength=last + 1)
    at_risk = age.size - np.r_[0, np.cumsum(gone)[:-1]]
    share = np.cumprod(1 - deaths / np.maximum(at_risk, 1))
    return Survival(share, int(died.sum()), int((~died).sum()))
