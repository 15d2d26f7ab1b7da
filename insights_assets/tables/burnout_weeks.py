"""Ad weeks as burnout learns from them: final results beside what was seen when the week closed."""

import polars as pl

from insights_assets.tables.columns import account_id, count, family, identifier, money, week
from insights_assets.tables.model import Table, TableModel, column


class BurnoutWeeks(TableModel):
    """One ad in one complete week with delivery: its results now, and as they were first reported."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    ad_id: pl.String = identifier("Ad")
    result_family: pl.String = family()
    creative_id: pl.String = column("Creative that the ad showed", nullable=True)
    spend: pl.Float64 = money("Spend")
    impressions: pl.Int64 = count("Impressions")
    reach: pl.Int64 = count("People reached in the week", nullable=True)
    link_clicks: pl.Int64 = count("Clicks on the link")
    results: pl.Float64 = column("Results of the primary family, as known now", unit="count", ge=0)
    results_seen: pl.Float64 = column(
        "The same as stored a day after the week's close; null when the week was first read later",
        unit="count",
        ge=0,
        nullable=True,
    )


BURNOUT_WEEKS = Table("burnout_weeks", "features", BurnoutWeeks, ("account_id", "week", "ad_id"))
