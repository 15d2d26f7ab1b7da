"""Which tests become findings: false-discovery control for each account and week, in two steps.

First every metric and direction of an account and week is a family of tests of its own (Benjamini & Hochberg 1995).
Then costs are tested again below what was found (Yekutieli 2008): where the ad's click rate or price of impressions
already left its level, and where the ads of an ad set together did, each ad's own cost needs less proof.
"""

import polars as pl

from insights_assets.analytics.noise import adjusted, count_p_values

BAD_NEWS_RATE, GOOD_NEWS_RATE = 0.04, 0.01
"""Share of false findings tolerated, 5 % in all: missed bad news costs money, missed good news does not."""

BELOW_RATE = 0.05
GOOD = (("cpr", "down"), ("ctr", "up"), ("cpm", "down"))
DRIVERS = (("ctr", "down"), ("cpm", "up"))
ACCOUNT_WEEK = ["account_id", "week"]
AD_WEEK = [*ACCOUNT_WEEK, "entity_id"]


def discoveries(tests: pl.DataFrame) -> pl.DataFrame:
    """Keep the tests that are findings.

    Args:
        tests: (account_id, week, entity_id, parent_id, metric, direction, large, p_value, counted, expected, variance,
            degrees); `large` says that the change is large enough to matter, which does not make its p-value smaller;
            the last four describe counted results and are null for other metrics.

    Returns:
        Rows of `tests` with `q_value`, the adjusted p-value of the step that found them.
    """
    cost = ((pl.col("metric") == "cpr") & (pl.col("direction") == "up")) | (pl.col("metric") == "results")
    tests = tests.with_columns(
        pl.when(cost).then(pl.lit("cost")).otherwise(pl.col("metric") + pl.col("direction")).alias("family")
    ).sort(*AD_WEEK, "family")
    tests = tests.with_columns(adjusted(tests, [*ACCOUNT_WEEK, "family"]).alias("q_value"))
    limit = pl.when(_any_of(GOOD)).then(GOOD_NEWS_RATE).otherwise(BAD_NEWS_RATE)
    found = tests.filter(pl.col("large") & (pl.col("q_value") <= limit))
    costs = tests.filter(cost)
    with_driver = costs.join(found.filter(_any_of(DRIVERS)), on=AD_WEEK, how="semi").with_columns(
        pl.col("p_below").alias("q_value")
    )
    # One dear ad makes its ad set dear: only the others can say that they moved together.
    others = costs.join(found.filter(cost), on=AD_WEEK, how="anti")
    in_adset = others.join(_moved_adsets(others), on=[*ACCOUNT_WEEK, "parent_id"], how="semi")
    in_adset = in_adset.with_columns(adjusted(in_adset, [*ACCOUNT_WEEK, "parent_id"]).alias("q_value"))
    below = pl.concat([with_driver, in_adset]).filter(pl.col("large") & (pl.col("q_value") <= BELOW_RATE))
    return pl.concat([found, below]).unique([*AD_WEEK, "metric", "direction"], keep="first", maintain_order=True)


def _moved_adsets(costs: pl.DataFrame) -> pl.DataFrame:
    """Ad sets whose ads' results, added, are fewer than expected: one count test each, controlled like the ads'."""
    sums = (
        costs.group_by(*ACCOUNT_WEEK, "parent_id", maintain_order=True)
        .agg(
            pl.len().alias("ads"),
            pl.col("counted").sum(),
            pl.col("expected").sum(),
            # Ads of one set are taken to be uncertain independently of each other.
            ((pl.col("expected") ** 2 * pl.col("variance")).sum() / pl.col("expected").sum() ** 2).alias("variance"),
            pl.col("degrees").min(),
        )
        .filter(pl.col("parent_id").is_not_null() & (pl.col("ads") > 1))
    )
    few, _ = count_p_values(*(sums[c].to_numpy() for c in ("counted", "expected", "variance", "degrees")))
    sums = sums.with_columns(pl.Series("p_value", few, dtype=pl.Float64))
    return sums.filter(adjusted(sums, ACCOUNT_WEEK) <= BAD_NEWS_RATE).select(*ACCOUNT_WEEK, "parent_id")


def _any_of(pairs: tuple[tuple[str, str], ...]) -> pl.Expr:
    return pl.any_horizontal((pl.col("metric") == m) & (pl.col("direction") == d) for m, d in pairs)
