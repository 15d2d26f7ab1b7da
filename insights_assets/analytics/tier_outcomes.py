"""What a tier should have been: the cost per result of the two weeks that followed, against the peers'."""

import polars as pl

from insights_assets.tables.classifications import TIER_BOUNDS

OUTCOME_WEEKS = 2
SETTLES_AFTER_WEEKS = 4
"""A week's results are final once its last day is more than 28 days old: four Mondays later."""

KNOWN_AFTER_WEEKS = OUTCOME_WEEKS + SETTLES_AFTER_WEEKS
"""Weeks from a classified week to the one at whose close its outcome is known and final."""

MIN_EXPECTED = 5.0
"""Below that the outcome is noise: five expected results miss by half one time in five."""

MIN_PEER_RESULTS = 10.0
ENTITY = ["account_id", "entity_id"]
GROUP = ["account_id", "week", "result_family"]


def outcomes(features: pl.DataFrame) -> pl.DataFrame:
    """Label each entity-week with what the next two calendar weeks brought.

    Args:
        features: rows of one features table.

    Returns:
        account_id, week, entity_id, outcome_results, outcome_expected (what the same spend brought the peers, week by
        week), outcome (0 best to 3 worst, by cost / peers'). Only weeks of the same family that are complete and
        settled count. No row where neither of the two has delivery, where one of them is not settled yet, or where
        fewer than 5 results were expected or 10 are behind that. None at all is the worst.
    """
    spend, results = pl.col("spend"), pl.col("results")
    after = features.filter(pl.col("spend") > 0).select(
        *ENTITY,
        "result_family",
        pl.col("week").alias("outcome_week"),
        "spend",
        "results",
        (spend.sum().over(GROUP) - spend).alias("peers_spend"),
        (results.sum().over(GROUP) - results).alias("peers_results"),
        (pl.col("is_complete") & pl.col("is_settled")).alias("final"),
    )
    parts = [
        features.select(*ENTITY, "week", "result_family")
        .with_columns(pl.col("week").dt.offset_by(f"{ahead}w").alias("outcome_week"))
        .join(after, on=[*ENTITY, "result_family", "outcome_week"])
        for ahead in range(1, OUTCOME_WEEKS + 1)
    ]
    expected = pl.when(pl.col("peers_spend") > 0).then(spend * pl.col("peers_results") / pl.col("peers_spend"))
    summed = (
        pl.concat(parts)
        .group_by(*ENTITY, "week")
        .agg(
            results.sum().alias("outcome_results"),
            expected.sum().alias("outcome_expected"),
            pl.col("peers_results").sum().alias("behind"),
            pl.col("final").all(),
        )
        .filter("final", pl.col("outcome_expected") >= MIN_EXPECTED, pl.col("behind") >= MIN_PEER_RESULTS)
    )
    cost = pl.col("outcome_expected") / pl.col("outcome_results")  # infinite without results
    outcome = pl.sum_horizontal((cost > bound).cast(pl.Int64) for bound in TIER_BOUNDS)
    return summed.select(
        "account_id", "week", "entity_id", "outcome_results", "outcome_expected", outcome.alias("outcome")
    ).sort("week", "account_id", "entity_id")
