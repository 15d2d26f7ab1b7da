"""What became of advice: the entity's cost afterwards beside its siblings', and whether the advice was followed."""

import polars as pl

from insights_assets.tables.columns import account_id, count, family, identifier, level, money, one_of, percent
from insights_assets.tables.model import Table, TableModel, column
from insights_assets.tables.recommendations import TYPES


class RecommendationOutcomes(TableModel):
    """One piece of new advice, 2 or 4 weeks later. What followed it is not what it caused.

    Costs come back to the mean by themselves: an ad advised on for a dear fortnight is often cheaper in the next,
    whatever was done. Siblings' change and followed / not followed stand beside it for that reason.
    """

    account_id: pl.String = account_id()
    week: pl.Date = column("Monday of the week that completes the outcome: advice_week plus horizon_weeks")
    level: pl.String = level()
    entity_id: pl.String = identifier("Campaign, ad set or ad, by level")
    recommendation_type: pl.String = one_of("Kind of advice", TYPES)
    horizon_weeks: pl.Int64 = column("Weeks looked at after the advice: 2 or 4", unit="weeks", isin=(2, 4))
    recommendation_id: pl.String = column("The advice", str_matches=r"^[0-9a-f]{16}$")
    advice_week: pl.Date = column("Monday of the week in which it was first given")
    result_family: pl.String = family()
    followed: pl.Boolean = column("Whether what it asked for happened; null where that cannot be seen", nullable=True)
    followed_by: pl.String = column("How that was seen", nullable=True)
    spend_before: pl.Float64 = money("Spend of the advice week and the 3 before")
    results_before: pl.Float64 = column("Results of those weeks", unit="count", ge=0)
    cpr_before: pl.Float64 = money("spend_before / results_before; null without results", nullable=True)
    weeks_after: pl.Int64 = count("Weeks with spend of the horizon's")
    spend_after: pl.Float64 = money("Spend of the horizon's weeks; 0 when it stopped")
    results_after: pl.Float64 = column("Results of those weeks", unit="count", ge=0)
    cpr_after: pl.Float64 = money("spend_after / results_after; null without results", nullable=True)
    spend_change_pct: pl.Float64 = percent("Spend a week after against before", nullable=True)
    cpr_change_pct: pl.Float64 = percent("cpr_after against cpr_before", nullable=True)
    siblings_cpr_change_pct: pl.Float64 = percent(
        "The same of all siblings of the family together, over the same weeks", nullable=True
    )
    cpr_change_vs_siblings_pct: pl.Float64 = percent(
        "Its change beyond theirs: (1 + own) / (1 + theirs) - 1; negative is cheaper", nullable=True
    )
    is_settled: pl.Boolean = column("All of the horizon's weeks were settled when they were read")


RECOMMENDATION_OUTCOMES = Table(
    "recommendation_outcomes",
    "advice",
    RecommendationOutcomes,
    ("account_id", "week", "level", "entity_id", "recommendation_type", "horizon_weeks"),
)
