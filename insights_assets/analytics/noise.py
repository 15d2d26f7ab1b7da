"""How surprising a figure is given what was expected of it.

Five leads are not five hundred: results and clicks are tested as negative binomial counts, prices and spend as log
ratios. What is uncertain about the expectation widens both. False discoveries are controlled per account and week
(Benjamini & Hochberg 1995), so that 278 ads do not mean 278 alerts.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

LEAST_DEGREES, MOST_DEGREES = 3.0, 12.0
"""Degrees of freedom of a log ratio's t tail: weekly rates have fatter tails than a normal."""

TINY = 1e-300


def count_p_values(counted: Floats, expected: Floats, variance: Floats, degrees: Floats) -> tuple[Floats, Floats]:
    """Test counts against an uncertain expectation.

    The predictive distribution is negative binomial with mean `expected` and size 1 / variance. Its tails are then
    made as fat as those of a t with Satterthwaite's (1946) degrees of freedom: counting noise is known, `variance` an
    estimate.

    Args:
        counted: counts.
        expected: their expectations, above zero.
        variance: relative variance of the expectation and of the true rate around it, beyond counting.
        degrees: degrees of freedom behind `variance`.

    Returns:
        (P(X <= counted), P(X >= counted)); mid-p values (half the weight of the count itself): the exact ones are too
        timid for small counts.
    """
    few, many = (_count_tail(counted, expected, variance, degrees, below=side) for side in (True, False))
    return few, many


def _count_tail(counted: Floats, expected: Floats, variance: Floats, degrees: Floats, *, below: bool) -> Floats:
    """One side of `count_p_values`."""
    variance = np.maximum(variance, 1e-9)
    size = 1 / variance
    k = np.round(counted)
    # scipy.special and not scipy.stats: the latter alone keeps 60 MB in every process.
    share, rest = size / (size + expected), expected / (size + expected)
    logs = -size * np.log1p(expected / size) + special.xlogy(k, rest) - special.betaln(size, k + 1) - np.log(size + k)
    half = np.exp(logs) / 2
    tail = special.betainc(size, k + 1, share) - half if below else special.betainc(k + 1, size, rest) + half
    spread = np.clip(degrees, LEAST_DEGREES, MOST_DEGREES) * ((variance + 1 / expected) / variance) ** 2
    return _fatter(np.clip(tail, TINY, 1.0), spread)


def ratio_p_values(ratio: Floats, variance: Floats, degrees: Floats) -> tuple[Floats, Floats]:
    """Test values against their expectation, on logarithms, under a t tail.

    Args:
        ratio: value / expectation, above zero.
        variance: variance of its logarithm.
        degrees: degrees of freedom behind `variance`; 12 are used at most.

    Returns:
        (chance of a ratio at most as high, at least as high).
    """
    z, bounded = np.log(ratio) / np.sqrt(variance), np.clip(degrees, LEAST_DEGREES, MOST_DEGREES)
    return np.asarray(special.stdtr(bounded, z)), np.asarray(special.stdtr(bounded, -z))


def count_side_p_values(
    counted: Floats, expected: Floats, variance: Floats, degrees: Floats, margin: float
) -> tuple[Floats, Floats]:
    """Test counts on both sides against an expectation that is off by `margin`.

    Returns:
        (chance of as few though `expected / margin` were expected, of as many though `expected * margin` were). Where a
        count is not even beyond that, there is nothing to prove: 1, which saves most of the work.
    """
    few, many = np.ones(counted.size), np.ones(counted.size)
    for out, below, least in ((few, True, expected / margin), (many, False, expected * margin)):
        at = counted < least if below else counted > least
        out[at] = _count_tail(counted[at], least[at], variance[at], degrees[at], below=below)
    return few, many


def ratio_side_p_values(ratio: Floats, variance: Floats, degrees: Floats, margin: float) -> tuple[Floats, Floats]:
    """Test ratios on both sides against one that is off by `margin`, as `count_side_p_values` does."""
    low, high = np.ones(ratio.size), np.ones(ratio.size)
    for out, side, beyond in ((low, 0, ratio * margin), (high, 1, ratio / margin)):
        at = beyond < 1 if side == 0 else beyond > 1
        out[at] = ratio_p_values(beyond[at], variance[at], degrees[at])[side]
    return low, high


def adjusted(frame: pl.DataFrame, groups: list[str], p: str = "p_value", *, size: str | None = None) -> pl.Expr:
    """Return the Benjamini-Hochberg adjusted p-values within `groups`, as an expression over `frame`'s rows.

    `size` names the column with a group's number of tests, where only those below some p-value are left in `frame`:
    what is adjusted to at most that value comes out the same.
    """
    order = frame.with_row_index("__row__").sort(*groups, p, descending=[*[False] * len(groups), True])
    left = pl.len().over(groups)
    rank = left - pl.int_range(pl.len()).over(groups)
    tests = left if size is None else pl.col(size)
    q = order.with_columns((pl.col(p) * tests / rank).clip(upper_bound=1.0).cum_min().over(groups).alias("__q__"))
    return pl.lit(q.sort("__row__")["__q__"])


def _fatter(p: Floats, degrees: Floats) -> Floats:
    """The same quantile of a normal, judged by a t."""
    return np.asarray(special.stdtr(degrees, special.ndtri(p)), dtype=np.float64)
