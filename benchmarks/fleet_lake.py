"""A fleet's raw tables in a lake, drawn and written without the API: what a backfill of derived assets starts from."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import polars as pl

from benchmarks.fleet import FIRST_WEEK, LEVELS, adset_rows, daily_rows, weekly_rows
from insights_assets.lake.store import Lake
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.entities import ADS, ADSETS, CAMPAIGNS
from insights_assets.tables.insights import (
    INSIGHTS_DAILY,
    INSIGHTS_WEEKLY_AD,
    INSIGHTS_WEEKLY_ADSET,
    INSIGHTS_WEEKLY_CAMPAIGN,
)
from insights_assets.tables.model import Table
from insights_assets.tables.operations import SYNC_LOG
from insights_assets.tables.registry import TABLES

WEEKLY = {"campaign": INSIGHTS_WEEKLY_CAMPAIGN, "adset": INSIGHTS_WEEKLY_ADSET, "ad": INSIGHTS_WEEKLY_AD}
WRITTEN = (INSIGHTS_DAILY, *WEEKLY.values(), ADSETS, ADS, CAMPAIGNS)
GOAL, EVENT = "OFFSITE_CONVERSIONS", "PURCHASE"
PURCHASE = "offsite_conversion.fb_pixel_purchase"
WINDOWS = ("w1d_click", "w7d_click", "w28d_click", "w1d_view")
VALUE = 40.0
AT_ONCE = 20
"""Accounts drawn at once, which bounds memory."""
SYNCED_AT = time(5, tzinfo=UTC)
AFTER_DAYS = 60
"""Days after the last Monday at which a benchmark stands: everything is settled."""


def write_raw(lake: Lake, accounts: int, weeks: int, ads: int) -> tuple[list[str], list[date]]:
    """Draw a fleet, store its raw tables and the log of their syncs; account ids and Mondays."""
    names = [f"act_{n + 1:04}" for n in range(accounts)]
    mondays = [FIRST_WEEK + timedelta(weeks=n) for n in range(weeks)]
    lake.ensure(TABLES.values())
    rows = pl.DataFrame({"account_id": names}).with_columns(
        pl.lit("EUR").alias("currency"),
        pl.lit("Europe/Berlin").alias("timezone_name"),
        pl.lit("ACTIVE").alias("status"),
        pl.lit("sandbox").alias("source"),
        pl.col("account_id").alias("name"),
        pl.lit(later(mondays)).alias("observed_at"),
    )
    lake.overwrite(ACCOUNTS, filled(ACCOUNTS, rows))
    for start in range(0, accounts, AT_ONCE):
        some = names[start : start + AT_ONCE]
        drawn = daily_rows(len(some), weeks, ads, seed=start + 1)
        numbered = pl.col("account_id").str.strip_prefix("act_").cast(pl.Int64) + start
        named = drawn.with_columns(
            pl.format("act_{}", numbered.cast(pl.String).str.zfill(4)).alias("account_id"),
            *[pl.format(f"{start}x{{}}", f"{level}_id").alias(f"{level}_id") for level in LEVELS],
        )
        _write(lake, named, some, mondays, later(mondays))
    return names, mondays


def later(mondays: Sequence[date]) -> datetime:
    """An instant at which all these weeks are settled."""
    return datetime.combine(mondays[-1] + timedelta(days=AFTER_DAYS), SYNCED_AT)


def filled(table: Table, rows: pl.DataFrame) -> pl.DataFrame:
    """The table's columns; those that are missing are null."""
    return rows.select(
        (pl.col(c) if c in rows.columns else pl.lit(None)).cast(t).alias(c) for c, t in table.schema.items()
    )


def _write(lake: Lake, drawn: pl.DataFrame, names: Sequence[str], mondays: Sequence[date], seen: datetime) -> None:
    cells = [(name, week) for name in names for week in mondays]
    observed = pl.lit(seen).alias("observed_at")
    alive = [*[pl.lit("ACTIVE").alias(name) for name in ("status", "effective_status")], observed]
    goal = [pl.lit(GOAL).alias("optimization_goal"), pl.lit(EVENT).alias("custom_event_type")]
    daily = drawn.with_columns(
        pl.lit("EUR").alias("currency"),
        *goal,
        (pl.col("impressions") // 2).alias("reach"),
        pl.lit(2.0).alias("frequency"),
        _actions(pl.col("results")).alias("actions"),
        _actions(pl.col("results") * VALUE).alias("action_values"),
        pl.lit(value=True).alias("is_settled"),
        observed,
        observed.alias("first_observed_at"),
    )
    ad = drawn.select("account_id", "week", "ad_id", "adset_id", "campaign_id").unique()
    campaign = drawn.select("account_id", "week", "campaign_id").unique()
    stored = {
        INSIGHTS_DAILY: daily,
        **{WEEKLY[level]: rows.with_columns(observed) for level, rows in weekly_rows(drawn).items()},
        ADSETS: adset_rows(drawn).with_columns(*alive, *goal, pl.col("adset_id").alias("name")),
        ADS: ad.with_columns(*alive, *goal, pl.col("ad_id").alias("name"), pl.col("ad_id").alias("creative_id")),
        CAMPAIGNS: campaign.with_columns(*alive, pl.col("campaign_id").alias("name")),
    }
    for table, rows in stored.items():
        lake.replace(table, filled(table, rows), cells)
    lake.append(SYNC_LOG, _synced(cells))


def _actions(value: pl.Expr) -> pl.Expr:
    told = [pl.lit(PURCHASE).alias("action_type"), value.alias("value")]
    return pl.concat_list(pl.struct(*told, *[value.alias(w) for w in WINDOWS]))


def _synced(cells: Sequence[tuple[str, date]]) -> pl.DataFrame:
    """Each week was read by every raw step on the Monday after it."""
    rows = [
        {"account_id": name, "week": week, "step": table.name, "status": "ok", "attempts": 1, "requests": 1, "rows": 1}
        | {"duration_s": 1.0, "run_id": "drawn", "finished_at": datetime.combine(week + timedelta(days=7), SYNCED_AT)}
        for table in WRITTEN
        for name, week in cells
    ]
    return filled(SYNC_LOG, pl.DataFrame(rows))
