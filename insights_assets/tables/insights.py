"""Insights as Meta serves them: daily at ad level, weekly at each level (reach, frequency and rankings do not add)."""

from typing import Any

import polars as pl

from insights_assets.tables.columns import (
    Actions,
    Instant,
    account_id,
    count,
    identifier,
    level,
    money,
    observed_at,
    percent,
    week,
)
from insights_assets.tables.model import Table, TableModel, column


def ranking_score(description: str) -> Any:
    """A ranking as a number."""
    return column(description, ge=-3, le=2, nullable=True)


def dropped_fields() -> Any:
    """What makes a row a degraded one."""
    return column("Fields that had to be left out to get the row, by comma; null when it is whole", nullable=True)


class InsightsDaily(TableModel):
    """One ad on one day of the account's calendar. Days without delivery have no row."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    date: pl.Date = column("Day in the account's time zone")
    campaign_id: pl.String = identifier("Campaign")
    adset_id: pl.String = identifier("Ad set")
    ad_id: pl.String = identifier("Ad")
    currency: pl.String = column("ISO 4217 code of the amounts", str_matches=r"^[A-Z]{3}$")
    spend: pl.Float64 = money("Spend")
    impressions: pl.Int64 = count("Impressions")
    reach: pl.Int64 = count("People reached that day; never added over days or ads", nullable=True)
    frequency: pl.Float64 = column("Impressions a person reached, that day", ge=0, nullable=True)
    clicks: pl.Int64 = count("All clicks")
    inline_link_clicks: pl.Int64 = count("Link clicks")
    outbound_clicks: pl.Int64 = count("Outbound clicks", nullable=True)
    video_plays: pl.Int64 = count("Video plays", nullable=True)
    video_p25: pl.Int64 = count("Plays that reached 25 %", nullable=True)
    video_p50: pl.Int64 = count("Plays that reached 50 %", nullable=True)
    video_p75: pl.Int64 = count("Plays that reached 75 %", nullable=True)
    video_p95: pl.Int64 = count("Plays that reached 95 %", nullable=True)
    video_p100: pl.Int64 = count("Plays that reached 100 %", nullable=True)
    video_thruplays: pl.Int64 = count("Plays to the end, or for at least 15 seconds", nullable=True)
    optimization_goal: pl.String = column("Goal of the ad set on that day, as reported", nullable=True)
    attribution_setting: pl.String = column("Attribution setting behind `value`", nullable=True)
    actions: Actions = column("Actions by type with each attribution window; a missing window is null")
    action_values: Actions = column("Action values by type with each attribution window, in the account currency")
    is_settled: pl.Boolean = column("The day was more than 28 days old when it was read: Meta restates no more")
    first_observed_at: Instant = observed_at("When it was first read; values between then and now are in restatements")
    dropped_fields: pl.String = dropped_fields()
    observed_at: Instant = observed_at()


class InsightsWeekly(TableModel):
    """One entity in one week (Monday to Sunday, the account's calendar), as served for that window."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    level: pl.String = level()
    entity_id: pl.String = identifier("Campaign, ad set or ad, by level")
    parent_id: pl.String = column("Ad set of an ad, campaign of an ad set; null for a campaign", nullable=True)
    campaign_id: pl.String = identifier("Campaign")
    adset_id: pl.String = column("Ad set, below campaign level", nullable=True)
    ad_id: pl.String = column("Ad, at ad level", nullable=True)
    currency: pl.String = column("ISO 4217 code of the amounts", str_matches=r"^[A-Z]{3}$")
    spend: pl.Float64 = money("Spend")
    impressions: pl.Int64 = count("Impressions")
    reach: pl.Int64 = count("People reached in the week; never added over weeks or children", nullable=True)
    frequency: pl.Float64 = column("Impressions a person reached, in the week", ge=0, nullable=True)
    clicks: pl.Int64 = count("All clicks")
    inline_link_clicks: pl.Int64 = count("Link clicks")
    ctr: pl.Float64 = percent("clicks / impressions", ge=0, nullable=True)
    link_ctr: pl.Float64 = percent("inline_link_clicks / impressions", ge=0, nullable=True)
    cpm: pl.Float64 = money("spend / impressions x 1000", nullable=True)
    cpc: pl.Float64 = money("spend / clicks", nullable=True)
    quality_ranking: pl.String = column("Meta's ranking, as served", nullable=True)
    quality_score: pl.Float64 = ranking_score(
        "ABOVE +2, AVERAGE 0, BELOW_35 -1, BELOW_20 -2, BELOW_10 -3; null when unknown"
    )
    engagement_ranking: pl.String = column("Meta's ranking, as served", nullable=True)
    engagement_score: pl.Float64 = ranking_score("As quality_score")
    conversion_ranking: pl.String = column("Meta's ranking, as served", nullable=True)
    conversion_score: pl.Float64 = ranking_score("As quality_score")
    is_complete: pl.Boolean = column("The week was over when it was read")
    is_settled: pl.Boolean = column("Its last day was more than 28 days old when it was read")
    dropped_fields: pl.String = dropped_fields()
    observed_at: Instant = observed_at()


INSIGHTS_DAILY = Table("insights_daily", "raw", InsightsDaily, ("account_id", "week", "date", "ad_id"))
WEEKLY_KEY = ("account_id", "week", "entity_id")
INSIGHTS_WEEKLY_CAMPAIGN = Table("insights_weekly_campaign", "raw", InsightsWeekly, WEEKLY_KEY)
INSIGHTS_WEEKLY_ADSET = Table("insights_weekly_adset", "raw", InsightsWeekly, WEEKLY_KEY)
INSIGHTS_WEEKLY_AD = Table("insights_weekly_ad", "raw", InsightsWeekly, WEEKLY_KEY)
