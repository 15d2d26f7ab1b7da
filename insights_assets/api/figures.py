"""Figures over rows: sums, and ratios of sums. Pure; used by timelines, details and the overview alike.

Reach and frequency are never added: they stand only where Meta served them for exactly that row.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import polars as pl

ADDITIVE: Final = ("spend", "impressions", "clicks", "inline_link_clicks")
RATIOS: Final = ("ctr", "link_ctr", "cpm", "cpc")


def sums() -> list[pl.Expr]:
    """The additive figures of a group."""
    return [pl.col(name).sum() for name in ADDITIVE]


def ratios() -> list[pl.Expr]:
    """Ratios of added-up figures: ctr and link_ctr in percent, cpm and cpc in money; null without a denominator."""
    return [
        _over("clicks", "impressions", 100).alias("ctr"),
        _over("inline_link_clicks", "impressions", 100).alias("link_ctr"),
        _over("spend", "impressions", 1000).alias("cpm"),
        _over("spend", "clicks").alias("cpc"),
    ]


def costs(spend: str = "spend") -> list[pl.Expr]:
    """Cost per result and ROAS from added-up results; a column `spend` names the money that bought them."""
    return [_over(spend, "results").alias("cpr"), _over("result_value", spend).alias("roas")]


def families(results: pl.DataFrame, by: Sequence[str] = ()) -> pl.DataFrame:
    """Primary results added up by family, the family with the most spend first.

    Args:
        results: rows of `results_weekly` or `results_daily` of one level.
        by: further columns to group by.

    Returns:
        by, result_family, spend (of the entities that are optimised for it), results, result_value, cpr, roas.
    """
    keys = [*by, "result_family"]
    rows = results.filter(pl.col("is_primary")).group_by(keys)
    # A sum over nothing but nulls is 0 in polars: no value is reported, which is not a value of nothing.
    value = pl.when(pl.col("result_value").count() > 0).then(pl.col("result_value").sum()).alias("result_value")
    added = rows.agg(pl.col("spend").sum(), pl.col("results").sum(), value)
    return added.with_columns(costs()).sort(
        [*by, "spend", "result_family"], descending=[False for _ in by] + [True, False]
    )


def total(rows: pl.DataFrame, results: pl.DataFrame) -> dict[str, Any]:
    """Everything in one: sums, ratios of sums, results by family."""
    figures = rows.select(sums()).with_columns(ratios()).row(0, named=True)
    return {**figures, "families": families(results).to_dicts()}


def change_pct(now: float | None, before: float | None) -> float | None:
    """Change against before, in percent; None without a before."""
    return None if now is None or not before else 100 * (now - before) / before


def changes(now: dict[str, Any], before: dict[str, Any], names: Iterable[str]) -> dict[str, float | None]:
    """Change of each figure, in percent."""
    return {f"{name}_change_pct": change_pct(now[name], before[name]) for name in names}


def _over(part: str, whole: str, factor: float = 1) -> pl.Expr:
    return pl.when(pl.col(whole) > 0).then(factor * pl.col(part) / pl.col(whole))
