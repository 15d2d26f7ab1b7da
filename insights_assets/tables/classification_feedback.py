"""What users say about tiers: their word stands above rules and model."""

import polars as pl

from insights_assets.tables.classifications import TIERS
from insights_assets.tables.columns import Instant, account_id, identifier, level, observed_at, one_of
from insights_assets.tables.model import Table, TableModel, column


class ClassificationFeedback(TableModel):
    """The tier that a user gave an entity, from a week on; of several that hold in a week the newest counts."""

    account_id: pl.String = account_id()
    week: pl.Date = column("Monday of the first week it holds, in the ad account's time zone")
    level: pl.String = level()
    entity_id: pl.String = identifier("Campaign, ad set or ad, by level")
    tier: pl.String = one_of("The tier", TIERS)
    until: pl.Date = column("Monday of the last week it holds; null: until something newer is said", nullable=True)
    note: pl.String = column("Why, in the user's words", nullable=True)
    created_at: Instant = observed_at("When it was said")
    removed_at: Instant = column("When it was taken back; it counts nowhere then", unit="UTC instant", nullable=True)


CLASSIFICATION_FEEDBACK = Table(
    "classification_feedback", "ops", ClassificationFeedback, ("account_id", "week", "level", "entity_id")
)
