"""An entity beside three like it, value by value: what the tests of advice change."""

from datetime import UTC, date, datetime, timedelta

import polars as pl

from insights_assets.analytics.recommendations import Asked, Beside, recommend

WEEK = date(2026, 3, 2)
FEATURE = {
    "account_id": "act_1",
    "week": WEEK,
    "entity_id": "x",
    "level": "ad",
    "parent_id": "set1",
    "result_family": "purchase",
    "currency": "EUR",
    "spend": 500.0,
    "impressions": 50_000,
    "results": 50.0,
    "ctr": 1.0,
    "link_ctr": 0.7,
    "frequency": 1.5,
    "spend_7d": 500.0,
    "spend_prev_7d": 500.0,
    "impressions_7d": 50_000,
    "impressions_prev_7d": 50_000,
    "results_7d": 50.0,
    "results_prev_7d": 50.0,
    "results_30d": 200.0,
    "ctr_7d": 1.0,
    "ctr_prev_7d": 1.0,
    "ctr_trend_pct": 0.0,
    "results_trend_pct": 0.0,
    "days_active_30d": 28,
    "days_with_results_7d": 7,
    "cpr_volatility_30d": 0.3,
    "share_of_parent_spend_pct": 25.0,
    "siblings": 3,
    "siblings_cpr_7d": 10.0,
    "expected_results_7d": 50.0,
    "performance_vs_siblings_pct": 0.0,
    "as_of": WEEK + timedelta(days=6),
    "is_complete": True,
    "is_settled": False,
}
TIER = {
    "account_id": "act_1",
    "week": WEEK,
    "entity_id": "x",
    "tier": "MODERATE",
    "confidence": 0.5,
    "source": "model",
    "previous_tier": "MODERATE",
    "reference": "peers",
    "reference_cpr": 10.0,
    "evidence_results": 100.0,
    "evidence_expected": 100.0,
    "peer_spread": 0.5,
    "cost_vs_reference_pct": 0.0,
    "cost_vs_reference_lo_80": -10.0,
    "cost_vs_reference_hi_80": 10.0,
}


def weeks_before(n):
    return WEEK - timedelta(weeks=n)


def rows_of(plain, changes, weeks=(WEEK,)):
    """The entity x with its changes, and three peers without, in each week."""
    names = {k: v for k, v in changes.items() if k in plain}
    rows = []
    for week in weeks:
        dated = {"week": week} | ({"as_of": week + timedelta(days=6)} if "as_of" in plain else {})
        rows.append({**plain, **names, **dated})
        rows += [{**plain, "entity_id": f"p{n}", **dated} for n in range(3)]
    return pl.DataFrame(rows)


def advice(level="ad", *, weeks=(WEEK,), asked=(WEEK,), limits=None, beside=None, of="x", **changes):
    """Recommendations for x, whose features and tier differ from its peers' by `changes`."""
    question = Asked(level, list(asked)) if limits is None else Asked(level, list(asked), limits)
    features, tiers = rows_of(FEATURE, {"level": level, **changes}, weeks), rows_of(TIER, changes, weeks)
    made = recommend(question, features, tiers, beside)
    return made.filter(entity_id=of)


def kinds(frame):
    return set(frame["recommendation_type"])


def paused(status="PAUSED", *, read=None):
    """Snapshots in which x is paused in WEEK."""
    row = {
        "account_id": "act_1",
        "week": WEEK,
        "entity_id": "x",
        "status": status,
        "observed_at": read or datetime(2026, 3, 9, 6, tzinfo=UTC),
    }
    return Beside(statuses=pl.DataFrame([row]))
