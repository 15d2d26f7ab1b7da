"""Creative performance: the daily facts of each creative, over all ads that showed it."""

from typing import Annotated

import polars as pl

from insights_assets.tables.columns import count, identifier
from insights_assets.tables.creative_figures import CreativeFigures
from insights_assets.tables.model import Table, column

Ids = Annotated[pl.List, pl.String()]
NO_CREATIVE = "unknown"


class CreativePerformance(CreativeFigures):
    """One creative on one day on which an ad served it: the sum over its ads. Each ad-day counts for one creative."""

    date: pl.Date = column("Day in the account's time zone")
    creative_id: pl.String = identifier(
        f"Creative that the ad showed as of that day; {NO_CREATIVE} for ads of which none is known"
    )
    ads: pl.Int64 = count("Ads that served it that day")
    ad_ids: Ids = column("Those ads")
    is_settled: pl.Boolean = column("The day was more than 28 days old when it was read")


CREATIVE_PERFORMANCE = Table(
    "creative_performance", "core", CreativePerformance, ("account_id", "week", "date", "creative_id")
)
