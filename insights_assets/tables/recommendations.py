"""Recommendations: what to do about an entity, why, how sure that is and until when."""

import polars as pl

from insights_assets.tables.columns import Instant, account_id, family, identifier, level, one_of, percent, week
from insights_assets.tables.model import Table, TableModel, column

ALL_LEVELS = ("campaign", "adset", "ad")
TYPE_LEVELS = {
    "SCALE_UP": ALL_LEVELS,
    "BUDGET_DECREASE": ALL_LEVELS,
    "PAUSE": ALL_LEVELS,
    "BUDGET_INCREASE": ALL_LEVELS,
    "REACTIVATE": ALL_LEVELS,
    "CREATIVE_REFRESH": ("campaign", "ad"),
    "AUDIENCE_REVIEW": ("campaign", "adset"),
    "AUDIENCE_EXPANSION": ("adset",),
    "AUDIENCE_NARROWING": ("adset",),
    "CREATIVE_TEST": ("ad",),
    "CREATIVE_WINNER": ("ad",),
}
TYPES = tuple(TYPE_LEVELS)
PRIORITY_LEVELS = ("high", "medium", "low")


class Recommendations(TableModel):
    """One piece of advice on one entity in one week; at most three an entity, the most important first."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    level: pl.String = level()
    entity_id: pl.String = identifier("Campaign, ad set or ad, by level")
    recommendation_id: pl.String = column(
        "Identity while it stays open: a hash of account, level, entity, type and first_seen_week",
        str_matches=r"^[0-9a-f]{16}$",
    )
    recommendation_type: pl.String = one_of("Kind of advice", TYPES)
    priority: pl.Int64 = column("9 is the most important", ge=1, le=9)
    priority_level: pl.String = one_of("high from 7 on, medium from 4 on, else low", PRIORITY_LEVELS)
    confidence: pl.Float64 = column(
        "Probability of the claim behind it, given the counts: not of what following it would bring",
        unit="fraction",
        ge=0,
        le=1,
    )
    action: pl.String = column("What to do, in one sentence")
    budget_change_pct: pl.Float64 = percent(
        "Change of budget that is advised; null where it is not about budget", nullable=True
    )
    reason: pl.String = column("Which condition was met, in one sentence")
    evidence: pl.String = column("The figures behind it, as a JSON object; money in account currency, rates in percent")
    result_family: pl.String = family()
    first_seen_week: pl.Date = column(
        "Monday of the week in which it was first given without a break since, at most 12 weeks back"
    )
    is_new: pl.Boolean = column("First given this week; else it repeats what is still open")
    expires_at: Instant = column("When it lapses unless given again", unit="UTC instant")


KEY = ("account_id", "week", "entity_id", "recommendation_type")
RECOMMENDATIONS = {name: Table(f"recommendations_{name}", "advice", Recommendations, KEY) for name in ALL_LEVELS}
