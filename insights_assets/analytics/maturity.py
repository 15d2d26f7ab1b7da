"""What makes a week's figures comparable: how much of its results it has seen, and what it was given to spend."""

import polars as pl

from insights_assets.analytics.completeness_factors import completeness_factor, pooled_factors
from insights_assets.tables.restatements import RESULTS_PREFIX

ENTITY_WEEK = ["account_id", "week", "entity_id"]

NO_BUDGETS = pl.DataFrame(
    schema={"account_id": pl.String, "week": pl.Date, "entity_id": pl.String, "daily_budget": pl.Float64}
)

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


def seen_so_far(judged: pl.DataFrame, of_family: list[str]) -> pl.DataFrame:
    """Turn the results expected in the end into those expected by now.

    Where the completeness of an unsettled week is not known it is read off the account's other ads of that week and
    family: late results are missing from all of them alike, an anomaly from one.

    Args:
        judged: expected costs (`expectations.expect`) with the columns of `with_completeness`.
        of_family: columns that name what was bought in the same account and time.

    Returns:
        The rows with `expected` by now and `variance`, the relative variance of that beyond counting.
    """
    own_results, own_expected = pl.col("results"), pl.col("expected")
    others = own_expected.sum().over(of_family) - own_expected
    peers = (own_results.sum().over(of_family) - own_results + PEER_RESULTS) / (others + PEER_RESULTS)
    doubt = UNSETTLED_VARIANCE * PEER_RESULTS / (others + PEER_RESULTS)
    known = pl.col("completeness_known")
    return judged.with_columns(
        (pl.col("level_variance") + pl.col("scatter_variance") + pl.when(known).then(0.0).otherwise(doubt)).alias(
            "variance"
        ),
        pl.when(known).then(pl.col("completeness")).otherwise(peers.clip(upper_bound=1.0)).alias("seen"),
    ).with_columns((own_expected * pl.col("seen")).alias("expected"))


def with_budget(features: pl.DataFrame, budgets: pl.DataFrame) -> pl.DataFrame:
    """Add `budget`, null where it is not known.

    Args:
        features: entity-weeks of one level.
        budgets: (account_id, week, entity_id, daily_budget), from `entity_budgets`.
    """
    known = (
        budgets.filter(pl.col("daily_budget") > 0)
        .select(*ENTITY_WEEK, pl.col("daily_budget").alias("budget"))
        .unique(ENTITY_WEEK, keep="last", maintain_order=True)
    )
    return features.join(known, on=ENTITY_WEEK, how="left", maintain_order="left")


def entity_budgets(level: str, features: pl.DataFrame, adsets: pl.DataFrame, campaigns: pl.DataFrame) -> pl.DataFrame:
    """Find the daily budget that each entity's spend hangs on.

    Args:
        level: campaign, adset or ad.
        features: rows of the level's features (account_id, week, entity_id, parent_id, campaign_id).
        adsets: rows of `adsets` (account_id, week, adset_id, campaign_id, effective_status, daily_budget).
        campaigns: rows of `campaigns` (account_id, week, campaign_id, daily_budget).

    Returns:
        account_id, week, entity_id, daily_budget: an ad's is its ad set's; where an ad set has none, its campaign's; a
        campaign without one has the sum of its active ad sets'. Null where none is known.
    """
    of_campaign = campaigns.select("account_id", "week", "campaign_id", pl.col("daily_budget").alias("whole"))
    if level == "campaign":
        parts = (
            adsets.filter(pl.col("effective_status") == "ACTIVE")
            .group_by("account_id", "week", "campaign_id")
            .agg(pl.when(pl.col("daily_budget").is_not_null().all()).then(pl.col("daily_budget").sum()).first())
        )
        own = features.select(*ENTITY_WEEK, "campaign_id").join(
            parts, on=["account_id", "week", "campaign_id"], how="left"
        )
    else:
        adset = "parent_id" if level == "ad" else "entity_id"
        own = features.select(*ENTITY_WEEK, "campaign_id", pl.col(adset).alias("adset_id")).join(
            adsets.select("account_id", "week", "adset_id", "daily_budget"),
            on=["account_id", "week", "adset_id"],
            how="left",
        )
    return own.join(of_campaign, on=["account_id", "week", "campaign_id"], how="left").select(
        *ENTITY_WEEK,
        (pl.coalesce("whole", "daily_budget") if level == "campaign" else pl.coalesce("daily_budget", "whole")).alias(
            "daily_budget"
        ),
    )


def day_completeness(days: pl.DataFrame, features: pl.DataFrame, evidence: pl.DataFrame) -> pl.DataFrame:
    """Add to each day the part of its results that had been told when it was read.

    Args:
        days: (account_id, entity_id, week, date, age_days, ...): the age of the day when it was read.
        features: (account_id, entity_id, week, result_family).
        evidence: rows of `completeness` of the weeks, every account.

    Returns:
        `days` with `completeness`, null where nobody's settled days tell.
    """
    family = features.select(*ENTITY_WEEK, "result_family").unique()
    cells = days.select(*ENTITY_WEEK, "age_days").unique().join(family, on=ENTITY_WEEK, how="inner")
    asked = cells.select(
        "account_id", "week", (pl.lit(RESULTS_PREFIX) + pl.col("result_family")).alias("metric"), "age_days"
    ).unique()
    # Only weeks with young days need an answer, and only for those was evidence read.
    factors = completeness_factor(asked.with_columns(pl.col("age_days").cast(pl.Int64)), pooled_factors(evidence))
    told = cells.with_columns((pl.lit(RESULTS_PREFIX) + pl.col("result_family")).alias("metric")).join(
        factors, on=["account_id", "week", "metric", "age_days"], how="left"
    )
    return days.join(
        told.select(*ENTITY_WEEK, "age_days", pl.col("factor").alias("completeness")).unique(
            [*ENTITY_WEEK, "age_days"]
        ),
        on=[*ENTITY_WEEK, "age_days"],
        how="left",
        maintain_order="left",
    )


def week_completeness(features: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """Add `results_completeness`: the days' completeness, weighed by spend; null where a day's is not known."""
    spend, part = pl.col("spend"), pl.col("completeness")
    weeks = days.group_by(ENTITY_WEEK).agg(
        pl.when(part.is_not_null().all() & (spend.sum() > 0))
        .then((part * spend).sum() / spend.sum())
        .alias("results_completeness")
    )
    return features.join(weeks, on=ENTITY_WEEK, how="left", maintain_order="left")
