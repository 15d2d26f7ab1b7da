"""The rows of `burnout_weeks`: what each ad week cost and brought, now and as it was seen when the week closed."""

from collections.abc import Mapping

import polars as pl

from insights_assets.analytics.restatements import seen_at_close
from insights_assets.tables.burnout_weeks import BURNOUT_WEEKS
from insights_assets.tables.restatements import RESULTS_PREFIX

AD_WEEK = ["account_id", "week", "ad_id"]


def burnout_weeks(
    features: pl.DataFrame,
    weekly: pl.DataFrame,
    daily: pl.DataFrame,
    restatements: pl.DataFrame,
    ads: pl.DataFrame,
    zones: Mapping[str, str],
) -> pl.DataFrame:
    """Put the ad weeks together.

    Args:
        features: rows of `features_ad`; weeks that are not over are left out.
        weekly: rows of `insights_weekly_ad` of the same weeks.
        daily: rows of `insights_daily` of the same weeks.
        restatements: rows of `restatements` of the same weeks.
        ads: rows of `ads` of the same weeks.
        zones: IANA time zone by account.
    """
    seen = seen_at_close(daily, restatements, zones)
    counted = (pl.lit(RESULTS_PREFIX) + pl.col("result_family")).alias("metric")
    looked = seen.select(AD_WEEK).unique().with_columns(pl.lit(0.0).alias("nothing"))
    rows = (
        features.filter(pl.col("is_complete") & (pl.col("spend") > 0))
        .rename({"entity_id": "ad_id"})
        .join(
            weekly.select("account_id", "week", pl.col("entity_id").alias("ad_id"), "inline_link_clicks"),
            on=AD_WEEK,
            how="inner",
        )
        .with_columns(counted, pl.col("inline_link_clicks").alias("link_clicks"))
        .join(seen.rename({"value": "seen"}), on=[*AD_WEEK, "metric"], how="left")
        .join(looked, on=AD_WEEK, how="left")
        .join(ads.select(*AD_WEEK, "creative_id"), on=AD_WEEK, how="left")
        .with_columns(pl.coalesce("seen", "nothing").clip(lower_bound=0.0).alias("results_seen"))
    )
    return BURNOUT_WEEKS.conform(rows.select(list(BURNOUT_WEEKS.schema)).sort(AD_WEEK))
