"""Classify entities: rules from the counts, a model where enough outcomes are known, and users' word above both."""

from collections.abc import Collection
from datetime import date, timedelta

import numpy as np
import polars as pl

from insights_assets.analytics.cost_odds import DRIFT_VARIANCE, posterior_of
from insights_assets.analytics.multinomial import Floats
from insights_assets.analytics.peers import with_evidence, with_reference
from insights_assets.analytics.tier_model import (
    REFIT_WEEKS,
    TRAINING_WEEKS,
    TierModel,
    fitting_week,
    inputs,
    learn,
)
from insights_assets.analytics.tier_outcomes import KNOWN_AFTER_WEEKS, outcomes
from insights_assets.tables.classifications import CLASSIFICATIONS, PROBABILITIES, TIERS

RULES = "rules-1"
PREVIOUS_WEEKS = 4
HISTORY_WEEKS = PREVIOUS_WEEKS + REFIT_WEEKS - 1 + KNOWN_AFTER_WEEKS + TRAINING_WEEKS
"""Weeks before the first classified one that features of all accounts are needed of."""

FEATURES = (
    "level", "result_family", "spend", "impressions", "results", "baseline_spend", "baseline_results", "ctr",
    "link_ctr", "cpm", "frequency", "frequency_slope_pct", "ctr_slope_pct", "spend_lag1", "age_weeks",
    "relevance_health", "expected_results_7d", "results_7d", "is_complete", "is_settled",
)  # fmt: skip
"""Columns of the features tables that are used, besides their key."""


