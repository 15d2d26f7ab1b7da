"""What all of an account does on the same day: holidays, sales, a dearer auction.

A day on which every ad spends a third less is one piece of news, not 278, and no calendar of the world's holidays is
needed to see it: the account's own entities tell. The move that they share is expected of each of them; of campaigns it
is not taken out, so that it is told there.
"""

import polars as pl

LEAST_ENTITIES = 8
"""Of fewer, the median is too much the entity's own."""
LEAST_MOVE, PROVEN = 0.1, 3.0
"""On logarithms, and in standard errors of the median: on an ordinary day nothing is taken out, since a median of a few
ads would add its own noise to every test (one planted event in ten was lost so)."""
MEDIAN_VARIANCE = 1.57
"""The median of n normal values has 1.57 times the variance of their mean."""
JUDGED_LEVELS = ("adset", "ad")


def common_move(change: pl.Expr, variance: pl.Expr) -> pl.Expr:
    """Return the factor that the entities of a group share, as an aggregation.

    Args:
        change: logarithm of an entity's figure against what was expected of it; null where it has none.
        variance: what that scatters by itself.

    Returns:
        exp of the median change where it is beyond a tenth and three standard errors; 1 else, and for fewer than 8
        entities.
    """
    known = change.is_not_null() & change.is_finite()
    entities = known.sum()
    noise = MEDIAN_VARIANCE * pl.when(known).then(variance).mean() / entities
    median = pl.when(known).then(change).median()
    shared = (entities >= LEAST_ENTITIES) & (median.abs() >= LEAST_MOVE) & (median.abs() >= PROVEN * noise.sqrt())
    return pl.when(shared).then(median.exp().round_sig_figs(10)).otherwise(1.0)


def with_common_day(rows: pl.DataFrame) -> pl.DataFrame:
    """Take what the account's entities share on a day into the seasons of `daily_expectations.day_expectations`."""
    clicks = pl.col("impressions") * pl.col("ctr_rate") * pl.col("ctr_season")
    # Late results are missing from all entities alike: that is completeness, which is asked elsewhere.
    whole = pl.col("is_settled") | pl.col("completeness").is_not_null()
    results = pl.col("spend") * pl.col("cpr_rate") * pl.col("cpr_season") * pl.col("completeness").fill_null(1.0)
    spend = pl.col("spend").log() - pl.col("spend_log") - pl.col("spend_season").log()
    moves = {
        "ctr": (_of_counts("clicks", clicks), 1 / clicks + pl.col("ctr_scatter")),
        "cpr": (pl.when(whole).then(_of_counts("results", results)), 1 / results + pl.col("cpr_scatter")),
        "spend": (pl.when(pl.col("spend") > 0).then(spend), pl.col("spend_scatter")),
    }
    common = rows.group_by("account_day").agg(common_move(*move).alias(f"{m}_move") for m, move in moves.items())
    return (
        rows.join(common, on="account_day", how="left", maintain_order="left")
        .with_columns(pl.col(f"{m}_season") * pl.col(f"{m}_move") for m in moves)
        .drop(common.columns[1:])
    )


def _of_counts(counted: str, expected: pl.Expr) -> pl.Expr:
    """Logarithm of a count against what was expected, where that is one at least."""
    return pl.when(expected >= 1).then(((pl.col(counted) + 0.5) / (expected + 0.5)).log())
