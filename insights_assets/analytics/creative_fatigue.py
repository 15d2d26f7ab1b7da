"""How worn an ad's creative is: fewer of those who see it click, and they see it often (docs/adr/0016)."""

import math

import polars as pl

ENTITY = ["account_id", "entity_id"]
PEAK_WEEKS = 3
"""Weeks that are pooled into one click rate: the best single week of ten is mostly luck."""
HISTORY_WEEKS = 11
LEAST_PEAK_CLICKS = 50
"""Link clicks of those weeks: their rate is then known to one in seven."""
WORN_FALL = math.log(2)
"""Half the click rate: at the same price of impressions each click costs double, Meta's own limit of a fatigued ad."""
WORN_FREQUENCY = 3.0
"""Impressions a person and week at which seeds 002 and 003 call for another creative; 1 is the least there is."""


def creative_fatigue(weeks: pl.DataFrame) -> pl.DataFrame:
    """Score ad-weeks by the fall of their click rate from its peak, and by frequency.

    Args:
        weeks: (account_id, entity_id, week, impressions, inline_link_clicks, frequency), one row an ad and week with
            delivery.

    Returns:
        account_id, entity_id, week, creative_fatigue_score: 100 x sqrt(fall x exposure), both 0 to 1. The fall is
        log(peak / now) less its standard error, in units of a halving; the peak is the best link click rate of three
        calendar weeks together among t-11 to t-1, each with delivery. Exposure is (frequency - 1) / 2. Null without
        such a peak or frequency.
    """
    ordered = weeks.sort(*ENTITY, "week")
    pooled = (
        ordered.rolling("week", period=f"{PEAK_WEEKS}w", closed="right", group_by=ENTITY)
        .agg(pl.len().alias("weeks"), pl.col("inline_link_clicks").sum().alias("clicks"), pl.col("impressions").sum())
        .with_columns(
            pl.when(
                (pl.col("weeks") == PEAK_WEEKS) & (pl.col("clicks") >= LEAST_PEAK_CLICKS) & (pl.col("impressions") > 0)
            )
            .then(pl.struct((pl.col("clicks") / pl.col("impressions")).alias("rate"), pl.col("clicks").alias("clicks")))
            .alias("pooled")
        )
    )
    # The pooled weeks must all lie in the history: those that end in t-9 to t-1.
    span = HISTORY_WEEKS - PEAK_WEEKS + 1
    peak = (
        pooled.select(*ENTITY, "week", "pooled")
        .rolling("week", period=f"{span}w", closed="left", group_by=ENTITY)
        .agg(pl.col("pooled").drop_nulls().sort().last().alias("peak"))
    )
    clicks = pl.col("inline_link_clicks") + 0.5
    rate, seen = pl.col("peak").struct.field("rate"), pl.col("peak").struct.field("clicks")
    fall = (rate / (clicks / pl.col("impressions"))).log() - (1 / clicks + 1 / seen).sqrt()
    exposure = ((pl.col("frequency") - 1) / (WORN_FREQUENCY - 1)).clip(0, 1)
    known = pl.col("peak").is_not_null() & (pl.col("impressions") > 0)
    score = 100 * ((fall / WORN_FALL).clip(0, 1) * exposure).sqrt()
    return ordered.join(peak, on=[*ENTITY, "week"], how="left", maintain_order="left").select(
        *ENTITY, "week", pl.when(known).then(score).alias("creative_fatigue_score")
    )
