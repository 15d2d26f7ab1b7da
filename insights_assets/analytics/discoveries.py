"""Which tests become findings: false-discovery control for each account and week, in two steps.

First every metric and direction of an account and week is a family of tests of its own, whose campaigns are tested
before the tests in them (Benjamini & Bogomolov 2014): what happens to an account happens to one campaign, so that a
campaign that is proven lends its ads strength, and a calm one needs the proof of all of them.
Then costs are tested again below what was found (Yekutieli 2008): where an ad's click rate or price of impressions has
left its level, its cost per result needs less proof.
"""

import polars as pl

from insights_assets.analytics.findings import is_good
from insights_assets.analytics.noise import adjusted

BAD_NEWS_RATE, GOOD_NEWS_RATE = 0.05, 0.01
"""Share of false findings tolerated in a family; missed bad news costs money, missed good news hardly."""

BELOW_RATE = 0.05
DRIVERS = (("ctr", "down"), ("cpm", "up"))


def discoveries(tests: pl.DataFrame) -> pl.DataFrame:
    """Keep the tests that are findings.

    Args:
        tests: (pool, row, campaign_id, metric, direction, large, p_value, p_below, size, campaigns), those at least
            whose `p_value` or `p_below` is at most the rates above. `pool` is a number of the account and week, `row`
            of the entity in it.
            `large`: the change is large enough to matter (it does not take part in the control). `p_below`: for costs,
            the p-value that counts once a driver of the cost was found; null elsewhere. `size`: tests that were made of
            the campaign in the pool's family, which `family` tells; `campaigns`: of how many campaigns.

    Returns:
        Rows of `tests` with `q_value`, the adjusted p-value of the step that found them: its campaign's share of found
        campaigns included, so that it compares with the rates above.
    """
    proven = _within_campaigns(tests.filter(pl.col("p_value") <= BAD_NEWS_RATE).with_columns(family()))
    found = proven.filter(pl.col("large") & (pl.col("q_value") <= _rate()))
    below = (
        tests.filter(_is_cost() & pl.col("large") & (pl.col("p_below") <= BELOW_RATE))
        .join(found.filter(_any_of(DRIVERS)), on=["pool", "row"], how="semi")
        .with_columns(pl.col("p_below").alias("q_value"))
    )
    return pl.concat([found, below]).unique(["pool", "row", "metric", "direction"], keep="first", maintain_order=True)


def _within_campaigns(proven: pl.DataFrame) -> pl.DataFrame:
    """Add `q_value`: adjusted within its campaign, times campaigns by found campaigns; 1 where the campaign is not."""
    of_family = ["pool", "family"]
    of_campaign = [*of_family, "campaign_id"]
    proven = proven.with_columns(adjusted(proven, of_campaign, size="size").alias("within"), _rate().alias("rate"))
    # The least adjusted p-value of a campaign is Simes' test of all of it.
    whole = proven.group_by(of_campaign).agg(pl.col("within").min(), pl.col("campaigns", "rate").first())
    whole = whole.filter(adjusted(whole, of_family, "within", size="campaigns") <= pl.col("rate"))
    found = whole.select(*of_campaign, pl.len().over(of_family).alias("found"))
    proven = proven.join(found, on=of_campaign, how="left", maintain_order="left")
    q_value = (pl.col("within") * pl.col("campaigns") / pl.col("found")).clip(upper_bound=1.0).fill_null(1.0)
    return proven.with_columns(q_value.alias("q_value")).drop("family", "within", "rate", "found")


def _rate() -> pl.Expr:
    return pl.when(is_good()).then(GOOD_NEWS_RATE).otherwise(BAD_NEWS_RATE)


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
