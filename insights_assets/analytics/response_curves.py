"""Results as a concave function of spend, per campaign and ad set, where spend has moved enough to tell.

log E[results] = scale + elasticity x log spend, a Poisson regression with a free dispersion (McCullagh & Nelder 1989,
ch. 6); interval by t. Seed 000 cut weeks into five buckets by spend and called the first dear one saturation, which
noise alone does; its ad set level returned nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from insights_assets.tables.response_curves import CURVE_LEVELS, RESPONSE_CURVES

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

HISTORY_WEEKS = 26
LEAST_WEEKS, LEAST_RESULTS = 8, 30
LEAST_SPREAD = 0.15
"""Standard deviation of log spend: 15 % up and down. Below, the slope is that of noise."""
MOST_ERROR = 0.4
"""Standard error of the elasticity above which its interval holds saturation and proportion both."""
SATURATED = 0.8
"""At 0.8 one more result costs a quarter more than the average one."""
TAIL = 0.95
ITERATIONS, SETTLED = 25, 1e-8
ENTITY = ["account_id", "entity_id"]
COLUMNS = ("result_family", "spend", "results")


@dataclass(frozen=True)
class Curves:
    """Fitted curves, an array of each: log results at spend 1, elasticity, its standard error (nan: did not settle)."""

    scale: Floats
    elasticity: Floats
    error: Floats


def fit(spend: Floats, results: Floats, there: Flags) -> Curves:
    """Fit curves by Fisher scoring, all at once.

    Args:
        spend: (curves, weeks), above zero where `there`.
        results: (curves, weeks) counts.
        there: (curves, weeks) which weeks count; at least 3 a curve.
    """
    weeks = there.sum(axis=1)
    with np.errstate(all="ignore"):
        x = np.where(there, np.log(np.where(there, spend, 1.0)), 0.0)
        centre = x.sum(axis=1) / weeks
        x = np.where(there, x - centre[:, None], 0.0)
        y = np.where(there, results, 0.0)
        level, slope = np.log(np.maximum(y.sum(axis=1) / weeks, 1e-9)), np.ones(weeks.size)
        moved = np.full(weeks.size, np.inf)
        for _ in range(ITERATIONS):
            mean = np.where(there, np.exp(np.clip(level[:, None] + slope[:, None] * x, -30, 30)), 0.0)
            s0, s1, s2 = (np.sum(mean * x**power, axis=1) for power in range(3))
            g0, g1 = np.sum(y - mean, axis=1), np.sum((y - mean) * x, axis=1)
            room = s0 * s2 - s1**2
            step0, step1 = (s2 * g0 - s1 * g1) / room, (s0 * g1 - s1 * g0) / room
            # A curve that has settled stays, so that it does not depend on those fitted beside it.
            going = moved >= SETTLED
            moved = np.where(going, np.maximum(np.abs(step0), np.abs(step1)), moved)
            level = np.where(going, level + np.clip(step0, -2, 2), level)
            slope = np.where(going, slope + np.clip(step1, -2, 2), slope)
        # Weeks scatter by more than counting; never by less.
        excess = np.sum(np.where(mean > 0, (y - mean) ** 2 / np.maximum(mean, 1e-12), 0.0), axis=1) / (weeks - 2)
        error = np.sqrt(np.maximum(excess, 1.0) * s0 / room)
    error = np.where(moved < 1e-4, error, np.nan)  # noqa: PLR2004  far below any error that is told
    return Curves(level - slope * centre, slope, error)


def response_curves(history: pl.DataFrame, level: str, weeks: Sequence[date]) -> pl.DataFrame:
    """Compute the rows of `response_curves` of one level.

    Args:
        history: rows of `features_campaign` or `features_adset` (account_id, week, entity_id and `COLUMNS`) of the
            weeks and the 25 before.
        level: campaign or adset.
        weeks: Mondays asked for.
    """
    if level not in CURVE_LEVELS:
        raise ValueError(f"There are no curves of level {level!r}; there are those of {', '.join(CURVE_LEVELS)}.")
    spent = history.filter(pl.col("spend") > 0).select(*ENTITY, "week", *COLUMNS)
    now = spent.filter(pl.col("week").is_in(list(weeks))).sort("week", *ENTITY).with_row_index("curve")
    if now.is_empty():
        return RESPONSE_CURVES.empty()
    spend, results, there = _windows(now, spent)
    told = now.select("account_id", "week", pl.lit(level).alias("level"), "entity_id", "result_family", "spend")
    rows = told.with_columns(*_told(now["spend"].to_numpy(), spend, results, there))
    return RESPONSE_CURVES.conform(rows).sort(RESPONSE_CURVES.key)


def _windows(now: pl.DataFrame, spent: pl.DataFrame) -> tuple[Floats, Floats, Flags]:
    """Each curve's weeks in the same family, (curves, 26)."""
    past = spent.rename({"week": "past_week", "spend": "past_spend", "results": "past_results"})
    back = (pl.col("week") - pl.col("past_week")).dt.total_days() // 7
    cells = (
        now.select("curve", *ENTITY, "week", "result_family")
        .join(past, on=[*ENTITY, "result_family"], how="inner")
        .with_columns(back.alias("back"))
        .filter(pl.col("back").is_between(0, HISTORY_WEEKS - 1))
    )
    at = (cells["curve"].to_numpy(), cells["back"].to_numpy())
    shape = (now.height, HISTORY_WEEKS)
    spend, results, there = np.zeros(shape), np.zeros(shape), np.zeros(shape, dtype=np.bool_)
    spend[at], results[at], there[at] = cells["past_spend"].to_numpy(), cells["past_results"].to_numpy(), True
    return spend, results, there


def _told(here: Floats, spend: Floats, results: Floats, there: Flags) -> list[pl.Series]:
    weeks = there.sum(axis=1)
    curves = fit(spend, results, there)
    with np.errstate(all="ignore"):
        logs = np.where(there, np.log(np.where(there, spend, 1.0)), 0.0)
        spread = np.sqrt(np.maximum((logs**2).sum(axis=1) / weeks - (logs.sum(axis=1) / weeks) ** 2, 0.0))
        half = special.stdtrit(np.maximum(weeks - 2, 1), TAIL) * curves.error
        expected = np.exp(curves.scale + curves.elasticity * np.log(here))
        average = here / expected
        marginal = np.where(curves.elasticity > 0, average / curves.elasticity, np.nan)
    reasons = [
        (weeks < LEAST_WEEKS, f"fewer than {LEAST_WEEKS} weeks"),
        (results.sum(axis=1) < LEAST_RESULTS, f"fewer than {LEAST_RESULTS} results"),
        (spread < LEAST_SPREAD, "spend hardly moved"),
        (~(curves.error <= MOST_ERROR), "results scatter too much"),
    ]
    reason = np.select([c for c, _ in reasons], [r for _, r in reasons], default="")
    low, high = curves.elasticity - half, curves.elasticity + half
    verdict = np.select(
        [reason != "", high < SATURATED, low > SATURATED], ["not_identifiable", "saturated", "room"], default="unclear"
    )
    known = {
        "elasticity": curves.elasticity,
        "elasticity_lo_90": low,
        "elasticity_hi_90": high,
        "average_cpr": average,
        "marginal_cpr": marginal,
    }
    return [
        pl.Series("verdict", verdict.tolist(), dtype=pl.String),
        pl.Series("reason", [r or None for r in reason.tolist()], dtype=pl.String),
        pl.Series("weeks_used", weeks, dtype=pl.Int64),
        *(pl.Series(name, np.where(reason == "", v, np.nan)).fill_nan(None) for name, v in known.items()),
    ]
