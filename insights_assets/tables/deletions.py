"""Deletions: which weeks of an account were deleted, by whom and when. They hold no figure of what was deleted."""

from typing import Annotated

import polars as pl

from insights_assets.tables.columns import Instant, account_id, count, observed_at
from insights_assets.tables.model import Table, TableModel, column

Words = Annotated[pl.List, pl.String()]


class Deletions(TableModel):
    """One deletion: the weeks of one account that are gone, and that nothing writes again until it is lifted."""

    deletion_id: pl.String = column("Identity", str_matches=r"^[0-9a-f]{16}$")
    account_id: pl.String = account_id()
    first_week: pl.Date = column("Monday of the first week deleted")
    last_week: pl.Date = column("Monday of the last week deleted")
    asked_since: pl.Date = column("First day asked for; its whole week was deleted")
    asked_until: pl.Date = column("Last day asked for; its whole week was deleted")
    deleted_by: pl.String = column("Who asked for it", str_length={"min_value": 1})
    requested_at: Instant = observed_at("When it was asked for: nothing writes the weeks from then on")
    finished_at: Instant = observed_at("When it was done; null: cut short, to be run again", nullable=True)
    tables: Words = column("Tables that had rows of the weeks, or later rows made from them")
    rows: pl.Int64 = count("Rows deleted, copies and later rows made from them included")
    lifted_by: pl.String = column("Who allowed the weeks to be read again", nullable=True)
    lifted_at: Instant = observed_at("When; null: in force", nullable=True)


DELETIONS = Table("deletions", "ops", Deletions, ("deletion_id",), partitioned=False)
