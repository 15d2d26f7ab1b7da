"""A seeded world of feature rows: entities whose true cost wanders about their peers', results counted from it."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from insights_assets.analytics.classifications import classify

MONDAY = date(2025, 1, 6)
PERSISTENCE = 0.92
BASE_COST = 10.0
SLOTS = 5  # entities of a parent


def tier_world(*, accounts=8, entities=24, weeks=40, seed=0, results=25.0, spread=0.45, gaps=0.03):
    """Rows with every column that classifications and recommendations use, and `true_log_cost`.

    `results` is the mean an entity gets a week; its size varies tenfold between entities. The cost drifts (AR 1), shows
    partly in the click rate, and rises with frequency.
    """
    rng = np.random.default_rng(seed)
    shape = (accounts * entities, weeks)
    start = rng.normal(0, spread, shape[0])
    log_cost = np.empty(shape)
    log_cost[:, 0] = start
    for t in range(1, weeks):
        shock = rng.normal(0, spread * np.sqrt(1 - PERSISTENCE**2), shape[0])
        log_cost[:, t] = PERSISTENCE * log_cost[:, t - 1] + shock
    size = np.exp(rng.normal(0, 0.7, shape[0]))[:, None] * np.exp(rng.normal(0, 0.15, shape))
    spend = results * BASE_COST * size
    season = np.exp(0.1 * np.sin(np.arange(weeks) / 5))[None, :]
    mean = spend / (BASE_COST * season * np.exp(log_cost))
    counted = rng.poisson(mean * rng.gamma(30, 1 / 30, shape)).astype(float)
    ctr = 1.2 * np.exp(-0.4 * log_cost + rng.normal(0, 0.1, shape))
    frequency = 1.2 * np.exp(0.25 * log_cost + rng.normal(0, 0.15, shape)) + 0.4
    cpm = 9 * np.exp(0.3 * log_cost + rng.normal(0, 0.15, shape))
    impressions = np.maximum(1, np.round(spend / cpm * 1000)).astype(np.int64)
    entity, week = np.indices(shape)
    frame = pl.DataFrame(
        {
            "account": entity.ravel() // entities,
            "number": entity.ravel(),
            "t": week.ravel(),
            "spend": spend.ravel(),
            "results": counted.ravel(),
            "ctr": ctr.ravel(),
            "link_ctr": ctr.ravel() * 0.7,
            "cpm": cpm.ravel(),
            "frequency": frequency.ravel(),
            "impressions": impressions.ravel(),
            "true_log_cost": log_cost.ravel(),
            "present": rng.random(shape).ravel() >= gaps,
        }
    ).filter("present")
    return as_features(frame)


def as_features(frame):
    """Fill in what the features tables have beside the given figures of a week."""
    keyed = frame.with_columns(
        pl.format("act_{}", pl.col("account") + 1).alias("account_id"),
        pl.format("{}", pl.col("number") + 1000).alias("entity_id"),
        pl.format("set{}", pl.col("number") // SLOTS).alias("parent_id"),
        (pl.lit(MONDAY) + pl.duration(days=pl.col("t") * 7)).cast(pl.Date).alias("week"),
        pl.lit("ad").alias("level"),
        pl.lit("purchase").alias("result_family"),
        pl.lit("EUR").alias("currency"),
    ).sort("account_id", "entity_id", "week")
    by = ["account_id", "entity_id"]
    past = keyed.rolling("week", period="4w", closed="left", group_by=by).agg(
        pl.col("spend").sum().alias("baseline_spend"),
        pl.col("results").sum().alias("baseline_results"),
        pl.len().cast(pl.Int64).alias("baseline_weeks"),
    )
    month = keyed.rolling("week", period="4w", closed="right", group_by=by).agg(
        pl.col("spend").sum().alias("spend_30d"), pl.col("results").sum().alias("results_30d")
    )
    rows = keyed.join(past, on=[*by, "week"]).join(month, on=[*by, "week"])
    peers = ["account_id", "week", "parent_id"]
    before = [pl.col(c).shift(1).over(by).alias(f"{c}_before") for c in ("spend", "results", "ctr", "impressions")]
    rest_spend = pl.col("spend").sum().over(peers) - pl.col("spend")
    rest_results = pl.col("results").sum().over(peers) - pl.col("results")
    siblings = pl.when(rest_results > 0).then(rest_spend / rest_results)
    return (
        rows.with_columns(*before, siblings.alias("siblings_cpr_7d"))
        .with_columns(
            pl.when(pl.col("results") > 0).then(pl.col("spend") / pl.col("results")).alias("cpr"),
            (pl.col("spend") / pl.col("siblings_cpr_7d")).alias("expected_results_7d"),
            (pl.len().over(peers) - 1).cast(pl.Int64).alias("siblings"),
            (pl.col("spend") / pl.col("spend").sum().over(peers) * 100).alias("share_of_parent_spend_pct"),
            pl.col("spend").alias("spend_7d"),
            pl.col("results").alias("results_7d"),
            pl.col("ctr").alias("ctr_7d"),
            pl.col("impressions").alias("impressions_7d"),
            pl.col("spend_before").alias("spend_prev_7d"),
            pl.col("results_before").alias("results_prev_7d"),
            pl.col("ctr_before").alias("ctr_prev_7d"),
            pl.col("impressions_before").alias("impressions_prev_7d"),
            pl.col("spend_before").alias("spend_lag1"),
            pl.lit(7, dtype=pl.Int64).alias("days_active_7d"),
            pl.lit(28, dtype=pl.Int64).alias("days_active_30d"),
            pl.min_horizontal(pl.lit(7.0), pl.col("results")).cast(pl.Int64).alias("days_with_results_7d"),
            pl.lit(0.3).alias("cpr_volatility_30d"),
            (pl.col("t") + 0).cast(pl.Int64).alias("age_weeks"),
            pl.lit(None, dtype=pl.Float64).alias("relevance_health"),
            pl.lit(0.0).alias("frequency_slope_pct"),
            pl.lit(0.0).alias("ctr_slope_pct"),
            (pl.col("results") / (pl.col("impressions") * pl.col("link_ctr") / 100) * 100).alias("conversion_rate_7d"),
            (pl.col("week") + pl.duration(days=6)).cast(pl.Date).alias("as_of"),
            pl.lit(value=True).alias("is_complete"),
            pl.lit(value=True).alias("is_settled"),
        )
        .with_columns(
            ((pl.col("results") / pl.col("expected_results_7d") - 1) * 100).alias("performance_vs_siblings_pct"),
            ((pl.col("results") / pl.col("results_before") - 1) * 100).alias("results_trend_pct"),
            ((pl.col("ctr") / pl.col("ctr_before") - 1) * 100).alias("ctr_trend_pct"),
            pl.lit(None, dtype=pl.Float64).alias("conversion_rate_30d"),
        )
        .drop("account", "number", "t", "present", "spend_before", "results_before", "ctr_before", "impressions_before")
    )


def monday(n):
    return MONDAY + timedelta(weeks=n)


def world_of(*figures):
    """Features of (account, entity, week, spend, results)."""
    plain = {"ctr": 1.0, "link_ctr": 0.7, "cpm": 10.0, "frequency": 1.5, "true_log_cost": 0.0, "present": True}
    return as_features(
        pl.DataFrame(
            [
                {
                    "account": a,
                    "number": e,
                    "t": t,
                    "spend": float(s),
                    "results": float(r),
                    "impressions": 1000,
                    **plain,
                }
                for a, e, t, s, r in figures
            ]
        )
    )


def tiers_of(features, week, **more):
    made = classify("ad", features, [week], **more)
    return dict(made.select("entity_id", "tier").iter_rows())
