"""What a creative's day and a group of creatives share: figures that add up, and ratios of their sums.

Rates are percent. A video's rates have the denominators that their numerators are counted out of: hook rate all
impressions of what holds a video (a picture has no hook; counting it as 0 would only measure the share of pictures),
watch rates the plays. Reach and frequency do not add over ads or days, so they are not here.
"""

from typing import Any

import polars as pl

from insights_assets.tables.columns import FAMILIES, account_id, count, money, one_of, percent, week
from insights_assets.tables.entities import CREATIVE_TYPES
from insights_assets.tables.model import TableModel, column

CREATIVE_STATUSES = ("ACTIVE", "PAUSED", "UNKNOWN")
INCOMPLETE = "; null when a part of it could not be reported"


def rate(description: str) -> Any:
    """A share in percent, null without its denominator."""
    return percent(f"{description}; null without", ge=0, nullable=True)


class CreativeFigures(TableModel):
    """Totals and ratios of sums."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    creative_type: pl.String = one_of("Kind of creative (view creatives)", CREATIVE_TYPES)
    status: pl.String = one_of(
        "ACTIVE: an ad that showed it that week was in effect active; PAUSED: none was; UNKNOWN: not in the week's ads",
        CREATIVE_STATUSES,
    )
    currency: pl.String = column("ISO 4217 code of the amounts", str_matches=r"^[A-Z]{3}$")
    spend: pl.Float64 = money("Spend")
    impressions: pl.Int64 = count("Impressions")
    clicks: pl.Int64 = count("All clicks")
    inline_link_clicks: pl.Int64 = count("Link clicks")
    post_engagements: pl.Int64 = count(
        "Actions of type post_engagement: reactions, comments, shares, saves, clicks, plays"
    )
    results: pl.Float64 = column("Results, each ad's in its primary family", unit="count", ge=0)
    result_family: pl.String = one_of("That family; null when the ads behind it have several", FAMILIES, nullable=True)
    orders: pl.Float64 = column("Purchases, canonical action type only", unit="count", ge=0)
    revenue: pl.Float64 = money("Value of the purchases, 0 without any; null when Meta reports no value", nullable=True)
    video_impressions: pl.Int64 = count("Impressions of what holds a video: type video, or played that day")
    video_3s_plays: pl.Int64 = count("Plays of 3 seconds or more (action video_view)")
    video_plays: pl.Int64 = count(f"Plays that began, by Meta's count{INCOMPLETE}", nullable=True)
    video_thruplays: pl.Int64 = count(f"Plays to the end, or for 15 seconds{INCOMPLETE}", nullable=True)
    video_p25: pl.Int64 = count(f"Plays that reached 25 %{INCOMPLETE}", nullable=True)
    video_p50: pl.Int64 = count(f"Plays that reached 50 %{INCOMPLETE}", nullable=True)
    video_p75: pl.Int64 = count(f"Plays that reached 75 %{INCOMPLETE}", nullable=True)
    video_p95: pl.Int64 = count(f"Plays that reached 95 %{INCOMPLETE}", nullable=True)
    video_p100: pl.Int64 = count(f"Plays that reached 100 %{INCOMPLETE}", nullable=True)
    ctr: pl.Float64 = rate("clicks / impressions")
    link_ctr: pl.Float64 = rate("inline_link_clicks / impressions")
    cpm: pl.Float64 = money("spend / impressions x 1000", nullable=True)
    cpc: pl.Float64 = money("spend / clicks; null without", nullable=True)
    cpr: pl.Float64 = money("spend / results; null without results, or with several families", nullable=True)
    cost_per_order: pl.Float64 = money("spend / orders; null without", nullable=True)
    roas: pl.Float64 = column("revenue / spend; null without spend", unit="ratio", ge=0, nullable=True)
    engagement_rate: pl.Float64 = rate("post_engagements / impressions")
    hook_rate: pl.Float64 = rate("video_3s_plays / video_impressions")
    hold_rate: pl.Float64 = rate("video_thruplays / video_3s_plays")
    video_p25_rate: pl.Float64 = rate("video_p25 / video_plays")
    video_p50_rate: pl.Float64 = rate("video_p50 / video_plays")
    video_p75_rate: pl.Float64 = rate("video_p75 / video_plays")
    video_p95_rate: pl.Float64 = rate("video_p95 / video_plays")
    video_p100_rate: pl.Float64 = rate("video_p100 / video_plays")
