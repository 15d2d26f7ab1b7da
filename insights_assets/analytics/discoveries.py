"""Which tests become findings: false-discovery control for each account and week, in two steps.

First every metric and direction of an account and week is a family of tests of its own (Benjamini & Hochberg 1995).
Then costs are tested again below what was found (Yekutieli 2008): where an ad's click rate or price of impressions has
left its level, its cost per result needs less proof.
"""

import polars as pl

from insights_assets.analytics.noise import adjusted

BAD_NEWS_RATE, GOOD_NEWS_RATE = 0.05, 0.01
"""Share of false findings tolerated in a family; missed bad news costs money, missed good news hardly."""

BELOW_RATE = 0.05
GOOD = (("cpr", "down"), ("ctr", "up"))
DRIVERS = (("ctr", "down"), ("cpm", "up"))
ACCOUNT_WEEK = ["account_id", "week"]
AD_WEEK = [*ACCOUNT_WEEK, "entity_id"]


def discoveries(tests: pl.DataFrame) -> pl.DataFrame:
    """Keep the tests that are findings.

    Args:
        tests: (account_id, week, entity_id, metric, direction, large, p_value, p_below). `large`: the change is large
            enough to matter (it does not take part in the control). `p_below`: for costs, the p-value that counts
            once a driver of the cost was found; null elsewhere.

    Returns:
        Rows of `tests` with `q_value`, the adjusted p-value of the step that found them.
    """
    cost = ((pl.col("metric") == "cpr") & (pl.col("direction") == "up")) | (pl.col("metric") == "results")
    # No results is the dearest of outcomes: it is tested with the cost increases.
    family = pl.when(cost).then(pl.lit("cost")).otherwise(pl.concat_str("metric", pl.lit(" "), "direction"))
    tests = tests.with_columns(family.alias("family")).sort(*AD_WEEK, "family")
    tests = tests.with_columns(adjusted(tests, [*ACCOUNT_WEEK, "family"]).alias("q_value")).filter("large")
    limit = pl.when(_any_of(GOOD)).then(GOOD_NEWS_RATE).otherwise(BAD_NEWS_RATE)
    found = tests.filter(pl.col("q_value") <= limit)
    below = (
        tests.filter(cost & (pl.col("p_below") <= BELOW_RATE))
        .join(found.filter(_any_of(DRIVERS)), on=AD_WEEK, how="semi")
        .with_columns(pl.col("p_below").alias("q_value"))
    )
    return pl.concat([found, below]).unique([*AD_WEEK, "metric", "direction"], keep="first", maintain_order=True)


def _any_of(pairs: tuple[tuple[str, str], ...]) -> pl.Expr:
    return pl.any_horizontal((pl.col("metric") == m) & (pl.col("direction") == d) for m, d in pairs)
