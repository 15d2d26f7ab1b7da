"""The audit of a year: concentration of results over ads, spend without results, best and worst weeks.

Seed 000 took the best weeks by cost alone, so the week with one result for a tenth of the usual spend won. Weeks with
less than a quarter of the median week's spend are left out here, and weeks without results are the worst there are.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from insights_assets.tables.yearly_audit import YEARLY_AUDIT

YEAR_WEEKS = 52
TOP_SHARE, MOST_RESULTS = 0.1, 0.8
LISTED_WEEKS = 5
LEAST_SPEND = 0.25
GROUP = ["account_id", "result_family"]
COLUMNS = ("result_family", "spend", "results", "is_complete")


def yearly_audit(ads: pl.DataFrame, weeks: Sequence[date]) -> pl.DataFrame:
    """Compute the rows of `yearly_audit`.

    Args:
        ads: rows of `features_ad` (account_id, week, entity_id and `COLUMNS`) of the weeks and the 51 before.
        weeks: Mondays asked for; an account without spend in one has no row of it.
    """
    parts = [YEARLY_AUDIT.empty(), *(_year(ads.filter(pl.col("spend") > 0), week) for week in weeks)]
    return YEARLY_AUDIT.conform(pl.concat(parts)).sort(YEARLY_AUDIT.key)


def _year(ads: pl.DataFrame, week: date) -> pl.DataFrame:
    known = ads.filter(pl.col("week").is_between(week - timedelta(weeks=YEAR_WEEKS - 1), week))
    known = known.join(known.filter(pl.col("week") == week).select("account_id").unique(), on="account_id", how="semi")
    barren = pl.col("results") == 0
    totals = known.group_by(GROUP).agg(
        pl.col("week").min().alias("first_week"),
        pl.col("week").n_unique().cast(pl.Int64).alias("weeks"),
        pl.col("entity_id").n_unique().cast(pl.Int64).alias("ads"),
        pl.col("spend").sum(),
        pl.col("results").sum(),
        pl.col("spend").filter(barren).sum().alias("zero_result_spend"),
        barren.sum().cast(pl.Int64).alias("zero_result_ad_weeks"),
    )
    rows = totals.join(_pareto(known), on=GROUP, how="left").join(_weeks(known), on=GROUP, how="left")
    cost = pl.when(pl.col("results") > 0).then(pl.col("spend") / pl.col("results"))
    return rows.with_columns(pl.lit(week).alias("week"), cost.alias("cpr")).select(list(YEARLY_AUDIT.schema))


def _pareto(known: pl.DataFrame) -> pl.DataFrame:
    """How few ads brought how much."""
    each = (
        known.group_by(*GROUP, "entity_id")
        .agg(pl.col("spend").sum(), pl.col("results").sum())
        .sort(*GROUP, "results", "spend", "entity_id", descending=[False, False, True, False, False])
        .with_columns(pl.int_range(pl.len()).over(GROUP).alias("place"), pl.len().over(GROUP).alias("n"))
    )
    top = pl.col("place") < (pl.col("n") * TOP_SHARE).ceil()
    # An ad is needed as long as those before it do not bring the share yet.
    before = pl.col("results").cum_sum().over(GROUP) - pl.col("results")
    all_results, all_spend = pl.col("results").sum(), pl.col("spend").sum()
    needed = pl.col("needed") & (all_results > 0)
    has = all_results > 0
    return (
        each.with_columns(top.alias("top"), before.alias("before"))
        .with_columns((pl.col("before") < MOST_RESULTS * pl.col("results").sum().over(GROUP)).alias("needed"))
        .group_by(GROUP)
        .agg(
            pl.col("top").sum().cast(pl.Int64).alias("top_ads"),
            pl.when(has).then(pl.col("results").filter("top").sum() * 100 / all_results).alias("top_ads_results_pct"),
            pl.when(has).then(pl.col("spend").filter("top").sum() * 100 / all_spend).alias("top_ads_spend_pct"),
            pl.when(has).then(needed.sum().cast(pl.Int64)).alias("ads_for_80_pct"),
            pl.when(has).then(pl.col("spend").filter(~pl.col("needed")).sum()).alias("spend_of_the_rest"),
            (pl.col("results") == 0).sum().cast(pl.Int64).alias("zero_result_ads"),
        )
    )


def _weeks(known: pl.DataFrame) -> pl.DataFrame:
    """The median week, the best and the worst ones."""
    each = known.group_by(*GROUP, "week").agg(
        pl.col("spend").sum(), pl.col("results").sum(), pl.col("is_complete").all()
    )
    cost = pl.when(pl.col("results") > 0).then(pl.col("spend") / pl.col("results"))
    enough = pl.col("is_complete") & (pl.col("spend") >= LEAST_SPEND * pl.col("spend").median().over(GROUP))
    # A week without results sorts as the dearest, and among those the one with most spend.
    dearness = pl.when(pl.col("results") > 0).then(cost).otherwise(float("inf"))
    told = each.with_columns(cost.alias("cpr"), enough.alias("enough"), dearness.alias("dearness"))
    entry = pl.struct("week", "spend", "results", "cpr")
    fair = pl.col("enough") & pl.col("cpr").is_not_null()
    median = pl.col("dearness").median()
    ranked = told.sort(*GROUP, "dearness", "spend", "week")
    return ranked.group_by(GROUP, maintain_order=True).agg(
        pl.when(median.is_finite()).then(median).alias("median_week_cpr"),
        entry.filter(fair).head(LISTED_WEEKS).alias("best_weeks"),
        entry.filter("enough").tail(LISTED_WEEKS).reverse().alias("worst_weeks"),
    )
