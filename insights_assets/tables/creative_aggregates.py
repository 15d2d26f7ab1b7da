"""Creative aggregates: a week's totals of an account by type and status, with plain averages for reference."""

from typing import Any

import polars as pl

from insights_assets.tables.columns import count, money, percent
from insights_assets.tables.creative_figures import CreativeFigures
from insights_assets.tables.model import Table, column

AVERAGED = ("ctr", "cpc", "roas", "cost_per_order", "hook_rate", "engagement_rate", "video_p25_rate", "video_p50_rate",
            "video_p100_rate")  # fmt: skip
"""Ratios of which a plain average over creatives is given beside the ratio of sums."""


def average(name: str) -> str:
    """How an average is described."""
    return f"Plain average of {name} over the creatives that have one: for reference, the small weigh as the large"


def averaged_rate(name: str) -> Any:
    """An average in percent."""
    return percent(average(name), ge=0, nullable=True)


class CreativeAggregates(CreativeFigures):
    """The creatives of one type and status in one week of an account: totals, ratios of sums, plain averages."""

    creatives: pl.Int64 = count("Creatives that were served")
    ads: pl.Int64 = count("Ads that served them")
    avg_ctr: pl.Float64 = averaged_rate("ctr")
    avg_cpc: pl.Float64 = money(average("cpc"), nullable=True)
    avg_roas: pl.Float64 = column(average("roas"), unit="ratio", ge=0, nullable=True)
    avg_cost_per_order: pl.Float64 = money(average("cost_per_order"), nullable=True)
    avg_hook_rate: pl.Float64 = averaged_rate("hook_rate")
    avg_engagement_rate: pl.Float64 = averaged_rate("engagement_rate")
    avg_video_p25_rate: pl.Float64 = averaged_rate("video_p25_rate")
    avg_video_p50_rate: pl.Float64 = averaged_rate("video_p50_rate")
    avg_video_p100_rate: pl.Float64 = averaged_rate("video_p100_rate")


CREATIVE_AGGREGATES = Table(
    "creative_aggregates", "core", CreativeAggregates, ("account_id", "week", "creative_type", "status")
)
