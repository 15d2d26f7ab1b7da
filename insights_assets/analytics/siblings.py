"""An entity beside the other children of its parent, over the newest 7 days (seed 002, corrected).

Seed 002 gave an entity without leads a cost of 0 and so the best of all places, and averaged its siblings' costs. Here
what counts is results for the spend, against all siblings' together: no result is -100 % and the last place.
"""

import polars as pl

GROUP = ["account_id", "week", "__parent__"]
PEERS = [*GROUP, "result_family"]


def siblings(rows: pl.DataFrame) -> pl.DataFrame:
    """Add the entity's shares of its parent and its place among its siblings.

    Args:
        rows: (account_id, week, parent_id, result_family, spend_7d, results_7d, ...), every child of each parent with
            delivery in the week; parent_id is null for campaigns, whose parent is the account.

    Returns:
        The rows with share_of_parent_spend_pct, share_of_parent_results_pct, siblings, siblings_cpr_7d,
        expected_results_7d, performance_vs_siblings_pct, rank_among_siblings. Siblings are of the same family, with
        spend: a purchase is not compared with a click. Without spend an entity has no performance and no rank.
    """
    spend, results = pl.col("spend_7d"), pl.col("results_7d")
    spent = spend > 0
    peer_results = pl.when(spent).then(results)
    # What makes more results for the money comes first; among those without any, what wasted less.
    order = pl.when(spent).then(pl.when(results > 0).then(results / spend).otherwise(-spend))
    return (
        rows.with_columns(pl.col("parent_id").fill_null("").alias("__parent__"))
        .with_columns(
            _share(spend, GROUP).alias("share_of_parent_spend_pct"),
            _share(results, PEERS).alias("share_of_parent_results_pct"),
            (spent.fill_null(value=False).sum().over(PEERS) - spent.fill_null(value=False).cast(pl.Int64))
            .cast(pl.Int64)
            .alias("siblings"),
            (spend.sum().over(PEERS) - spend.fill_null(0.0)).alias("__spend__"),
            (peer_results.sum().over(PEERS) - peer_results.fill_null(0.0)).alias("__results__"),
            order.rank("min", descending=True).over(PEERS).cast(pl.Int64).alias("rank_among_siblings"),
        )
        .with_columns(
            pl.when((pl.col("siblings") > 0) & (pl.col("__results__") > 0))
            .then(pl.col("__spend__") / pl.col("__results__"))
            .alias("siblings_cpr_7d")
        )
        .with_columns(pl.when(spent).then(spend / pl.col("siblings_cpr_7d")).alias("expected_results_7d"))
        .with_columns(
            ((results - pl.col("expected_results_7d")) / pl.col("expected_results_7d") * 100).alias(
                "performance_vs_siblings_pct"
            )
        )
        .drop("__parent__", "__spend__", "__results__")
    )


def _share(part: pl.Expr, group: list[str]) -> pl.Expr:
    whole = part.sum().over(group)
    return pl.when(whole > 0).then(part / whole * 100)
