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


def discoveries(tests: pl.DataFrame) -> pl.DataFrame:
    """Keep the tests that are findings.

    Args:
        tests: (pool, row, metric, direction, large, p_value, p_below, size), those at least whose `p_value` or
            `p_below` is at most the rates above. `pool` is a number of the account and week, `row` of the entity in it.
            `large`: the change is large enough to matter (it does not take part in the control). `p_below`: for costs,
            the p-value that counts once a driver of the cost was found; null elsewhere. `size`: tests that were made of
            the pool's family, which `family` tells.

    Returns:
        Rows of `tests` with `q_value`, the adjusted p-value of the step that found them.
    """
    proven = tests.filter(pl.col("p_value") <= BAD_NEWS_RATE).with_columns(family())
    proven = proven.with_columns(adjusted(proven, ["pool", "family"], size="size").alias("q_value")).drop("family")
    limit = pl.when(_any_of(GOOD)).then(GOOD_NEWS_RATE).otherwise(BAD_NEWS_RATE)
    found = proven.filter(pl.col("large") & (pl.col("q_value") <= limit))
    below = (
        tests.filter(_is_cost() & pl.col("large") & (pl.col("p_below") <= BELOW_RATE))
        .join(found.filter(_any_of(DRIVERS)), on=["pool", "row"], how="semi")
        .with_columns(pl.col("p_below").alias("q_value"))
    )
    return pl.concat([found, below]).unique(["pool", "row", "metric", "direction"], keep="first", maintain_order=True)


def family() -> pl.Expr:
    """Return what is tested together in an account and week: a metric and direction.

    No results is the dearest of outcomes: it is tested with the cost increases.
    """
    name = pl.concat_str("metric", pl.lit(" "), "direction")
    return pl.when(_is_cost()).then(pl.lit("cost")).otherwise(name).alias("family")


def _is_cost() -> pl.Expr:
    return ((pl.col("metric") == "cpr") & (pl.col("direction") == "up")) | (pl.col("metric") == "results")


def _any_of(pairs: tuple[tuple[str, str], ...]) -> pl.Expr:
    return pl.any_horizontal((pl.col("metric") == m) & (pl.col("direction") == d) for m, d in pairs)
