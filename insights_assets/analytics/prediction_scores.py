"""Predictions beside their truth, and what the errors of many of them amount to.

Scores are kept by the week that the truth lies in: all that a score needs lies before it, so a partition never waits
for a later one, and a week whose results Meta restates is scored again when it is read again.
"""

import polars as pl

from insights_assets.tables.prediction_scores import PREDICTION_SCORES

PARTITION = ["account_id", "week"]
# What only a forecast with intervals and a scale of its history has.
OF_FORECASTS = ("in_interval", "in_interval_80", "seasonal_naive_error", "scaled_error", "scaled_naive_error")
ACCURACY = ["kind", "level", "metric", "grain", "horizon"]


def truths(daily: pl.DataFrame, weekly: pl.DataFrame) -> pl.DataFrame:
    """Arrange stored results as truths.

    Args:
        daily: account_id, week, date, level, entity_id, result_family, results, spend, is_settled, account level
            included.
        weekly: the same without date.

    Returns:
        account_id, week, level, entity_id, grain, ds, result_family, results, spend, is_settled.
    """
    parts = [
        rows.with_columns(pl.lit(grain).alias("grain"), pl.col(time).alias("ds"))
        for rows, grain, time in ((daily, "day", "date"), (weekly, "week", "week"))
    ]
    columns = [*PARTITION, "level", "entity_id", "grain", "ds", "result_family", "results", "spend", "is_settled"]
    return pl.concat([part.select(columns) for part in parts])


def score_forecasts(forecasts: pl.DataFrame, truth: pl.DataFrame, closed: pl.DataFrame) -> pl.DataFrame:
    """Hold forecasts against what happened.

    Args:
        forecasts: rows of `forecasts_<level>` (any levels) whose `ds` lies in the closed weeks.
        truth: from `truths`, of those weeks.
        closed: account_id, week, is_settled of the weeks that are over and were read since; others are not scored.

    Returns:
        Rows of `prediction_scores`. An entity that has no row in a closed week spent nothing and got nothing. A cost is
        scored only where there was a result and one was expected.
    """
    due = (
        forecasts.rename({"week": "origin_week"})
        .with_columns(pl.col("ds").dt.truncate("1w").alias("week"))
        .join(closed.rename({"is_settled": "settled_week"}), on=PARTITION, how="inner")
    )
    entity = [*PARTITION, "level", "entity_id", "grain", "ds"]
    spend = truth.group_by(entity).agg(pl.col("spend").max(), pl.col("is_settled").all())
    results = truth.group_by(*entity, "result_family").agg(pl.col("results").sum())
    happened = due.join(spend, on=entity, how="left").join(results, on=[*entity, "result_family"], how="left")
    cost = pl.when(pl.col("results") > 0).then(pl.col("spend") / pl.col("results"))
    actual = (
        pl.when(pl.col("metric") == "spend")
        .then(pl.col("spend").fill_null(0.0))
        .when(pl.col("metric") == "results")
        .then(pl.col("results").fill_null(0.0))
        .otherwise(cost)
    )
    return _scored(
        happened.with_columns(
            actual.alias("actual"),
            pl.col("mean").alias("predicted"),
            pl.coalesce("is_settled", "settled_week").alias("is_settled"),
            pl.lit("forecast").alias("kind"),
        ).filter(pl.col("actual").is_not_null() & pl.col("predicted").is_not_null())
    )


