"""Offline conversions: what happened outside Meta (a shop's till, a call centre), from files that users drop."""

import polars as pl

from insights_assets.tables.columns import LARGEST, account_id, identifier, one_of, week
from insights_assets.tables.model import Table, TableModel, column

OFFLINE_LEVELS = ("account", "campaign", "ad")


class OfflineConversions(TableModel):
    """Offline conversions of one kind on one day, by the lowest entity they could be attributed to."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    date: pl.Date = column("Day of the conversion in the account's time zone")
    level: pl.String = one_of("What the conversions are attributed to", OFFLINE_LEVELS)
    entity_id: pl.String = identifier("Account, campaign or ad, by level")
    campaign_id: pl.String = column("Campaign, where the file names one", nullable=True)
    event: pl.String = column("Kind of conversion, such as purchase", str_length={"min_value": 1})
    conversions: pl.Float64 = column("Conversions", unit="count", ge=0)
    revenue: pl.Float64 = column("Revenue", unit="`currency`, major units", nullable=True, ge=0, le=LARGEST)
    currency: pl.String = column(
        "ISO 4217 code of the revenue; the account's where null", nullable=True, str_matches=r"^[A-Z]{3}$"
    )
    file: pl.String = column("Name of the file that the row is from")


OFFLINE_CONVERSIONS = Table(
    "offline_conversions", "raw", OfflineConversions, ("account_id", "week", "date", "level", "entity_id", "event")
)