def classify(
    level: str,
    features: pl.DataFrame,
    weeks: Collection[date],
    *,
    accounts: Collection[str] | None = None,
    feedback: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Compute the rows of a classifications table.

    Args:
        level: campaign, adset or ad.
        features: rows of that level's features table (`FEATURES`) of all accounts, `HISTORY_WEEKS` before the first
            week. What lies behind a week changes nothing in it, nor do other accounts' rows but through the model.
        weeks: Mondays to classify.
        accounts: accounts to classify; all of `features` when None.
        feedback: rows of `classification_feedback`.

    Returns:
        One row for each entity-week with delivery.
    """
    shown = sorted(weeks)
    if not shown or features.is_empty():
        return CLASSIFICATIONS[level].empty()
    rows = with_evidence(with_reference(features.sort("week", "account_id", "entity_id"))).with_row_index("row")
    rows = _with_rules(rows.with_columns(pl.col("row").cast(pl.Int64)))
    wanted = _wanted(rows, shown, accounts)
    judged = _with_tiers(_with_model(rows, wanted))
    spoken = _with_feedback(judged, level, feedback)
    made = _with_direction(spoken).filter(pl.col("week").is_in(shown))
    table = CLASSIFICATIONS[level]
    return table.conform(made.select(list(table.schema)).sort(table.key))


def _wanted(rows: pl.DataFrame, weeks: list[date], accounts: Collection[str] | None) -> pl.DataFrame:
    """Rows to judge: those asked for, and of the weeks just before, for where they come from."""
    taken = {w - timedelta(weeks=n) for w in weeks for n in range(PREVIOUS_WEEKS + 1)}
    wanted = rows.filter(pl.col("week").is_in(sorted(taken)))
    return wanted if accounts is None else wanted.filter(pl.col("account_id").is_in(list(accounts)))


def _with_rules(rows: pl.DataFrame) -> pl.DataFrame:
    # What was is surer than what comes: the interval is about these weeks, the tier about the next.
    now, soon = posterior_of(rows), posterior_of(rows, DRIFT_VARIANCE)
    chances = _never_best_without_results(soon.tiers(), rows["results"].to_numpy())
    return rows.with_columns(
        pl.Series("rule_chances", chances, dtype=pl.Array(pl.Float64, len(TIERS))),
        pl.Series("cost_vs_reference_pct", (now.quantile(0.5) - 1) * 100),
        pl.Series("cost_vs_reference_lo_80", (now.quantile(0.1) - 1) * 100),
        pl.Series("cost_vs_reference_hi_80", (now.quantile(0.9) - 1) * 100),
    )


def _with_model(rows: pl.DataFrame, wanted: pl.DataFrame) -> pl.DataFrame:
    """Replace the rules' probabilities by the model's, week by week, where there is one and peers."""
    table = inputs(rows)
    key = ["account_id", "week", "entity_id"]
    labelled = rows.select(*key, "row").join(outcomes(rows), on=key).sort("row")
    fits: dict[date, TierModel | None] = {}
    parts = []
    for (week,), of_week in wanted.group_by("week", maintain_order=True):
        assert isinstance(week, date)  # noqa: S101 - for the type checker: a group's key is any value
        due = fitting_week(week)
        if due not in fits:
            fits[due] = learn(rows, table, labelled, due)
        parts.append(_predicted(of_week, table, fits[due]))
    return pl.concat(parts) if parts else _predicted(wanted, table, None)


def _predicted(rows: pl.DataFrame, table: Floats, model: TierModel | None) -> pl.DataFrame:
    by_rules = rows.with_columns(
        pl.col("rule_chances").alias("chances"), pl.lit("rules").alias("source"), pl.lit(RULES).alias("model_version")
    )
    if model is None:
        return by_rules
    chances = _never_best_without_results(
        model.predict(table[rows["row"].to_numpy()], rows["rule_chances"].to_numpy()), rows["results"].to_numpy()
    )
    given = pl.Series("chances", chances, dtype=pl.Array(pl.Float64, len(TIERS)))
    compared = pl.col("reference") == "peers"
    return by_rules.with_columns(
        pl.when(compared).then(given).otherwise("chances").alias("chances"),
        pl.when(compared).then(pl.lit("model")).otherwise("source").alias("source"),
        pl.when(compared).then(pl.lit(model.version)).otherwise("model_version").alias("model_version"),
    )


def _never_best_without_results(chances: Floats, results: Floats) -> Floats:
    """Give what HIGH_PERFORMER would have to the next tier where the week has no result."""
    none = results == 0
    out = chances.copy()
    out[none, 1] += out[none, 0]
    out[none, 0] = 0.0
    return out


def _with_tiers(rows: pl.DataFrame) -> pl.DataFrame:
    names = pl.Series(TIERS)
    chances = rows["chances"].to_numpy()
    best = chances.argmax(axis=1)
    return rows.with_columns(
        names.gather(best).alias("tier"),
        names.gather(rows["rule_chances"].to_numpy().argmax(axis=1)).alias("rule_tier"),
        pl.Series("confidence", np.clip(chances[np.arange(best.size), best], 0, 1)),
        *[pl.Series(name, np.clip(chances[:, i], 0, 1)) for i, name in enumerate(PROBABILITIES)],
    )


def _with_feedback(rows: pl.DataFrame, level: str, feedback: pl.DataFrame | None) -> pl.DataFrame:
    """Put a user's tier above the computed one, in the weeks it is said for; the newest word counts."""
    if feedback is None or feedback.is_empty():
        return rows
    said = (
        feedback.filter(pl.col("level") == level, pl.col("removed_at").is_null())
        .select("account_id", "entity_id", "until", "created_at", said="tier", since="week")
        .sort("since", "created_at")
    )
    key = ["account_id", "week", "entity_id"]
    newest = (
        rows.select(key)
        .join(said, on=["account_id", "entity_id"])
        .filter((pl.col("since") <= pl.col("week")) & (pl.col("until").is_null() | (pl.col("week") <= pl.col("until"))))
        .sort("since", "created_at")
        .unique(key, keep="last", maintain_order=True)
        .select(*key, "said")
    )
    joined = rows.join(newest, on=key, how="left", maintain_order="left")
    spoken = pl.col("said").is_not_null()
    return joined.with_columns(
        pl.coalesce("said", "tier").alias("tier"),
        pl.when(spoken).then(1.0).otherwise("confidence").alias("confidence"),
        pl.when(spoken).then(pl.lit("feedback")).otherwise("source").alias("source"),
    )


def _with_direction(rows: pl.DataFrame) -> pl.DataFrame:
    """Compare with the newest of the 4 weeks before that the entity delivered in."""
    entity = ["account_id", "entity_id"]
    ordered = rows.sort(*entity, "week").with_columns(
        pl.col("tier").shift(1).over(entity).alias("__tier__"), pl.col("week").shift(1).over(entity).alias("__week__")
    )
    recent = pl.col("__week__") >= pl.col("week").dt.offset_by(f"-{PREVIOUS_WEEKS}w")
    place = dict(zip(TIERS, range(len(TIERS)), strict=True))
    now, before = (pl.col(c).replace_strict(place, return_dtype=pl.Int64) for c in ("tier", "previous_tier"))
    return ordered.with_columns(pl.when(recent).then("__tier__").alias("previous_tier")).with_columns(
        pl.when(pl.col("previous_tier").is_null())
        .then(pl.lit("new"))
        .when(now < before)
        .then(pl.lit("up"))
        .when(now > before)
        .then(pl.lit("down"))
        .otherwise(pl.lit("same"))
        .alias("direction")
    )
