"""A lake as the read API meets it: every table that it reads, for a fleet, written directly.

Figures of ads are drawn (`fleet.py`); what needs no figures of its own (names, statuses, tiers) has one value.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
from fleet import FIRST_WEEK, adset_rows, daily_rows, result_rows, weekly_rows
from sensors import filled

from insights_assets.lake.store import Lake
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.anomalies import ANOMALIES_AD
from insights_assets.tables.burnout_predictions import BURNOUT_PREDICTIONS
from insights_assets.tables.classifications import CLASSIFICATIONS
from insights_assets.tables.creative_performance import CREATIVE_PERFORMANCE
from insights_assets.tables.entities import ADS, ADSETS, CAMPAIGNS, CREATIVES
from insights_assets.tables.features import FEATURES_AD, FEATURES_ADSET, FEATURES_CAMPAIGN
from insights_assets.tables.insights import (
    INSIGHTS_DAILY,
    INSIGHTS_WEEKLY_AD,
    INSIGHTS_WEEKLY_ADSET,
    INSIGHTS_WEEKLY_CAMPAIGN,
)
from insights_assets.tables.model import Table
from insights_assets.tables.operations import SYNC_LOG
from insights_assets.tables.recommendations import RECOMMENDATIONS
from insights_assets.tables.results import RESULTS_DAILY, RESULTS_WEEKLY

AT_ONCE = 50  # accounts held in memory at the same time
INSIGHTS = {"campaign": INSIGHTS_WEEKLY_CAMPAIGN, "adset": INSIGHTS_WEEKLY_ADSET, "ad": INSIGHTS_WEEKLY_AD}
FEATURES = {"campaign": FEATURES_CAMPAIGN, "adset": FEATURES_ADSET, "ad": FEATURES_AD}
ADVICE_EVERY, FINDING_EVERY = 10, 40  # rows of features for one of them


def write_fleet(folder: Path, accounts: int, weeks: int, ads: int) -> Lake:
    """Write the lake, a commit a table and batch of accounts."""
    lake = Lake(str(folder))
    now = datetime.combine(FIRST_WEEK + timedelta(weeks=weeks), datetime.min.time(), UTC)
    names = pl.DataFrame({"account_id": [f"act_{n + 1}" for n in range(accounts)]})
    lake.overwrite(
        ACCOUNTS,
        filled(
            ACCOUNTS,
            names.with_columns(name=pl.concat_str(pl.lit("Account "), "account_id")),
            currency="EUR",
            status="ACTIVE",
            source="added",
            timezone_name="UTC",
            token_env=None,
            token_path=None,
            observed_at=now,
        ),
    )
    for first in range(0, accounts, AT_ONCE):
        daily = _moved(daily_rows(min(AT_ONCE, accounts - first), weeks, ads, seed=first), first)
        for table, rows in _tables(daily, now).items():
            lake.append(table, rows.sort(table.key))
    return lake


def _moved(daily: pl.DataFrame, first: int) -> pl.DataFrame:
    """Number accounts from `first` on; ids of entities stay apart from those of other batches."""
    number = pl.col("account_id").str.strip_prefix("act_").cast(pl.Int64) + first
    ids = [pl.concat_str(pl.lit(f"{first}x"), c).alias(c) for c in ("campaign_id", "adset_id", "ad_id")]
    return daily.with_columns(pl.concat_str(pl.lit("act_"), number).alias("account_id"), *ids)


def _tables(daily: pl.DataFrame, now: datetime) -> dict[Table, pl.DataFrame]:
    seen = {"currency": "EUR", "is_settled": True, "observed_at": now, "first_observed_at": now, "dropped_fields": None}
    status = {"status": "ACTIVE", "effective_status": "ACTIVE", "observed_at": now, "created_time": now}
    named = {c: pl.concat_str(pl.lit(f"{c[:-3]} "), c) for c in ("campaign_id", "adset_id", "ad_id")}
    parents = ["account_id", "week", "campaign_id", "adset_id", "ad_id"]
    out: dict[Table, pl.DataFrame] = {
        INSIGHTS_DAILY: filled(INSIGHTS_DAILY, daily.drop("results"), reach=None, frequency=None, **seen),
        RESULTS_DAILY: result_rows(daily, weekly=False),
        RESULTS_WEEKLY: result_rows(daily, weekly=True),
        CAMPAIGNS: filled(
            CAMPAIGNS, daily.select(parents[:3]).unique().with_columns(name=named["campaign_id"]), **status
        ),
        ADSETS: filled(ADSETS, adset_rows(daily).with_columns(name=named["adset_id"]), **status),
        ADS: filled(ADS, daily.select(parents).unique().with_columns(name=named["ad_id"]), daily_budget=None, **status),
    }
    shown = daily.with_columns(creative_id=pl.concat_str(pl.lit("k"), "ad_id"))
    counts = {
        "video_impressions": pl.col("impressions"),
        "video_3s_plays": pl.col("clicks"),
        "orders": pl.col("results"),
    }
    kinds = {"creative_type": "video", "status": "ACTIVE", "result_family": "purchase", "currency": "EUR"}
    out[CREATIVE_PERFORMANCE] = filled(
        CREATIVE_PERFORMANCE, shown.with_columns(**counts, revenue=pl.col("results") * 40), **kinds
    ).with_columns(ad_ids=pl.concat_list(shown["ad_id"]))
    out[CREATIVES] = filled(
        CREATIVES,
        shown.select("account_id", "week", "ad_id", "creative_id").unique().with_columns(name=named["ad_id"]),
        creative_type="video",
        observed_at=now,
    )
    results = out[RESULTS_WEEKLY].select("account_id", "week", "level", "entity_id", "results", "cpr")
    for level, weekly in weekly_rows(daily).items():
        entity = weekly.with_columns(
            pl.when(pl.lit(value=True)).then("entity_id").alias(f"{level}_id"),
            (pl.col("clicks") / pl.col("impressions") * 100).alias("ctr"),
        )
        entity = entity.join(results, on=["account_id", "week", "level", "entity_id"])
        out[INSIGHTS[level]] = filled(INSIGHTS[level], entity, **seen, is_complete=True)
        out[FEATURES[level]] = filled(
            FEATURES[level], entity, **seen, is_complete=True, result_family="purchase", min_results_met=True
        )
        keys = entity.select("account_id", "week", "level", "entity_id", "spend", "results")
        out[CLASSIFICATIONS[level]] = filled(
            CLASSIFICATIONS[level], keys, tier="LOW", previous_tier="LOW", direction="same", source="rules"
        )
        out[RECOMMENDATIONS[level]] = filled(
            RECOMMENDATIONS[level], keys.gather_every(ADVICE_EVERY), recommendation_type="PAUSE", expires_at=now
        )
    ad = out[FEATURES_AD].select("account_id", "week", "level", "entity_id")
    out[ANOMALIES_AD] = filled(
        ANOMALIES_AD, ad.gather_every(FINDING_EVERY), status="new", severity="high", granularity="week", date=None
    )
    out[BURNOUT_PREDICTIONS] = filled(
        BURNOUT_PREDICTIONS, ad.rename({"entity_id": "ad_id"}), risk_level="low", risk_score=0.1
    )
    steps = pl.DataFrame({"step": ["insights_daily", "features_ad"]})
    weeks = daily.select("account_id", "week").unique().join(steps, how="cross")
    log = {"status": "ok", "finished_at": now, "error_type": None, "message": None, "retry_after": None}
    out[SYNC_LOG] = filled(SYNC_LOG, weeks, **log)
    return out
