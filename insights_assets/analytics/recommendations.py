"""Recommendations: rules applied, contradictions dropped, three an entity kept, what is still open known again."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import polars as pl

from insights_assets.analytics.advice_evidence import with_advice_evidence
from insights_assets.analytics.advice_rules import EXCLUDED_BY_PAUSE, HARSH, Rule, rules, with_chances
from insights_assets.analytics.advice_thresholds import MOST_REACTIVATE_WEEKS, AdviceThresholds
from insights_assets.analytics.reactivation import reactivations
from insights_assets.tables.recommendations import RECOMMENDATIONS

OPEN_WEEKS = 12
"""How far back the first week of advice that is still open is looked for."""

EVIDENCE_WEEKS = OPEN_WEEKS + MOST_REACTIVATE_WEEKS
"""Weeks before the first one asked for that figures are needed of."""

MOST_SURE = 0.99
"""What is known of the noise itself is not surer than that."""

DAYS = 7
ENTITY = ["account_id", "entity_id"]
KEY = ["account_id", "week", "entity_id"]
ADVICE = ["recommendation_type", "priority", "confidence", "action", "budget_change_pct", "reason"]

FEATURES = (
    "level", "parent_id", "result_family", "currency", "spend", "impressions", "results", "ctr", "link_ctr",
    "frequency", "spend_7d", "spend_prev_7d", "impressions_7d", "impressions_prev_7d", "results_7d", "results_prev_7d",
    "results_30d", "ctr_7d", "ctr_prev_7d", "ctr_trend_pct", "results_trend_pct", "days_active_30d",
    "days_with_results_7d", "cpr_volatility_30d", "share_of_parent_spend_pct", "siblings", "siblings_cpr_7d",
    "expected_results_7d", "performance_vs_siblings_pct", "as_of", "is_complete", "is_settled",
)  # fmt: skip
"""Columns of the features tables that are used, besides their key."""

TOLD = (
    "spend_7d", "results_7d", "expected_results_7d", "reference_expected_7d", "cost_vs_reference_pct",
    "cost_vs_reference_lo_80", "cost_vs_reference_hi_80", "reference", "reference_cpr", "siblings", "siblings_cpr_7d",
    "performance_vs_siblings_pct", "cost_trend_pct", "ctr_trend_pct", "frequency", "share_of_parent_spend_pct",
    "tier", "tier_confidence", "tier_source", "currency", "as_of", "anomalies", "burnout_risk",
)  # fmt: skip
"""What goes into the evidence, where it is known."""


@dataclass(frozen=True)
class Beside:
    """Tables that stand beside the features; each may be missing.

    `statuses`: account_id, week, entity_id, status, observed_at; `anomalies`: rows of an anomalies table;
    `burnout`: rows of `burnout_predictions`.
    """

    statuses: pl.DataFrame | None = None
    anomalies: pl.DataFrame | None = None
    burnout: pl.DataFrame | None = None


@dataclass(frozen=True)
class Asked:
    """What to advise on: a level, its weeks, and from which figures on."""

    level: str
    weeks: Collection[date]
    limits: AdviceThresholds = field(default_factory=AdviceThresholds)


def recommend(
    asked: Asked, features: pl.DataFrame, classifications: pl.DataFrame, beside: Beside | None = None
) -> pl.DataFrame:
    """Compute the rows of a recommendations table.

    Args:
        asked: level, weeks and thresholds.
        features: rows of the level's features table (`FEATURES`), `EVIDENCE_WEEKS` before the first week.
        classifications: rows of the level's classifications table, of the same weeks.
        beside: what else is known of them.

    Returns:
        At most `most_per_entity` rows an entity and week. Nothing after a week changes its advice, nor does how many
        weeks are computed together.
    """
    known, level = beside or Beside(), asked.level
    table = RECOMMENDATIONS[level]
    if not asked.weeks or features.is_empty() or classifications.is_empty():
        return table.empty()
    rows = with_chances(with_advice_evidence(features, classifications), asked.limits)
    active = rows.filter(pl.col("days_active_30d").fill_null(0) >= asked.limits.active_days)
    parts = [_fired(active, rule) for rule in rules(level, asked.limits)]
    if known.statuses is not None:
        paused = reactivations(rows, known.statuses, asked.limits)
        parts.append(paused.select(parts[0].columns))
    given = _most_important(pl.concat(parts), asked.limits.most_per_entity)
    opened = _with_first_seen(given, asked.limits.expiry_days).filter(pl.col("week").is_in(list(asked.weeks)))
    told = _with_evidence(opened, known)
    made = told.with_columns(
        pl.lit(level).alias("level"),
        (pl.col("first_seen_week") == pl.col("week")).alias("is_new"),
        _priority_level().alias("priority_level"),
        _expires(asked.limits.expiry_days).alias("expires_at"),
        pl.col("priority").cast(pl.Int64),
    )
    return table.conform(_with_id(made).select(list(table.schema)).sort(table.key))


def _fired(rows: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    change = pl.lit(None, dtype=pl.Float64) if rule.change_pct is None else rule.change_pct
    action = (
        pl.lit(rule.action)
        if rule.change_pct is None
        else pl.format("{} by {} %", pl.lit(rule.action), change.abs().cast(pl.Int64))
    )
    return rows.filter(rule.when.fill_null(value=False)).with_columns(
        pl.lit(rule.kind).alias("recommendation_type"),
        rule.priority.cast(pl.Int64).alias("priority"),
        rule.confidence.clip(0, MOST_SURE).alias("confidence"),
        change.alias("budget_change_pct"),
        action.alias("action"),
        pl.lit(rule.reason).alias("reason"),
    )


def _most_important(advice: pl.DataFrame, most: int) -> pl.DataFrame:
    """Keep the strongest reason of each type, nothing that contradicts a pause or a user, and the first `most`."""
    by = [*KEY, "recommendation_type"]
    # Down to the reason: two that are as sure as can be would else come in any order.
    strength = ("priority", "confidence", "recommendation_type", "reason")
    ordered = advice.sort(*KEY, *strength, descending=[False] * len(KEY) + [True] * len(strength))
    once = ordered.unique(by, keep="first", maintain_order=True)
    kind = pl.col("recommendation_type")
    praised = (pl.col("tier_source") == "feedback") & pl.col("tier").is_in(["HIGH_PERFORMER", "MODERATE"])
    meant = once.filter(~(praised & kind.is_in(HARSH)))
    paused = (kind == "PAUSE").any().over(KEY)
    clear = meant.filter(~(paused & kind.is_in(EXCLUDED_BY_PAUSE)))
    return clear.group_by(KEY, maintain_order=True).head(most)


def _with_first_seen(advice: pl.DataFrame, expiry: Mapping[str, int]) -> pl.DataFrame:
    """Find the week since which advice is open: given again before it lapsed (weekly advice lapses by the week)."""
    by = [*ENTITY, "recommendation_type"]
    lasting = pl.col("recommendation_type").replace_strict(
        {kind: -(-days // DAYS) for kind, days in expiry.items()}, return_dtype=pl.Int64
    )
    gap = (pl.col("week") - pl.col("week").shift(1).over(by)).dt.total_days() // DAYS
    chained = (
        advice.sort(*by, "week")
        .with_columns((gap.is_null() | (gap > lasting)).alias("__opens__"))
        .with_columns(pl.col("__opens__").cum_sum().over(by).alias("__chain__"))
        .sort(*by, "__chain__", "week")
    )
    first = chained.rolling("week", period=f"{OPEN_WEEKS + 1}w", closed="right", group_by=[*by, "__chain__"]).agg(
        pl.col("week").min().alias("first_seen_week")
    )
    return chained.join(first, on=[*by, "__chain__", "week"], how="left").drop("__chain__", "__opens__")


def _with_evidence(advice: pl.DataFrame, known: Beside) -> pl.DataFrame:
    rows = advice
    if known.anomalies is not None:
        found = (
            known.anomalies.filter(pl.col("status").is_in(["new", "acknowledged"]))
            .sort("anomaly_score", descending=True)
            .group_by(KEY, maintain_order=True)
            .agg(pl.col("anomaly_type").unique(maintain_order=True).alias("anomalies"))
        )
        rows = rows.join(found, on=KEY, how="left", maintain_order="left")
    if known.burnout is not None:
        nearest = known.burnout.filter(pl.col("horizon_weeks") == 1)
        risk = nearest.select(
            "account_id", "week", pl.col("ad_id").alias("entity_id"), pl.col("risk_score").alias("burnout_risk")
        )
        rows = rows.join(risk, on=KEY, how="left", maintain_order="left")
    told = [c for c in TOLD if c in rows.columns]
    plain = [
        pl.when(pl.col(c).is_finite()).then(pl.col(c).round(4)).alias(c) if rows.schema[c].is_float() else pl.col(c)
        for c in told
    ]
    return rows.with_columns(pl.struct(plain).struct.json_encode().alias("evidence"))


def _priority_level() -> pl.Expr:
    return (
        pl.when(pl.col("priority") >= 7)  # noqa: PLR2004 - seed 002
        .then(pl.lit("high"))
        .when(pl.col("priority") >= 4)  # noqa: PLR2004
        .then(pl.lit("medium"))
        .otherwise(pl.lit("low"))
    )


def _expires(expiry: Mapping[str, int]) -> pl.Expr:
    """Days after the newest day that it looked at; a midnight in UTC."""
    newest = pl.coalesce(pl.col("as_of"), pl.col("week") + timedelta(days=DAYS - 1))
    days = pl.col("recommendation_type").replace_strict(dict(expiry), return_dtype=pl.Int64)
    instant = (newest + pl.duration(days=days + 1)).cast(pl.Datetime("us"))
    return instant.dt.replace_time_zone("UTC")


def _with_id(rows: pl.DataFrame) -> pl.DataFrame:
    names = ("account_id", "level", "entity_id", "recommendation_type", "first_seen_week")
    ids = [
        hashlib.sha1("|".join(map(str, row)).encode(), usedforsecurity=False).hexdigest()[:16]
        for row in rows.select(names).iter_rows()
    ]
    return rows.with_columns(pl.Series("recommendation_id", ids, dtype=pl.String))