def score_burnout(predictions: pl.DataFrame, outcomes: pl.DataFrame, closed: pl.DataFrame) -> pl.DataFrame:
    """Hold burnout risks against what happened.

    Args:
        predictions: rows of `burnout_predictions`.
        outcomes: from `burnout_outcomes.observed_burnout`, of the weeks in which their outcomes lie.
        closed: account_id, week, is_settled of the weeks that are over and were read since; others are not scored.

    Returns:
        Rows of `prediction_scores` whose actual is 1 for an ad that burnt out, else 0; the mean of the squared error is
        the Brier score, and the naive prediction is the share of burnt ads that the model had learnt from.
    """
    pair = ["account_id", "entity_id", "origin_week", "horizon"]
    told = predictions.rename({"ad_id": "entity_id", "week": "origin_week", "horizon_weeks": "horizon"})
    known = outcomes.rename({"week": "origin_week", "horizon_weeks": "horizon", "outcome_week": "week"})
    burnt = pl.col("burnt").cast(pl.Float64)
    return (
        told.join(known.select(*pair, "week", "burnt"), on=pair, how="inner")
        .join(closed, on=PARTITION, how="inner")
        .with_columns(
            pl.lit("burnout").alias("kind"),
            pl.lit("ad").alias("level"),
            pl.lit("burnt").alias("metric"),
            pl.lit("week").alias("grain"),
            pl.col("week").alias("ds"),
            pl.col("risk_score").alias("predicted"),
            burnt.alias("actual"),
            (pl.col("risk_score") - burnt).alias("error"),
            (pl.col("base_rate") - burnt).alias("naive_error"),
            pl.col("model_version").alias("model"),
            *(pl.lit(None, dtype=PREDICTION_SCORES.schema[c]).alias(c) for c in OF_FORECASTS),
        )
        .select(list(PREDICTION_SCORES.schema))
        .sort(PREDICTION_SCORES.key)
    )


def _scored(rows: pl.DataFrame) -> pl.DataFrame:
    actual = pl.col("actual")
    scale = pl.when(pl.col("scale") > 0).then("scale")
    return (
        rows.with_columns(
            (pl.col("predicted") - actual).alias("error"),
            (pl.col("naive") - actual).alias("naive_error"),
            (pl.col("seasonal_naive") - actual).alias("seasonal_naive_error"),
            actual.is_between(pl.col("lo_95"), pl.col("hi_95")).alias("in_interval"),
            actual.is_between(pl.col("lo_80"), pl.col("hi_80")).alias("in_interval_80"),
        )
        .with_columns(
            (pl.col("error") / scale).alias("scaled_error"), (pl.col("naive_error") / scale).alias("scaled_naive_error")
        )
        .select(list(PREDICTION_SCORES.schema))
        .sort(PREDICTION_SCORES.key)
    )


def accuracy(scores: pl.DataFrame) -> pl.DataFrame:
    """Sum scores up by kind, level, metric, grain and horizon, over accounts of any currency.

    Args:
        scores: rows of `prediction_scores`.

    Returns:
        `ACCURACY`, scores, accounts, mase, naive_mase, ratio_to_naive (of the rows that have both, a ratio of sums),
        bias (mean of error / scale), coverage_80, coverage_95; errors are in units of each series' own scale.
    """
    size, naive = pl.col("scaled_error").abs(), pl.col("scaled_naive_error").abs()
    both = pl.col("scaled_naive_error").is_not_null()
    return (
        scores.filter(pl.col("scaled_error").is_not_null())
        .group_by(ACCURACY)
        .agg(
            pl.len().cast(pl.Int64).alias("scores"),
            pl.col("account_id").n_unique().cast(pl.Int64).alias("accounts"),
            size.mean().alias("mase"),
            naive.mean().alias("naive_mase"),
            pl.when(naive.sum() > 0).then(size.filter(both).sum() / naive.sum()).alias("ratio_to_naive"),
            pl.col("scaled_error").mean().alias("bias"),
            pl.col("in_interval_80").mean().alias("coverage_80"),
            pl.col("in_interval").mean().alias("coverage_95"),
        )
        .sort(ACCURACY)
    )


def brier(scores: pl.DataFrame) -> pl.DataFrame:
    """Sum the scores of probabilities up by horizon.

    Args:
        scores: rows of `prediction_scores` of kind burnout.

    Returns:
        horizon, scores, base_rate, brier, naive_brier (of always saying the rate learnt from).
    """
    return (
        scores.group_by("horizon")
        .agg(
            pl.len().cast(pl.Int64).alias("scores"),
            pl.col("actual").mean().alias("base_rate"),
            (pl.col("error") ** 2).mean().alias("brier"),
            (pl.col("naive_error") ** 2).mean().alias("naive_brier"),
        )
        .sort("horizon")
    )
