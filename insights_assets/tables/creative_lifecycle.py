"""Life of a creative: its cost against its own good cost, over all its ads, and how long creatives last."""

import polars as pl

from insights_assets.tables import life
from insights_assets.tables.columns import account_id, family, identifier, week
from insights_assets.tables.model import Table, TableModel, column


class CreativeLifecycle(TableModel):
    """One creative in one complete week, in one result family: as `ad_lifecycle`, for all ads that show it together.

    A new ad with an old creative goes on with the creative's life. Survival is pooled over the creatives of all
    accounts; those that have not burnt out yet count as censored. No later week is used.
    """

    account_id: pl.String = account_id()
    week: pl.Date = week()
    creative_id: pl.String = identifier("Creative")
    result_family: pl.String = family()
    status: pl.String = life.status()
    weeks_in_status: pl.Int64 = life.weeks_in_status()
    good_cpr: pl.Float64 = life.good_cpr()
    cost_ratio: pl.Float64 = life.cost_ratio()
    age_weeks: pl.Int64 = column("Weeks since its first delivery known here", unit="weeks", ge=0)
    survival: pl.Float64 = life.survival("creatives")
    median_weeks_left: pl.Float64 = life.median_weeks_left("creatives")
    burnt_lives: pl.Int64 = life.burnt_lives("Creatives")
    censored_lives: pl.Int64 = life.censored_lives("Creatives")


CREATIVE_LIFECYCLE = Table(
    "creative_lifecycle", "predictions", CreativeLifecycle, ("account_id", "week", "creative_id", "result_family")
)
