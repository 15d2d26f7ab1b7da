"""Weights of the models: what their past forecasts, made from several origins, say about each of them.

Exponentiated gradient (Kivinen & Warmuth 1997) on the absolute error of the combined forecast, so that models which
err on opposite sides are worth more than either. Three levels, each starting from the one above and moved as far as its
own errors are many: the pool, the group, the series. A few errors hardly move the weights.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

RATE = 0.05
"""Move of a weight's logarithm for each error, in units of the naive error; horizons of one origin overlap, hence far
less than 1."""
LARGEST_MOVE = 100.0
POOL_SERIES = 512
"""Series of a pool that its common weights are learnt from, evenly spaced."""
ROUNDS = 16
"""30 change no error of ad panels by 0.0002 and cost a seventh of a forecast; 10 cost long series 1 % of theirs."""
CACHED = 1 << 20
"""Bytes of errors gone through at once: rounds over what stays in the processor's cache take half the time."""
TOGETHER = 32
"""Pools with as many errors to go through, rounded up to this, are gone through together."""


def errors(forecasts: Singles, truth: Singles) -> tuple[Singles, Bools]:
    """Errors in units of the series' naive error.

    Args:
        forecasts: (series, origins, horizon, models), the first model is the naive one.
        truth: (series, origins, horizon).

    Returns:
        Errors (series, origins, horizon, models), 0 where unknown, and where they are known.
    """
    error = forecasts - truth[..., None]
    known = np.isfinite(error).all(axis=-1)
    error[~known] = 0.0
    count = np.maximum(known.sum(axis=(1, 2)), 1)
    naive = np.abs(error[..., 0]).sum(axis=(1, 2)) / count
    # A series that has never moved teaches nothing.
    unit = np.where(naive > 0, naive, np.inf).astype(np.float32)
    error /= unit[:, None, None, None]
    return error, known


def weigh(error: Singles, known: Bools, prior: Singles, group: Ints, pool: Ints | None = None) -> Singles:
    """Learn the weights of each series.

    Args:
        error: (series, origins, horizon, models) from `errors`.
        known: (series, origins, horizon).
        prior: (models,) weights without any error; models with weight 0 stay out.
        group: (series,) number of the group of each, from 0; no group lies in two pools.
        pool: (series,) number of the pool of each, from 0; one when None.

    Returns:
        (series, models), rows add up to 1.
    """
    series = error.shape[0]
    flat, seen = error.reshape(series, -1, prior.size), known.reshape(series, -1)
    pool = np.zeros(series, dtype=np.int64) if pool is None else pool
    weights = np.empty((series, prior.size), dtype=np.float32)
    for alike, cells in _told(seen, pool):
        which = alike[:, None]
        weights[alike] = _weigh(flat[which, cells], seen[which, cells], prior, group[alike], pool[alike])
    return weights


def _told(seen: Bools, pool: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Series by the number of origins and horizons of which their pool knows anything, and those of each.

    Where weights are learnt from half of the origins the other half would be gone through as zeros in each round. A
    pool's own number, rounded up, decides what is added up together: sums must not depend on a run's other pools.
    """
    number = np.unique(pool, return_inverse=True)[1]
    known = np.zeros((number.max() + 1, seen.shape[1]), dtype=bool)
    np.logical_or.at(known, number, seen)
    most = np.minimum(-(-known.sum(axis=1) // TOGETHER) * TOGETHER, seen.shape[1])
    # Those that are known, in their order, then some that are not: they count for nothing.
    first = np.argsort(~known, axis=1, kind="stable")
    for many in np.unique(most):
        alike = np.flatnonzero(most[number] == many)
        yield alike, first[number[alike], :many]


def _weigh(flat: Singles, seen: Bools, prior: Singles, group: Ints, pool: Ints) -> Singles:
    used = _spread(pool)
    common = _descend(flat[used], seen[used], np.tile(_normal(prior[None]), (used.size, 1)), pool[used])
    start = common[np.unique(pool[used], return_index=True)[1]][np.unique(pool, return_inverse=True)[1]]
    if np.unique(group).size > np.unique(pool).size:
        start = _descend(flat, seen, start, group)
    return _descend(flat, seen, start, np.arange(pool.size))


def _spread(pool: Ints) -> Ints:
    """Places of at most `POOL_SERIES` series of each pool, evenly spaced."""
    order = np.argsort(pool, kind="stable")
    size = np.bincount(pool)
    rank = np.arange(pool.size) - (np.cumsum(size) - size)[pool[order]]
    stride = -(-size // POOL_SERIES)
    kept: Ints = order[rank % stride[pool[order]] == 0]
    return kept


def _descend(error: Singles, seen: Bools, start: Singles, group: Ints) -> Singles:
    """Weights (series, models) that fit the errors of each group, moved from `start` no further than they can tell."""
    order = np.argsort(group, kind="stable")
    ends = np.r_[np.flatnonzero(np.diff(group[order])) + 1, group.size]
    most = max(1, CACHED // max(1, error[:1].nbytes))
    weights = np.empty_like(start)
    first = 0
    while first < group.size:
        last = int(ends[max(np.searchsorted(ends, first + most, side="right") - 1, np.searchsorted(ends, first + 1))])
        rows = order[first:last]
        weights[rows] = _rounds(error[rows], seen[rows], start[rows], group[rows])
        first = last
    return weights


def _rounds(error: Singles, seen: Bools, start: Singles, group: Ints) -> Singles:
    """The descent of whole groups, whose series stand together."""
    firsts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    number = np.repeat(np.arange(firsts.size), np.diff(np.r_[firsts, group.size]))
    count = np.add.reduceat(seen.sum(axis=1), firsts)
    step = (np.minimum(RATE * count, LARGEST_MOVE) / (ROUNDS * np.maximum(count, 1)))[:, None]
    weights, total = start[firsts], np.zeros((firsts.size, start.shape[1]), dtype=np.float32)
    for turn in range(ROUNDS):
        combined = np.matmul(error, weights[number, :, None])[..., 0]
        slope = np.matmul((np.sign(combined) * seen)[:, None, :], error)[:, 0]
        if firsts.size < group.size:
            slope = np.add.reduceat(slope.astype(np.float64), firsts, axis=0)
        move = step * slope
        weights = _normal(weights * np.exp(-(move - move.min(axis=1, keepdims=True))).astype(np.float32))
        if turn >= ROUNDS // 2:
            total += weights
    return _normal(total)[number]


def _normal(weights: Singles) -> Singles:
    normal: Singles = (weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-30)).astype(np.float32)
    return normal
