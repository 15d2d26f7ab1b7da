"""Creative analysis: what somebody's own analyses say of creatives (sentiment, objects, words, ...), side by side."""

import polars as pl

from insights_assets.tables.columns import Instant, account_id, identifier, observed_at, week
from insights_assets.tables.model import Table, TableModel, column


class CreativeAnalysis(TableModel):
    """One statement of one analysis about one creative in one week; each analysis replaces only its own rows."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    creative_id: pl.String = identifier("Creative")
    analysis: pl.String = column(
        "Name of the analysis; `text` is the one that comes with it", str_matches=r"^[a-z0-9_]+$"
    )
    label: pl.String = column("What it is about, such as sentiment or object:dog", str_length={"min_value": 1})
    score: pl.Float64 = column("How much of it, in the analysis's own unit", nullable=True)
    text: pl.String = column("In words, where there are any: foreign text", nullable=True)
    version: pl.String = column("What made it: a model and its version", str_length={"min_value": 1})
    observed_at: Instant = observed_at("When it was made")


CREATIVE_ANALYSIS = Table(
    "creative_analysis", "features", CreativeAnalysis, ("account_id", "week", "creative_id", "analysis", "label")
)
