"""Response curves: how results follow spend, and where more spend buys less, told only where weeks can tell."""

import polars as pl

from insights_assets.tables.columns import account_id, count, family, identifier, money, one_of, week
from insights_assets.tables.model import Table, TableModel, column

CURVE_LEVELS = ("campaign", "adset")
VERDICTS = ("saturated", "room", "unclear", "not_identifiable")


class ResponseCurves(TableModel):
    """One campaign or ad set in one week: results = scale x spend ^ elasticity, fitted to its last 26 weeks.

    Budgets are set by people who look at results, so the curve is of what happened, not of what a budget would do.
    """

    account_id: pl.String = account_id()
    week: pl.Date = week()
    level: pl.String = one_of("campaign or adset", CURVE_LEVELS)
    entity_id: pl.String = identifier("Campaign or ad set, by level")
    result_family: pl.String = family()
    verdict: pl.String = one_of(
        "saturated: surely below 0.8; room: surely above it; unclear: neither; not_identifiable: see reason", VERDICTS
    )
    reason: pl.String = column("Why the weeks cannot tell; null where they can", nullable=True)
    weeks_used: pl.Int64 = count("Weeks with spend in the family behind the fit")
    elasticity: pl.Float64 = column(
        "Percent more results for one percent more spend: 1 is in proportion, 0 is nothing more",
        unit="ratio",
        nullable=True,
    )
    elasticity_lo_90: pl.Float64 = column("Lower end of its 90 % interval", unit="ratio", nullable=True)
    elasticity_hi_90: pl.Float64 = column("Upper end of its 90 % interval", unit="ratio", nullable=True)
    spend: pl.Float64 = money("Spend of the week")
    average_cpr: pl.Float64 = money("Cost per result at that spend, by the curve", nullable=True)
    marginal_cpr: pl.Float64 = money(
        "Cost of one more result at that spend, by the curve; null where more spend brought no more", nullable=True
    )


RESPONSE_CURVES = Table(
    "response_curves", "findings", ResponseCurves, ("account_id", "week", "level", "entity_id", "result_family")
)
