"""A fleet's costs as indices: the weekly moves that its ads had in common, added up."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from insights_assets.analytics.burnout_panel import Floats

MOST_RESULTS = 100.0
CALM_RESULTS = 200.0
"""Results' worth of "no move": few results move the index little."""


@dataclass(frozen=True)
class Climate:
    """The fleet's indices, (weeks,) each.

    Attributes:
        cost: spend over final results: a week's value is known four weeks later.
        price: spend over impressions: known at the week's close.
    """

    cost: Floats
    price: Floats


def climate(frame: pl.DataFrame, weeks: pl.Series) -> Climate:
    """Chain the mean weekly moves of log cost and log price over ads that delivered in both of two weeks.

    Args:
        frame: from `burnout_panel.ordered`.
        weeks: every Monday.
    """
    results = pl.col("results").clip(upper_bound=MOST_RESULTS)
    return Climate(
        _chained(frame, weeks, "results", results), _chained(frame, weeks, "impressions", pl.lit(MOST_RESULTS))
    )


def _chained(frame: pl.DataFrame, weeks: pl.Series, bottom: str, weight: pl.Expr) -> Floats:
    ad = ["account_id", "ad_id"]
    moves = (
        frame.filter((pl.col(bottom) > 0) & (pl.col("spend") > 0))
        .select(*ad, "week", (pl.col("spend") / pl.col(bottom)).log().alias("cost"), weight.alias("weight"))
        .with_columns(
            pl.col("cost").diff().over(ad).clip(-1, 1).alias("move"),
            pl.col("week").diff().dt.total_days().over(ad).alias("days"),
        )
        .filter(pl.col("days") == 7)  # noqa: PLR2004  a week
    )
    mean = moves.group_by("week").agg(
        ((pl.col("move") * pl.col("weight")).sum() / (pl.col("weight").sum() + CALM_RESULTS)).alias("move")
    )
    chained = pl.DataFrame({"week": weeks}).join(mean, on="week", how="left").sort("week")
    return np.cumsum(chained["move"].fill_null(0.0).to_numpy())
