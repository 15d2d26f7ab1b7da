"""What became of advice: cost before and after beside the siblings', and whether it was followed. No causal claim."""

from collections.abc import Collection
from datetime import date, timedelta

import polars as pl

from insights_assets.analytics.reactivation import FRESH_DAYS
from insights_assets.tables.recommendation_outcomes import RECOMMENDATION_OUTCOMES

HORIZONS = (2, 4)
BEFORE_WEEKS = 4
HISTORY_WEEKS = max(HORIZONS) + BEFORE_WEEKS - 1
MOVED_PCT = 10.0
"""Change of budget, or of spend where the budget is not known, that counts as following."""

ENTITY = ["account_id", "entity_id"]
UP, DOWN = ("SCALE_UP", "BUDGET_INCREASE"), ("BUDGET_DECREASE",)
REMADE = ("CREATIVE_REFRESH", "AUDIENCE_REVIEW", "AUDIENCE_EXPANSION", "AUDIENCE_NARROWING")
ADVICE = ["account_id", "entity_id", "recommendation_type", "advice_week", "horizon_weeks"]


def advice_outcomes(
    advice: pl.DataFrame, features: pl.DataFrame, weeks: Collection[date], snapshots: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Compute the rows of `recommendation_outcomes` of one level.

    Args:
        advice: rows of the level's recommendations table; only new ones are followed up.
        features: rows of its features table, `HISTORY_WEEKS` before the first week.
        weeks: Mondays of the weeks that complete an outcome.
        snapshots: account_id, week, entity_id, daily_budget, content (what REMADE advice would change: creative or
            targeting; null where that is not known), observed_at.

    Returns:
        One row for each new advice and horizon that ends in one of the weeks, once that is complete for the account.
    """
    ends = [
        advice.filter("is_new").with_columns(
            pl.col("week").alias("advice_week"),
            (pl.col("week") + timedelta(weeks=h)).alias("week"),
            pl.lit(h, dtype=pl.Int64).alias("horizon_weeks"),
        )
        for h in HORIZONS
    ]
    over = (
        features.group_by("account_id", "week")
        .agg(pl.col("is_complete").all())
        .filter("is_complete")
        .select("account_id", "week")
    )
    asked = pl.concat(ends).filter(pl.col("week").is_in(list(weeks))).join(over, on=["account_id", "week"], how="semi")
    if asked.is_empty():
        return RECOMMENDATION_OUTCOMES.empty()
    measured = asked.join(_sums(asked, features), on=ADVICE, how="left").with_columns(
        pl.col("weeks_after").fill_null(0),
        *[pl.col(f"{c}_{w}").fill_null(0.0) for c in ("spend", "results") for w in ("before", "after")],
    )
    made = _followed(_changes(_with_settled(measured, features)), snapshots)
    return RECOMMENDATION_OUTCOMES.conform(made.select(list(RECOMMENDATION_OUTCOMES.schema)))


def _sums(asked: pl.DataFrame, features: pl.DataFrame) -> pl.DataFrame:
    """Add up the entity's own weeks and its siblings' before and after each advice."""
    group = ["account_id", "parent_id", "result_family", "week"]
    figures = features.with_columns(pl.col("parent_id").fill_null(""))
    totals = figures.group_by(group).agg(
        pl.col("spend").sum().alias("all_spend"), pl.col("results").sum().alias("all_results")
    )
    own = figures.select(*ENTITY, "result_family", "week", "spend", "results")
    parents = figures.sort("week").unique(ENTITY, keep="last").select(*ENTITY, "parent_id")
    windows = [
        asked.filter(pl.col("horizon_weeks") >= offset).select(
            *ADVICE,
            "result_family",
            pl.col("week").alias("end"),
            (pl.col("advice_week") + timedelta(weeks=offset)).alias("week"),
            pl.lit("after" if offset > 0 else "before").alias("side"),
        )
        for offset in range(1 - BEFORE_WEEKS, max(HORIZONS) + 1)
    ]
    rows = (
        pl.concat(windows)
        .join(parents, on=ENTITY, how="left")
        .join(own, on=[*ENTITY, "result_family", "week"], how="left")
        .join(totals, on=group, how="left")
        .with_columns(pl.col("spend", "results", "all_spend", "all_results").fill_null(0.0))
    )
    parts = []
    for side in ("before", "after"):
        of_side = pl.col("side") == side
        parts += [
            pl.col("spend").filter(of_side).sum().alias(f"spend_{side}"),
            pl.col("results").filter(of_side).sum().alias(f"results_{side}"),
            (pl.col("spend") > 0).filter(of_side).sum().cast(pl.Int64).alias(f"weeks_{side}"),
            (pl.col("all_spend") - pl.col("spend")).filter(of_side).sum().alias(f"siblings_spend_{side}"),
            (pl.col("all_results") - pl.col("results")).filter(of_side).sum().alias(f"siblings_results_{side}"),
        ]
    last = pl.col("week") == pl.col("end")
    return rows.group_by(ADVICE).agg(*parts, pl.col("spend").filter(last).sum().alias("last_spend"))


def _with_settled(rows: pl.DataFrame, features: pl.DataFrame) -> pl.DataFrame:
    """Settled where every week after the advice was, for the account's entities that delivered in it."""
    settled = features.group_by("account_id", pl.col("week").alias("seen")).agg(pl.col("is_settled").all())
    joined = rows.select(*ADVICE, "week").join(settled, on="account_id")
    within = joined.filter((pl.col("seen") > pl.col("advice_week")) & (pl.col("seen") <= pl.col("week")))
    told = within.group_by(ADVICE).agg(pl.col("is_settled").all())
    return rows.join(told, on=ADVICE, how="left").with_columns(pl.col("is_settled").fill_null(value=False))


def _changes(rows: pl.DataFrame) -> pl.DataFrame:
    def cost(spend: str, results: str) -> pl.Expr:
        return pl.when((pl.col(results) > 0) & (pl.col(spend) > 0)).then(pl.col(spend) / pl.col(results))

    own = cost("spend_after", "results_after") / cost("spend_before", "results_before")
    siblings = cost("siblings_spend_after", "siblings_results_after") / cost(
        "siblings_spend_before", "siblings_results_before"
    )
    weekly_before = pl.col("spend_before") / pl.col("weeks_before")
    weekly_after = pl.col("spend_after") / pl.col("horizon_weeks")
    return rows.with_columns(
        cost("spend_before", "results_before").alias("cpr_before"),
        cost("spend_after", "results_after").alias("cpr_after"),
        pl.when(pl.col("spend_before") > 0).then((weekly_after / weekly_before - 1) * 100).alias("spend_change_pct"),
        ((own - 1) * 100).alias("cpr_change_pct"),
        ((siblings - 1) * 100).alias("siblings_cpr_change_pct"),
        ((own / siblings - 1) * 100).alias("cpr_change_vs_siblings_pct"),
    )


def _followed(rows: pl.DataFrame, snapshots: pl.DataFrame | None) -> pl.DataFrame:
    """Say whether what was advised happened; from snapshots read near their week, else from spend, else not at all."""
    kind = pl.col("recommendation_type")
    with_state = _with_states(rows, snapshots)
    budget = (pl.col("budget_now") / pl.col("budget_then") - 1) * 100
    moved = pl.coalesce(budget, "spend_change_pct")
    by_budget = pl.when(budget.is_not_null()).then(pl.lit("daily budget")).otherwise(pl.lit("spend"))
    remade = pl.col("content_now") != pl.col("content_then")
    verdict = (
        pl.when(kind == "PAUSE")
        .then(pl.col("last_spend") == 0)
        .when(kind == "REACTIVATE")
        .then(pl.col("spend_after") > 0)
        .when(kind.is_in(UP))
        .then(moved >= MOVED_PCT)
        .when(kind.is_in(DOWN))
        .then(moved <= -MOVED_PCT)
        .when(kind.is_in(REMADE))
        .then(remade)
    )
    how = (
        pl.when(kind.is_in(["PAUSE", "REACTIVATE"]))
        .then(pl.lit("spend"))
        .when(kind.is_in([*UP, *DOWN]))
        .then(by_budget)
        .when(kind.is_in(REMADE))
        .then(pl.lit("creative or targeting"))
    )
    return with_state.with_columns(verdict.alias("followed")).with_columns(
        pl.when(pl.col("followed").is_not_null()).then(how).alias("followed_by")
    )


def _with_states(rows: pl.DataFrame, snapshots: pl.DataFrame | None) -> pl.DataFrame:
    names = {"daily_budget": "budget", "content": "content"}
    if snapshots is None:
        none = [
            pl.lit(None, dtype=pl.Float64 if n == "budget" else pl.String).alias(f"{n}_{when}")
            for n in names.values()
            for when in ("then", "now")
        ]
        return rows.with_columns(none)
    fresh = snapshots.filter(pl.col("observed_at").dt.date() <= pl.col("week") + timedelta(days=FRESH_DAYS))
    out = rows
    for when, week in (("then", "advice_week"), ("now", "week")):
        state = fresh.select(
            *ENTITY, pl.col("week").alias(week), *[pl.col(c).alias(f"{n}_{when}") for c, n in names.items()]
        )
        out = out.join(state, on=[*ENTITY, week], how="left", maintain_order="left")
    return out
