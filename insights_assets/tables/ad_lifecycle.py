"""Life of an ad: its status against its own good cost, the way back, and how long ads last."""

import polars as pl

from insights_assets.tables.columns import account_id, count, family, identifier, money, one_of, week
from insights_assets.tables.model import Table, TableModel, column

STATUSES = ("healthy", "degraded", "burned_out", "recovering")


class AdLifecycle(TableModel):
    """One ad in one complete week: its status by cost against its own good cost, and what ads like it came to.

    Costs are as known at the week's close; survival and recovery are pooled over all accounts and use no later week.
    """

    account_id: pl.String = account_id()
    week: pl.Date = week()
    ad_id: pl.String = identifier("Ad")
    result_family: pl.String = family()
    status: pl.String = one_of(
        "burned_out: cost_ratio of 1.5 or more; degraded: 1.2 or more; recovering: below 1.5 within 4 weeks of having "
        "burnt out; healthy: else, and while there is no good cost yet",
        STATUSES,
    )
    weeks_in_status: pl.Int64 = column("Weeks with delivery in a row in this status", unit="weeks", ge=1)
    good_cpr: pl.Float64 = money(
        "Lower quartile of weekly costs from 25 to 2 weeks before, of at least 4; null below", nullable=True
    )
    cost_ratio: pl.Float64 = column(
        "Cost of this week and the one before, a ratio of sums, over good_cpr", unit="fraction", ge=0, nullable=True
    )
    age_weeks: pl.Int64 = column("Weeks since the ad's first delivery known here", unit="weeks", ge=0)
    recovery_probability: pl.Float64 = column(
        "Of a burnt-out or degraded ad: share of like ad weeks with a good cost again in 4 weeks, shrunk by 20 at 1/2",
        unit="fraction",
        ge=0,
        le=1,
        nullable=True,
    )
    survival: pl.Float64 = column(
        "Share of ads that reach this age without burning out (Kaplan-Meier)", unit="fraction", ge=0, le=1
    )
    median_weeks_left: pl.Float64 = column(
        "Weeks in which half of the ads that got this old burn out; null when fewer than half did, or it has burnt",
        unit="weeks",
        ge=0,
        nullable=True,
    )
    burnt_lives: pl.Int64 = count("Ads behind it that burnt out")
    censored_lives: pl.Int64 = count("Ads behind it that stopped or run on without having burnt out")


AD_LIFECYCLE = Table("ad_lifecycle", "predictions", AdLifecycle, ("account_id", "week", "ad_id"))
