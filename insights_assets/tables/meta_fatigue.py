"""Meta's own word on tired creatives, kept as it is served."""

import polars as pl

from insights_assets.tables.columns import Instant, account_id, identifier, observed_at, one_of, week
from insights_assets.tables.model import Table, TableModel, column

FATIGUE_LEVELS = ("LOW", "MEDIUM", "HIGH")


class MetaFatigue(TableModel):
    """One ad in one week of which Meta said something about creative fatigue; no row where it said nothing.

    The fields are new in Graph v26.0 and their inner shape is not public, so both are kept as the JSON that came.
    """

    account_id: pl.String = account_id()
    week: pl.Date = week()
    ad_id: pl.String = identifier("Ad")
    fatigue_level: pl.String = one_of(
        "The strongest of Meta's words in summary, else in fatigued_ads; null where none of them is found",
        FATIGUE_LEVELS,
        nullable=True,
    )
    summary: pl.String = column("creative_fatigue_summary as served, JSON text", nullable=True)
    fatigued_ads: pl.String = column("creative_fatigued_ads as served, JSON text", nullable=True)
    observed_at: Instant = observed_at()


META_FATIGUE = Table("meta_fatigue", "raw", MetaFatigue, ("account_id", "week", "ad_id"))
