"""Daily facts of creatives: each ad-day counts for the one creative that the ad showed as of that day.

Seed 004 copied an ad's figures to each of its creatives and so counted them several times. Here every ad-day has
exactly one creative, and the sums over creatives are the sums over ads.
"""

import polars as pl

from insights_assets.analytics.creative_figures import ADDITIVE, REPORTED, ratios, single_family, sums
from insights_assets.tables.creative_performance import CREATIVE_PERFORMANCE, NO_CREATIVE

AD_WEEK = ["account_id", "week", "ad_id"]
AD_DAY = [*AD_WEEK, "date"]
CREATIVE_DAY = ["account_id", "week", "date", "creative_id"]
ENGAGEMENT = "post_engagement"
PLAYED = "video_view"  # the family whose canonical action is a play of 3 seconds
DAILY_COLUMNS = ("currency", "spend", "impressions", "clicks", "inline_link_clicks", *REPORTED, "actions", "is_settled")


def creative_performance(
    daily: pl.DataFrame, results: pl.DataFrame, ads: pl.DataFrame, creatives: pl.DataFrame
) -> pl.DataFrame:
    """Compute the rows of `creative_performance`.

    Args:
        daily: rows of `insights_daily` (the key and `DAILY_COLUMNS`).
        results: rows of `results_daily` for the same days; only its ad level is read.
        ads: rows of `ads` of the same weeks (their key and effective_status).
        creatives: rows of `creatives` of the same weeks (their key, shown_from and creative_type).
    """
    facts = _facts(daily, results)
    placed = _placed(facts, creatives).join(
        ads.select(*AD_WEEK, "effective_status"), on=AD_WEEK, how="left", maintain_order="left"
    )
    video = (pl.col("creative_type") == "video") | (pl.col("video_3s_plays") > 0) | (pl.col("video_plays") > 0)
    rows = placed.with_columns(
        pl.when(video.fill_null(value=False)).then("impressions").otherwise(0).alias("video_impressions")
    )
    days = (
        rows.sort(*CREATIVE_DAY, "ad_id")
        .group_by(CREATIVE_DAY, maintain_order=True)
        .agg(
            pl.col("creative_type").first(),
            pl.col("currency").first(),
            *sums(whole=True),
            single_family(),
            *ratios(),
            pl.len().cast(pl.Int64).alias("ads"),
            pl.col("ad_id").alias("ad_ids"),
            pl.col("is_settled").all(),
        )
        .join(_statuses(rows), on=["account_id", "week", "creative_id"], how="left", maintain_order="left")
    )
    return CREATIVE_PERFORMANCE.conform(days)


def _facts(daily: pl.DataFrame, results: pl.DataFrame) -> pl.DataFrame:
    """Each ad-day's figures that add up."""
    of_ads = results.filter(pl.col("level") == "ad").rename({"entity_id": "ad_id"})
    primary = of_ads.filter("is_primary").select(*AD_DAY, "result_family", "results")
    played = of_ads.filter(pl.col("result_family") == PLAYED).select(
        *AD_DAY, pl.col("results").round().cast(pl.Int64).alias("video_3s_plays")
    )
    bought = of_ads.filter(pl.col("result_family") == "purchase").select(
        *AD_DAY, pl.col("results").alias("orders"), pl.col("result_value").alias("revenue")
    )
    joined = daily.with_columns(_engagements())
    for part in (primary, played, bought):
        joined = joined.join(part, on=AD_DAY, how="left", maintain_order="left")
    filled = joined.with_columns(pl.col(c).fill_null(0) for c in ("results", "orders", "video_3s_plays"))
    # No purchase is no revenue; a purchase without a reported value is one of unknown revenue.
    return filled.with_columns(pl.when(pl.col("orders") > 0).then("revenue").otherwise(0.0).alias("revenue"))


def _engagements() -> pl.Expr:
    """Actions of type post_engagement, as Meta adds them up."""
    one = pl.element()
    value = pl.when(one.struct.field("action_type") == ENGAGEMENT).then(one.struct.field("value"))
    return pl.col("actions").list.eval(value).list.sum().fill_null(0).round().cast(pl.Int64).alias("post_engagements")


def _placed(facts: pl.DataFrame, creatives: pl.DataFrame) -> pl.DataFrame:
    """Each ad-day with the creative that the ad showed as of that day."""
    shown = creatives.select(*AD_WEEK, "shown_from", "creative_id", "creative_type").sort("shown_from", "creative_id")
    return (
        facts.sort("date")
        .join_asof(
            shown, left_on="date", right_on="shown_from", by=AD_WEEK, strategy="backward", check_sortedness=False
        )
        .with_columns(
            pl.col("creative_id").fill_null(NO_CREATIVE),
            pl.col("creative_type").fill_null(NO_CREATIVE),
        )
        .select(
            *AD_DAY,
            "creative_id",
            "creative_type",
            "currency",
            "is_settled",
            "result_family",
            *(c for c in ADDITIVE if c != "video_impressions"),
        )
    )


def _statuses(rows: pl.DataFrame) -> pl.DataFrame:
    """A creative's status in a week, over the ads that served it: active as soon as one of them is."""
    active = (pl.col("effective_status") == "ACTIVE").any()
    known = pl.col("effective_status").is_not_null().any()
    status = pl.when(active).then(pl.lit("ACTIVE")).when(known).then(pl.lit("PAUSED")).otherwise(pl.lit("UNKNOWN"))
    return rows.group_by("account_id", "week", "creative_id").agg(status.alias("status"))
