"""A fleet's cost per result as an index: the moves that its ads had in common, added up."""

import numpy as np
import polars as pl

from insights_assets.analytics.burnout_panel import Floats

MOST_RESULTS = 100.0
CALM_RESULTS = 200.0
"""Results' worth of "no move": few results move the index little."""


def cost_index(frame: pl.DataFrame, weeks: pl.Series) -> Floats:
    """Chain the mean weekly move of log cost over ads that delivered in both weeks.

    Args:
        frame: from `burnout_panel.ordered`.
        weeks: every Monday.

    Returns:
        (weeks,) the index, by final results: a week's value is known four weeks later.
    """
    ad = ["account_id", "ad_id"]
    log_cost = (pl.col("spend") / pl.col("results")).log()
    moves = (
        frame.filter((pl.col("results") > 0) & (pl.col("spend") > 0))
        .select(*ad, "week", log_cost.alias("cost"), pl.col("results").clip(upper_bound=MOST_RESULTS).alias("weight"))
        .with_columns(
            pl.col("cost").diff().over(ad).alias("move"), pl.col("week").diff().dt.total_days().over(ad).alias("days")
        )
        .filter(pl.col("days") == 7)  # noqa: PLR2004  a week
    )
    mean = moves.group_by("week").agg(
        ((pl.col("move") * pl.col("weight")).sum() / (pl.col("weight").sum() + CALM_RESULTS)).alias("move")
    )
    chained = pl.DataFrame({"week": weeks}).join(mean, on="week", how="left").sort("week")
    return np.cumsum(chained["move"].fill_null(0.0).to_numpy())
