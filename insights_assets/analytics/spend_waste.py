"""Waste: what an ad spent without bringing what the same spend brings its peers.

Seed 000 counted the whole spend of every week without results: an ad that expects one result a week and had none in one
has wasted nothing but luck. Here an ad is judged over four weeks, as a count against what its peers lead to expect
(`noise.count_p_values`), and false alarms are controlled over all ads of an account's week.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl
from scipy import special

from insights_assets.analytics.noise import MOST_DEGREES, adjusted, count_p_values
from insights_assets.tables.spend_waste import SPEND_WASTE

WEEKS = 4
DEAR = 1.5
MOST_Q = 0.05
CERTAINTY = 0.95
LEAST_PEER_RESULTS = 5
PEER_VARIANCE = 0.05
"""Relative variance of an ad's rate about its peers' that is no waste: 22 % up or down."""
COLUMNS = ("result_family", "spend", "results")


def spend_waste(ads: pl.DataFrame, weeks: Sequence[date]) -> pl.DataFrame:
    """Compute the rows of `spend_waste`.

    Args:
        ads: rows of `features_ad` (account_id, week, entity_id and `COLUMNS`) of the weeks and the three before.
        weeks: Mondays asked for.
    """
    parts = [SPEND_WASTE.empty(), *(_week(ads, week) for week in weeks)]
    return SPEND_WASTE.conform(pl.concat(parts)).sort(SPEND_WASTE.key)


def _week(ads: pl.DataFrame, week: date) -> pl.DataFrame:
    known = ads.filter(pl.col("week").is_between(week - timedelta(weeks=WEEKS - 1), week))
    now = known.filter(pl.col("week") == week).select(
        "account_id", "week", pl.col("entity_id").alias("ad_id"), "result_family", "spend"
    )
    four = (
        known.group_by("account_id", pl.col("entity_id").alias("ad_id"), "result_family")
        .agg(pl.col("spend").sum().alias("spend_28d"), pl.col("results").sum().alias("results_28d"))
        .sort("account_id", "result_family", "ad_id")  # the peers' sums in one order: else they look restated
    )
    group = ["account_id", "result_family"]
    others = {c: pl.col(c).sum().over(group) - pl.col(c) for c in ("spend_28d", "results_28d")}
    four = four.with_columns(others["spend_28d"].alias("peers_spend"), others["results_28d"].alias("peers_results"))
    rows = (
        now.join(four, on=["account_id", "ad_id", "result_family"], how="inner")
        .filter(
            (pl.col("peers_results") >= LEAST_PEER_RESULTS) & (pl.col("peers_spend") > 0) & (pl.col("spend_28d") > 0)
        )
        .with_columns((pl.col("peers_spend") / pl.col("peers_results")).alias("peers_cpr"))
        .with_columns((pl.col("spend_28d") / pl.col("peers_cpr")).alias("expected_28d"))
    )
    counted, expected, peers = (rows[c].to_numpy() for c in ("results_28d", "expected_28d", "peers_results"))
    few, _ = count_p_values(counted, expected, 1 / peers + PEER_VARIANCE, expected * 0 + MOST_DEGREES)
    # The largest rate at which so few would still be seen once in twenty (exact Poisson bound, Garwood 1936).
    most = special.gammaincinv(counted + 1, CERTAINTY)
    rows = rows.with_columns(pl.Series("p_value", few), pl.Series("most", most))
    rows = rows.with_columns(adjusted(rows, ["account_id", "week"]).alias("q_value"))
    waste = pl.col("spend_28d") - pl.col("results_28d") * pl.col("peers_cpr")
    least = (pl.col("spend_28d") - pl.col("most") * pl.col("peers_cpr")).clip(lower_bound=0)
    dear = pl.col("expected_28d") >= DEAR * pl.col("results_28d")
    kind = pl.when(pl.col("results_28d") == 0).then(pl.lit("zero_results")).otherwise(pl.lit("dear_results"))
    return (
        rows.filter((pl.col("q_value") <= MOST_Q) & dear)
        .with_columns(kind.alias("kind"), waste.alias("wasted_28d"), least.alias("wasted_least_28d"))
        .select(list(SPEND_WASTE.schema))
    )
