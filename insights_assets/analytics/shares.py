"""Shares of cases with an interval and a test against what is usual."""

import numpy as np
import polars as pl
from scipy import special

FIGURE = ["account_id", "level", "kind", "subject", "detail"]
TOLD = ("lead_weeks", "value", "lo_95", "hi_95", "baseline", "cases", "base", "p_value")
NORMAL_95 = 1.959964


def with_interval(counts: pl.DataFrame, *, shared: float = 1.0) -> pl.DataFrame:
    """Add value = cases / base, its Wilson (1927) interval and the binomial p-value against `baseline`.

    `shared` is how many cases count as one independent case.
    """
    k, n = (counts[c].to_numpy().astype(float) / shared for c in ("cases", "base"))
    share = np.clip(counts["baseline"].to_numpy().astype(float), 0.0, 1.0)
    n = np.maximum(n, 1 / shared)
    z2 = NORMAL_95**2
    middle = (k + z2 / 2) / (n + z2)
    half = NORMAL_95 * np.sqrt(k * (n - k) / n + z2 / 4) / (n + z2)
    # The binomial's tails as incomplete beta functions, which take fractions of a case.
    low = np.where(k < n, special.betainc(np.maximum(n - k, 1e-9), k + 1, 1 - share), 1.0)
    high = np.where(k > 0, special.betainc(np.maximum(k, 1e-9), n - k + 1, share), 1.0)
    return counts.with_columns(
        pl.Series("value", k / n),
        pl.Series("lo_95", np.clip(middle - half, 0, 1)),
        pl.Series("hi_95", np.clip(middle + half, 0, 1)),
        pl.Series("p_value", np.minimum(1.0, 2 * np.minimum(low, high))),
    ).select(*FIGURE, *TOLD)
