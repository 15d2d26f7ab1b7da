"""Life of an ad: its status against its own good cost, the way back, and how long ads last."""

import polars as pl

from insights_assets.tables import life
from insights_assets.tables.columns import account_id, family, identifier, week
from insights_assets.tables.model import Table, TableModel, column


class AdLifecycle(TableModel):
    """One ad in one complete week: its status by cost against its own good cost, and what ads like it came to.

    Costs are as known at the week's close; survival and recovery are pooled over all accounts and use no later week.
    """

    account_id: pl.String = account_id()
    week: pl.Date = week()
    ad_id: pl.String = identifier("Ad")
    result_family: pl.String = family()
    status: pl.String = life.status()
    weeks_in_status: pl.Int64 = life.weeks_in_status()
    good_cpr: pl.Float64 = life.good_cpr()
    cost_ratio: pl.Float64 = life.cost_ratio()
    age_weeks: pl.Int64 = column("Weeks since the ad's first delivery known here", unit="weeks", ge=0)
    recovery_probability: pl.Float64 = column(
        "Of a burnt-out or degraded ad: share of like ad weeks with a good cost again in 4 weeks, shrunk by 20 at 1/2",
        unit="fraction",
        ge=0,
        le=1,
        nullable=True,
    )
    survival: pl.Float64 = life.survival("ads")
    median_weeks_left: pl.Float64 = life.median_weeks_left("ads")
    burnt_lives: pl.Int64 = life.burnt_lives("Ads")
    censored_lives: pl.Int64 = life.censored_lives("Ads")


AD_LIFECYCLE = Table("ad_lifecycle", "predictions", AdLifecycle, ("account_id", "week", "ad_id"))
