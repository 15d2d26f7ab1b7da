"""What makes a week's figures comparable: how much of its results it has seen, and what it was given to spend."""

import polars as pl

FAMILY_WEEK = ["account_id", "week", "result_family"]

PEER_RESULTS = 30.0
"""Expected results of the account's other ads at which they say as much about completeness as the assumption that all
results are in."""

UNSETTLED_VARIANCE = 0.04
"""Relative variance of the part that an unsettled week has seen, where nothing tells it (0.04 = 20 % either way)."""


def with_completeness(features: pl.DataFrame) -> pl.DataFrame:
    """Add `completeness` (1 where not known) and `completeness_known` from the optional `results_completeness`."""
    given = pl.col("results_completeness") if "results_completeness" in features.columns else pl.lit(None, pl.Float64)
    return features.with_columns(
        given.clip(0.05, 1.0).fill_null(1.0).alias("completeness"),
        (given.is_not_null() | pl.col("is_settled")).alias("completeness_known"),
    )


def seen_so_far(judged: pl.DataFrame) -> pl.DataFrame:
    """Turn the results expected in the end into those expected by now.

    Where the completeness of an unsettled week is not known it is read off the account's other ads of that week and
    family: late results are missing from all of them alike, an anomaly from one.

    Args:
        judged: expected costs (`expectations.expect`) with the columns of `with_completeness`.

    Returns:
        The rows with `expected` by now and `variance`, the relative variance of that beyond counting.
    """
    own_results, own_expected = pl.col("results"), pl.col("expected")
    others = own_expected.sum().over(FAMILY_WEEK) - own_expected
    peers = (own_results.sum().over(FAMILY_WEEK) - own_results + PEER_RESULTS) / (others + PEER_RESULTS)
    doubt = UNSETTLED_VARIANCE * PEER_RESULTS / (others + PEER_RESULTS)
    known = pl.col("completeness_known")
    return judged.with_columns(
        (pl.col("level_variance") + pl.col("scatter_variance") + pl.when(known).then(0.0).otherwise(doubt)).alias(
            "variance"
        ),
        pl.when(known).then(pl.col("completeness")).otherwise(peers.clip(upper_bound=1.0)).alias("seen"),
    ).with_columns((own_expected * pl.col("seen")).alias("expected"))


def with_budget(rows: pl.DataFrame, budgets: pl.DataFrame | None) -> pl.DataFrame:
    """Add `budget` to windows of ad-weeks: the daily budget of the ad's set; 1 where a week of the window lacks it."""
    if budgets is None:
        return rows.with_columns(pl.lit(1.0).alias("budget"))
    by_adset = (
        budgets.filter(pl.col("daily_budget") > 0)
        .select("account_id", "week", pl.col("adset_id").alias("parent_id"), pl.col("daily_budget").alias("budget"))
        .unique(["account_id", "week", "parent_id"], keep="last", maintain_order=True)
    )
    joined = rows.join(by_adset, on=["account_id", "week", "parent_id"], how="left", maintain_order="left")
    whole = pl.col("budget").is_not_null().all().over("account_id", "entity_id", "judged")
    return joined.with_columns(pl.when(whole).then("budget").otherwise(1.0).alias("budget"))
