"""A fleet's tables, drawn: what the benchmarks of the derived stages read.

Daily rows of ads with a level of their own each, some fatigue and pauses; everything above them is added up by the
package's own functions, so that the levels agree.
"""

from datetime import date, timedelta

import numpy as np
import polars as pl

from insights_assets.tables.results import RESULTS_DAILY, RESULTS_WEEKLY

FIRST_WEEK = date(2025, 1, 6)
ADS_PER_ADSET, ADSETS_PER_CAMPAIGN = 3, 2
DELIVERING = 0.97
LEVELS = ("campaign", "adset", "ad")
TARGETING = '{"age_max": 65, "age_min": 18, "geo_locations": {"countries": ["US"]}}'
ADDITIVE = ("spend", "impressions", "clicks", "inline_link_clicks")


def daily_rows(accounts: int, weeks: int, ads: int, seed: int = 1) -> pl.DataFrame:
    """Ad-days: account_id, week, date, campaign_id, adset_id, ad_id, additive figures, reach, results."""
    rng = np.random.default_rng(seed)
    days, cells = weeks * 7, accounts * ads
    level = np.exp(rng.normal(0, 0.4, (4, cells, 1)))
    noise = rng.normal(0, 0.1, (4, cells, days)).astype(np.float32)
    impressions = rng.poisson(4000 * level[0] * np.exp(noise[0]))
    clicks = rng.poisson(impressions * 0.012 * level[1] * np.exp(noise[1]))
    spend = np.round(impressions * 0.009 * level[2] * np.exp(noise[2]), 2)
    results = rng.poisson(clicks * 0.08 * level[3] * np.exp(noise[3]))
    ad = np.arange(cells)
    names = {
        "account_id": pl.Series([f"act_{a // ads + 1}" for a in ad]),
        "campaign_id": pl.Series([f"{a // ads}c{a % ads // (ADS_PER_ADSET * ADSETS_PER_CAMPAIGN)}" for a in ad]),
        "adset_id": pl.Series([f"{a // ads}s{a % ads // ADS_PER_ADSET}" for a in ad]),
        "ad_id": pl.Series([f"{a // ads}a{a % ads}" for a in ad]),
    }
    at = np.repeat(ad, days)
    day = np.tile(np.arange(days), cells)
    frame = pl.DataFrame(
        {
            **{k: v.gather(at) for k, v in names.items()},
            "date": pl.Series([FIRST_WEEK + timedelta(days=d) for d in range(days)]).gather(day),
            "spend": spend.ravel(),
            "impressions": impressions.ravel(),
            "clicks": clicks.ravel(),
            "inline_link_clicks": (clicks.ravel() * 3) // 4,
            "results": results.ravel().astype(np.float64),
        }
    )
    kept = frame.filter(pl.Series(rng.random(at.size) < DELIVERING))  # days without delivery have no row
    return kept.with_columns(pl.col("date").dt.truncate("1w").alias("week"))


def weekly_rows(daily: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Weekly insights of each level, as the API would serve them."""
    out = {}
    for level in LEVELS:
        above = {"ad": "adset_id", "adset": "campaign_id", "campaign": None}[level]
        rows = daily.group_by("account_id", "week", f"{level}_id").agg(
            pl.col("campaign_id").first().alias("__campaign__"),
            (pl.col(above).first() if above else pl.lit(None, dtype=pl.String).first()).alias("parent_id"),
            *[pl.col(c).sum() for c in ADDITIVE],
        )
        rows = rows.select(
            "account_id",
            "week",
            pl.lit(level).alias("level"),
            pl.col(f"{level}_id").alias("entity_id"),
            "parent_id",
            pl.col("__campaign__").alias("campaign_id"),
            pl.lit("EUR").alias("currency"),
            *ADDITIVE,
            (pl.col("impressions") // 2).alias("reach"),
            pl.lit(2.0).alias("frequency"),
            *[pl.lit(0.0).alias(f"{s}_score") for s in ("quality", "engagement", "conversion")],
            pl.lit(value=True).alias("is_complete"),
            pl.lit(value=True).alias("is_settled"),
        )
        out[level] = rows
    return out


def result_rows(daily: pl.DataFrame, *, weekly: bool) -> pl.DataFrame:
    """Rows of `results_weekly` or `results_daily` of all levels, one family."""
    keys = ["account_id", "week"] if weekly else ["account_id", "week", "date"]
    table = RESULTS_WEEKLY if weekly else RESULTS_DAILY
    parts = []
    for level in LEVELS:
        rows = daily.group_by(*keys, pl.col(f"{level}_id").alias("entity_id")).agg(
            pl.col("results").sum(), pl.col("spend").sum()
        )
        parts.append(
            rows.with_columns(
                pl.lit(level).alias("level"),
                pl.lit(None, dtype=pl.String).alias("parent_id"),
                pl.lit("purchase").alias("result_family"),
                (pl.col("results") * 40).alias("result_value"),
                pl.when(pl.col("results") > 0).then(pl.col("spend") / pl.col("results")).alias("cpr"),
                pl.lit(value=True).alias("is_primary"),
                pl.lit(value=True).alias("is_settled"),
            ).select(list(table.schema))
        )
    return pl.concat(parts)


def adset_rows(daily: pl.DataFrame) -> pl.DataFrame:
    """Ad sets with one targeting spec and one budget for all."""
    rows = daily.select("account_id", "week", "adset_id", "campaign_id").unique()
    return rows.with_columns(
        pl.lit(TARGETING).alias("targeting"),
        pl.lit(50.0).alias("daily_budget"),
        pl.lit("ACTIVE").alias("effective_status"),
    )
