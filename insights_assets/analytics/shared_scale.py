"""How much a series moves by itself, where its past is too short to say: variances shrunk towards those of a pool."""

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

PRIOR_SCALE = 0.2
"""Scatter assumed before anything is known, worth two points: a fifth from week to week is usual for an ad's cost."""
PRIOR_POINTS = 2.0
PRIOR_SERIES = 4.0
"""Series at which what their scatters have in common counts as much as the mean over all their points."""

FLOOR_SCALE = 0.02
"""A change of 2 % is not news, however constant the past."""

MIN_POINTS = 3.0
ROUNDING = 1e-6
"""Sums of shares that are 1 but for rounding must not fall below a whole number."""
MAX_DEGREES = 50.0


class Sums:
    """Sums over the past of each series from which its scatter beyond known noise follows.

    Moments with the weights of their time (DerSimonian & Laird 1986); exact where no noise is known beforehand. All in
    units of the series.
    """

    def __init__(self, size: int) -> None:
        self.square, self.counted, self.mass, self.informed = (np.zeros(size) for _ in range(4))

    def add(
        self, s: Ints | slice, z2: Floats, scatter: Floats, noise: Floats, memory: Floats, old: Flags | None = None
    ) -> None:
        """Learn from one point of each of the series `s`.

        Args:
            s: indices of the series, or all of them.
            z2: squared surprise in units of its own variance.
            scatter: scatter variance that was assumed.
            noise: variance known beforehand.
            memory: what remains of the past, 0 to 1.
            old: which of the points count, all where None: nothing is learnt from the first of a series.
        """
        counts = 1.0 if old is None else old
        own = counts / (scatter + noise)
        # A point whose noise drowns its scatter says little about it.
        for sums, now in (
            (self.square, z2 * counts),
            (self.counted, noise * own),
            (self.mass, own),
            (self.informed, (scatter * own) ** 2),
        ):
            sums[s] = memory * sums[s] + now


def _trigamma(x: Floats) -> Floats:
    """Trigamma for x >= 1.5, to 1e-9: five steps up, then its asymptotic series (scipy's takes five times as long)."""
    steps = sum(1 / (x + k) ** 2 for k in range(5))
    y = 1 / (x + 5)
    z = y * y
    return np.asarray(steps + y + z / 2 + y * z * (1 / 6 - z * (1 / 30 - z * (1 / 42 - z / 30))))


def _alike(n: Floats, own: Floats, pool: Ints, pools: int) -> tuple[Floats, Floats, Floats]:
    """How alike the scatters of a pool's series are, on logarithms, beyond what estimating them explains.

    Returns:
        Of each pool: how many series can tell, the logarithm of what is typical of them, its degrees of freedom.
    """
    seen = n >= MIN_POINTS - ROUNDING
    if not seen.any():
        return np.zeros(pools), np.zeros(pools), np.full(pools, PRIOR_POINTS)
    # Those that cannot tell are left out of the work: in a window of 13 weeks a third of all.
    pool, half, own = pool[seen], np.maximum(n[seen], MIN_POINTS) / 2, own[seen]
    count = np.bincount(pool, minlength=pools).astype(np.float64)
    logs = np.log(own) - special.digamma(half) + np.log(half)
    centre = np.bincount(pool, weights=logs, minlength=pools) / np.maximum(count, 1)
    around = (logs - centre[pool]) ** 2 - _trigamma(half)
    spread = np.bincount(pool, weights=around, minlength=pools) / np.maximum(count - 1, 1)
    degrees = np.where(spread > 0, np.minimum(1 + 2 / np.maximum(spread, 1e-9), MAX_DEGREES), MAX_DEGREES)
    degrees = np.where(count > 1, degrees, PRIOR_POINTS)
    return count, centre + special.digamma(degrees / 2) - np.log(degrees / 2), degrees


def shared(sums: Sums, pool: Ints, pools: int) -> tuple[Floats, Floats]:
    """Shrink the variances of all series towards what is typical of their pool (Smyth 2004).

    Args:
        sums: what the series have seen.
        pool: pool of each series.
        pools: number of pools.

    Returns:
        (variance of each series, degrees of freedom behind it).
    """
    n = sums.informed
    own = np.maximum((sums.square - sums.counted) / np.maximum(sums.mass, 1e-12), FLOOR_SCALE**2)

    def total(values: Floats) -> Floats:
        return np.bincount(pool, weights=values, minlength=pools).astype(np.float64)

    count, alike, degrees = _alike(n, own, pool, pools)
    # From all points together: what few or noisy series have to go by.
    mean = (total(sums.square - sums.counted) + PRIOR_POINTS) / (total(sums.mass) + PRIOR_POINTS / PRIOR_SCALE**2)
    mean = np.maximum(mean, FLOOR_SCALE**2)
    several = np.bincount(pool, weights=n > 0, minlength=pools) > 1
    trust = count / (count + PRIOR_SERIES)
    typical = np.exp(trust * alike + (1 - trust) * np.log(mean))
    strength = trust * degrees + (1 - trust) * (PRIOR_POINTS + np.minimum(total(n), MAX_DEGREES) * several)
    variance = (n * own + strength[pool] * typical[pool]) / (n + strength[pool])
    return variance, n + strength[pool]
