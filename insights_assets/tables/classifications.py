"""Tiers: how an entity's cost per result stands to its peers', and is expected to."""

from typing import Any

import polars as pl

from insights_assets.tables.columns import account_id, count, family, identifier, level, money, one_of, percent, week
from insights_assets.tables.model import Table, TableModel, column

TIERS = ("HIGH_PERFORMER", "MODERATE", "LOW", "UNDERPERFORMER")
TIER_BOUNDS = (0.7, 1.0, 1.5)
"""Cost per result / the peers' that divides the tiers, the best first (seed 002)."""

PROBABILITIES = ("p_high_performer", "p_moderate", "p_low", "p_underperformer")
SOURCES = ("rules", "model", "feedback")
DIRECTIONS = ("up", "down", "same", "new")
REFERENCES = ("peers", "own_past", "none")


def probability(description: str) -> Any:
    """A chance between 0 and 1."""
    return column(description, unit="fraction", ge=0, le=1)


class Classifications(TableModel):
    """The tier of one entity in one week with delivery, among entities of its account, level and result family.

    Tiers divide cost per result / the peers' at 0.7, 1.0 and 1.5: HIGH_PERFORMER, MODERATE, LOW, UNDERPERFORMER. By
    the model a tier is about the next two weeks, by the rules about the cost behind this week's and the four before.
    """

    account_id: pl.String = account_id()
    week: pl.Date = week()
    level: pl.String = level()
    entity_id: pl.String = identifier("Campaign, ad set or ad, by level")
    result_family: pl.String = family()
    tier: pl.String = one_of(
        "The tier, best first; never HIGH_PERFORMER without a result, unless a user says so", TIERS
    )
    confidence: pl.Float64 = probability("Probability of the tier; 1 where a user gave it")
    previous_tier: pl.String = one_of(
        "Tier in the newest week with delivery among the 4 before; null when there is none", TIERS, nullable=True
    )
    direction: pl.String = one_of("Against previous_tier: up is better; new without one", DIRECTIONS)
    source: pl.String = one_of(
        "feedback: a user's; model: learnt from outcomes; rules: where too little is known to learn", SOURCES
    )
    rule_tier: pl.String = one_of("What the rules alone say", TIERS)
    p_high_performer: pl.Float64 = probability("Probability of HIGH_PERFORMER, by source (rules under a feedback)")
    p_moderate: pl.Float64 = probability("Probability of MODERATE")
    p_low: pl.Float64 = probability("Probability of LOW")
    p_underperformer: pl.Float64 = probability("Probability of UNDERPERFORMER")
    reference: pl.String = one_of(
        "What the cost is compared with: peers; own_past (its 4 weeks before) without peers that have results; none",
        REFERENCES,
    )
    peers: pl.Int64 = count("Other entities of the account, level and family with spend that week")
    spend: pl.Float64 = money("Spend of the week")
    results: pl.Float64 = column("Results of the week", unit="count", ge=0)
    reference_cpr: pl.Float64 = money("Cost per result of the reference: a ratio of sums", nullable=True)
    evidence_results: pl.Float64 = column(
        "Results of the week and half of those of the 4 before, less where the reference is uncertain", ge=0
    )
    evidence_expected: pl.Float64 = column("What the same spend brings the reference, weighed alike", ge=0)
    peer_spread: pl.Float64 = column(
        "How much the entities of the group differ: standard deviation of their rates of results about the mean's",
        unit="fraction",
        ge=0,
        le=1,
    )
    cost_vs_reference_pct: pl.Float64 = percent(
        "Cost per result against the reference's, drawn towards 0 as results are few (median); + is dearer", ge=-100
    )
    cost_vs_reference_lo_80: pl.Float64 = percent("10th percentile of that", ge=-100)
    cost_vs_reference_hi_80: pl.Float64 = percent("90th percentile of that", ge=-100)
    model_version: pl.String = column("Model, the week it was fitted on and its rows; or the rules' version")


KEY = ("account_id", "week", "entity_id")
CLASSIFICATIONS = {
    name: Table(f"classifications_{name}", "findings", Classifications, KEY) for name in ("campaign", "adset", "ad")
}
