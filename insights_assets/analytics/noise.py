"""How much a weekly figure moves by itself, and how surprising a change is given that.

Five leads are not five hundred: results are counts, so they are tested as negative binomial counts; rates and spend are
tested as log ratios against the account's own week-to-week scatter. False discoveries are controlled per account and
week (Benjamini & Hochberg 1995), so that 278 ads do not mean 278 alerts.
"""

import numpy as np
import polars as pl
from scipy import stats

NOISE_WEEKS = 12
"""Weeks of history behind a scatter estimate: a season is long enough to move it, one bad week is not."""

PRIOR_ROWS = 20
"""Ad-weeks that the prior scatter weighs: an account needs about half a month of ten ads to speak for itself."""

MAD_TO_SIGMA = 1.4826
TAIL_DF = 12
"""Degrees of freedom of the t tail for log ratios: weekly rates have fatter tails than a normal."""

PRIOR_SCATTER = {"ctr": 0.15, "cpm": 0.15, "spend": 0.35, "frequency": 0.10}
FLOOR_SCATTER = {"ctr": 0.06, "cpm": 0.05, "spend": 0.15, "frequency": 0.04}
"""Scatter of log(week / baseline); the floor keeps a constant series from turning 1 % into a finding."""

PRIOR_DISPERSION = 0.05
FLOOR_DISPERSION = 0.01
"""Week-to-week variance of the true rate, relative (0.05 = 22 % standard deviation), beyond Poisson."""

ENOUGH_EXPECTED = 5.0
"""Expected results below which the log of a count says too little about dispersion."""


def informed_weeks(frame: pl.DataFrame) -> pl.DataFrame:
    """Repeat each row for the later weeks whose noise it informs (t+1 to t+12), as column `for_week`."""
    offsets = pl.DataFrame({"__offset__": range(1, NOISE_WEEKS + 1)}, schema={"__offset__": pl.Int64})
    days = pl.duration(days=pl.col("__offset__") * 7)
    return frame.join(offsets, how="cross").with_columns((pl.col("week") + days).alias("for_week")).drop("__offset__")


def scatter(history: pl.DataFrame, metrics: dict[str, str]) -> pl.DataFrame:
    """Estimate the scatter of log(value / baseline) per account, for each week from the 12 before it.

    Args:
        history: rows of `features_ad`.
        metrics: metric -> its baseline column.

    Returns:
        account_id, week, {metric}_scatter: 1.4826 x the median absolute log ratio (about 0, so that the account's own
        drift counts as noise), its square averaged with the prior's by numbers of rows, at least the floor.
    """
    logs = [
        pl.when((pl.col(m) > 0) & (pl.col(b) > 0)).then((pl.col(m) / pl.col(b)).log().abs()).alias(m)
        for m, b in metrics.items()
    ]
    rows = informed_weeks(history.select("account_id", "week", *logs))
    return rows.group_by("account_id", pl.col("for_week").alias("week")).agg(
        _shrunk((pl.col(m).median() * MAD_TO_SIGMA) ** 2, pl.col(m).count(), PRIOR_SCATTER[m] ** 2)
        .sqrt()
        .clip(FLOOR_SCATTER[m])
        .alias(f"{m}_scatter")
        for m in metrics
    )


def dispersion(history: pl.DataFrame) -> pl.DataFrame:
    """Estimate the extra-Poisson dispersion of results per account and family, for each week from the 12 before it.

    Returns:
        account_id, result_family, week, dispersion (relative variance): the robust variance of log(results / expected)
        less the variance that counting explains in the week and in its baseline.
    """
    expected = pl.col("spend") / pl.col("cpr_baseline_pooled")
    rows = (
        history.filter(pl.col("is_complete"))
        .with_columns(expected.alias("expected"))
        .filter(pl.col("expected") >= ENOUGH_EXPECTED)
        .select(
            "account_id",
            "result_family",
            "week",
            ((pl.col("results") + 0.5) / (pl.col("expected") + 0.5)).log().abs().alias("log_ratio"),
            (1 / pl.col("expected") + 1 / pl.col("baseline_results")).alias("counting"),
            (1 + 1 / pl.col("baseline_weeks")).alias("inflation"),
        )
    )
    variance = (pl.col("log_ratio").median() * MAD_TO_SIGMA) ** 2 - pl.col("counting").mean()
    extra = (variance / pl.col("inflation").mean()).clip(0)
    return (
        informed_weeks(rows)
        .group_by("account_id", "result_family", pl.col("for_week").alias("week"))
        .agg(_shrunk(extra, pl.len(), PRIOR_DISPERSION).clip(FLOOR_DISPERSION).alias("dispersion"))
    )


def count_p_values(
    results: np.ndarray, expected: np.ndarray, baseline_results: np.ndarray, relative_variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Test results against what the baseline predicts for the same spend.

    The predictive distribution is negative binomial with mean `expected` and size
    1 / (1 / baseline_results + relative_variance): for variance 0 it is the Gamma-Poisson predictive of a rate known
    from `baseline_results` events.

    Returns:
        (P(X <= results), P(X >= results)), each of the shape given; 1 where nothing was expected. Both are mid-p values
        (half the weight of the result itself): the exact ones are too timid for small counts.
    """
    size = 1 / (1 / baseline_results + relative_variance)
    share = size / (size + expected)
    counted = np.round(results)
    half = stats.nbinom.pmf(counted, size, share) / 2
    few = stats.nbinom.cdf(counted, size, share) - half
    many = stats.nbinom.sf(counted, size, share) + half
    return np.nan_to_num(few, nan=1.0), np.nan_to_num(many, nan=1.0)


def upper_p_value(log_ratio: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Chance of a log ratio at least as high, given scatter `sigma`: the upper t tail with 12 degrees of freedom."""
    return np.asarray(stats.t.sf(log_ratio / sigma, TAIL_DF), dtype=np.float64)


def adjusted(frame: pl.DataFrame, groups: list[str], p: str = "p_value") -> pl.Expr:
    """Return the Benjamini-Hochberg adjusted p-values within `groups`, as an expression over `frame`'s rows."""
    order = frame.with_row_index("__row__").sort(*groups, p, descending=[*[False] * len(groups), True])
    size = pl.len().over(groups)
    rank = size - pl.int_range(pl.len()).over(groups)
    q = order.with_columns((pl.col(p) * size / rank).clip(upper_bound=1.0).cum_min().over(groups).alias("__q__"))
    return pl.lit(q.sort("__row__")["__q__"])


def _shrunk(estimate: pl.Expr, rows: pl.Expr, prior: float) -> pl.Expr:
    return (estimate.fill_null(prior) * rows + prior * PRIOR_ROWS) / (rows + PRIOR_ROWS)
