"""Life of a creative: its cost against its own good cost, over all its ads, and how long creatives last."""

import polars as pl

from insights_assets.tables.ad_lifecycle import STATUSES
from insights_assets.tables.columns import account_id, count, family, identifier, money, one_of, week
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
    age_weeks: pl.Int64 = column("Weeks since its first delivery known here", unit="weeks", ge=0)
    survival: pl.Float64 = column(
        "Share of creatives that reach this age without burning out (Kaplan-Meier)", unit="fraction", ge=0, le=1
    )
    median_weeks_left: pl.Float64 = column(
        "Weeks in which half of the creatives that got this old burn out; null when fewer did, or it has burnt",
        unit="weeks",
        ge=0,
        nullable=True,
    )
    burnt_lives: pl.Int64 = count("Creatives behind it that burnt out")
    censored_lives: pl.Int64 = count("Creatives behind it that stopped or run on without having burnt out")


CREATIVE_LIFECYCLE = Table(
    "creative_lifecycle", "predictions", CreativeLifecycle, ("account_id", "week", "creative_id", "result_family")
)
