"""What became of the ads in `features_ad`, and how good stored predictions of it were."""

import numpy as np
import polars as pl

from insights_assets.analytics.burnout_baseline import BURNT_RATIO, HORIZONS, MEDIAN_WEEKS
from insights_assets.analytics.burnout_quality import qualities

MIN_MEDIAN_WEEKS = 2
KEY = ["account_id", "entity_id", "week"]


def cost_median(features: pl.DataFrame) -> pl.DataFrame:
    """Median CPR of the calendar weeks t-3 to t, as known at the end of t.

    Args:
        features: rows of `features_ad`.

    Returns:
        account_id, entity_id, week, result_family, cpr_median. Only complete weeks of the same family count, at least
        2; one without results counts as infinitely costly. Null where that makes the median infinite.
    """
    group = ["account_id", "entity_id", "result_family"]
    # A free result (spend 0, conversions credited late) says nothing about cost.
    cost = pl.when(pl.col("cpr") > 0).then("cpr").when(pl.col("spend") > 0).then(float("inf"))
    median = pl.col("__cost__").median()
    return (
        features.sort(*group, "week")
        .with_columns(pl.when("is_complete").then(cost).alias("__cost__"))
        .rolling("week", period=f"{MEDIAN_WEEKS}w", closed="right", group_by=group)
        .agg(
            pl.when((pl.col("__cost__").count() >= MIN_MEDIAN_WEEKS) & median.is_finite())
            .then(median)
            .alias("cpr_median")
        )
    )


def observed_burnout(features: pl.DataFrame) -> pl.DataFrame:
    """Label each ad-week with what happened 1 and 2 calendar weeks later.

    Args:
        features: rows of `features_ad`.

    Returns:
        account_id, entity_id, week, horizon_weeks, outcome_week, cpr_median, burnt, log_change. `burnt`: the CPR of
        the outcome week exceeds 1.2 x the median known at `week`, or the ad spent and got nothing. `log_change` is
        log(CPR / median); without results CPR is at least the spend, and at least the burnt threshold, so that bound
        stands for it. No row where the outcome week is missing, running, without spend or of another family.
    """
    start = cost_median(features).filter(pl.col("cpr_median") > 0)
    outcome = features.filter(pl.col("is_complete") & (pl.col("spend") > 0)).select(
        "account_id", "entity_id", "result_family", pl.col("week").alias("outcome_week"), "spend", "results", "cpr"
    )
    on = ["account_id", "entity_id", "result_family", "outcome_week"]
    limit = BURNT_RATIO * pl.col("cpr_median")
    none = pl.col("results") == 0
    cost = pl.when(none).then(pl.max_horizontal(pl.col("spend"), limit)).otherwise(pl.col("cpr"))
    parts = [
        start.with_columns(
            pl.lit(h, dtype=pl.Int64).alias("horizon_weeks"), pl.col("week").dt.offset_by(f"{h}w").alias("outcome_week")
        ).join(outcome, on=on, how="inner")
        for h in HORIZONS
    ]
    return (
        pl.concat(parts)
        .with_columns(
            (none | (pl.col("cpr") > limit)).alias("burnt"), (cost / pl.col("cpr_median")).log().alias("log_change")
        )
        .select(*KEY, "horizon_weeks", "outcome_week", "cpr_median", "burnt", "log_change")
        .sort(*KEY, "horizon_weeks")
    )


def burnout_quality(predictions: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    """Score predictions whose truth has arrived.

    Args:
        predictions: rows of `burnout_predictions`.
        outcomes: what `observed_burnout` returns.

    Returns:
        horizon_weeks, pairs, base_rate, auc (chance that a burnt ad has the higher risk; ties half; null if one class
        is missing), brier, brier_base (of always saying the base rate).
    """
    joined = predictions.join(
        outcomes.rename({"entity_id": "ad_id"}), on=["account_id", "ad_id", "week", "horizon_weeks"], how="inner"
    )
    rows = []
    for (horizon,), group in joined.group_by("horizon_weeks"):
        told = qualities(group["risk_score"].to_numpy(), group["burnt"].to_numpy().astype(np.float64))
        base = told.base_rate
        rows.append((horizon, told.pairs, base, told.auc, told.brier, base * (1 - base)))
    names = {"horizon_weeks": pl.Int64, "pairs": pl.Int64, "base_rate": pl.Float64}
    schema = {**names, "auc": pl.Float64, "brier": pl.Float64, "brier_base": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("horizon_weeks")
