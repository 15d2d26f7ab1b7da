"""What an entity's spend should have brought: its peers' results for their spend, or its own past's.

Peers are the other entities of the account, level, result family and week: late results are missing from all of them
alike, holidays make all dearer. All references leave the entity itself out and are ratios of sums.
"""

import polars as pl

from insights_assets.analytics.cost_odds import peer_spread

GROUP = ["account_id", "week", "result_family"]

PAST_WEIGHT = 0.5
"""What the four weeks before count beside the week itself: costs wander."""


def with_reference(features: pl.DataFrame) -> pl.DataFrame:
    """Add what each entity-week's results are to be compared with.

    Args:
        features: rows of one features table; every entity of the account and week, for they are each other's peers.

    Returns:
        The rows with peers, peers_results, reference (peers, own_past, none), reference_cpr, and two pairs of results
        and what the same spend brings the reference: (week_results, week_expected) and (past_results, past_expected)
        of the baseline weeks; 0 and 0 where nothing is known. An uncertain reference weighs down both of a pair: with R
        results behind it, by R / (R + expected), so that its counting noise adds to the entity's own.
    """
    spent = pl.col("spend") > 0
    rows = features.with_columns(
        (spent.sum().over(GROUP) - spent.cast(pl.Int64)).cast(pl.Int64).alias("peers"),
        _others("spend").alias("peers_spend"),
        _others("results").alias("peers_results"),
        _others("baseline_spend").alias("__past_spend__"),
        _others("baseline_results").alias("__past_results__"),
    ).with_columns(
        pl.when((pl.col("peers_results") > 0) & (pl.col("peers_spend") > 0))
        .then(pl.lit("peers"))
        .when((pl.col("baseline_results") > 0) & (pl.col("baseline_spend") > 0))
        .then(pl.lit("own_past"))
        .otherwise(pl.lit("none"))
        .alias("reference")
    )
    by_peers = pl.col("reference") == "peers"
    by_past = pl.col("reference") == "own_past"
    return (
        rows.with_columns(
            pl.when(by_peers)
            .then(pl.col("peers_spend") / pl.col("peers_results"))
            .when(by_past)
            .then(pl.col("baseline_spend") / pl.col("baseline_results"))
            .alias("reference_cpr"),
            pl.when(by_peers).then("peers_results").otherwise("baseline_results").alias("__behind__"),
            pl.when(by_peers & (pl.col("__past_results__") > 0) & (pl.col("__past_spend__") > 0))
            .then(pl.col("__past_spend__") / pl.col("__past_results__"))
            .alias("__past_cpr__"),
        )
        .with_columns(
            *_pair("week", "spend", "results", "reference_cpr", "__behind__"),
            *_pair("past", "baseline_spend", "baseline_results", "__past_cpr__", "__past_results__"),
        )
        .drop("__behind__", "__past_cpr__", "__past_spend__", "__past_results__")
    )


def with_evidence(rows: pl.DataFrame) -> pl.DataFrame:
    """Add evidence_results and evidence_expected (the week, and half of what the four before say), and peer_spread."""
    return rows.with_columns(
        (pl.col(f"week_{name}") + PAST_WEIGHT * pl.col(f"past_{name}")).alias(f"evidence_{name}")
        for name in ("results", "expected")
    ).with_columns(peer_spread("evidence_results", "evidence_expected", GROUP).alias("peer_spread"))


def others_ratio(part: pl.Expr, whole: pl.Expr, group: list[str] | None = None) -> pl.Expr:
    """Return the peers' part / whole, the entity itself left out; null where they have no whole."""
    by = group or GROUP
    rest = whole.sum().over(by) - whole.fill_null(0.0)
    return pl.when(rest > 0).then((part.sum().over(by) - part.fill_null(0.0)) / rest)


def _others(name: str) -> pl.Expr:
    # What is left after subtracting a float from its own sum is zero only to rounding.
    left = pl.col(name).sum().over(GROUP) - pl.col(name)
    return pl.when(left > 1e-9 * pl.col(name)).then(left).otherwise(0.0)


def _pair(prefix: str, spend: str, results: str, cpr: str, behind: str) -> list[pl.Expr]:
    expected = pl.col(spend) / pl.col(cpr)
    weight = pl.col(behind) / (pl.col(behind) + expected)
    return [
        (pl.col(results) * weight).fill_null(0.0).alias(f"{prefix}_results"),
        (expected * weight).fill_null(0.0).alias(f"{prefix}_expected"),
    ]
