"""Forecasts of an account's entities: spend and results by day and week, cost per result from both."""

from collections.abc import Mapping

import polars as pl

from insights_assets.analytics.completeness_factors import Factors
from insights_assets.analytics.forecast_costs import cost_per_result
from insights_assets.analytics.forecast_history import ENTITY, Facts, filled, known_days, known_weeks, living
from insights_assets.analytics.forecasts import forecast
from insights_assets.tables.forecasts import DAYS_AHEAD, FORECASTS, WEEKS_AHEAD

MODEL = "structural bank, 1"
COST_MODEL = "spend / results of structural bank, 1"

HELPERS: Mapping[str, str] = {"account": "campaign", "campaign": "account", "adset": "campaign", "ad": "adset"}
"""The level that is forecast along with each, so that a short history can lean on its parent or children."""

GRAINS = {"day": ("1d", 7, DAYS_AHEAD, 7), "week": ("1w", 52, WEEKS_AHEAD, 52)}
"""Grain -> step, season length, horizon, steps back of the seasonal naive forecast."""
ACCOUNT = "account"
FEW_STEPS = 20
"""Steps of an account's series at which their correlation counts by half."""
MOST_SHARED = 0.9
FEWEST_CHANGES = 4
"""Changes of a history below which it has no scale: an error of one over a chance lull says nothing."""
SHOWN_DIGITS = 6
"""Significant digits that are kept: sums in another order differ in the 16th, weights in the 7th."""
VALUES = ("mean", "lo_80", "hi_80", "lo_95", "hi_95", "naive", "seasonal_naive", "scale")


def level_forecasts(
    level: str, facts: Facts, origins: pl.DataFrame, recent: pl.DataFrame, completeness: Factors
) -> pl.DataFrame:
    """Forecast every living entity of a level from each origin.

    Series of one account and origin share what is typical (weights, scales, intervals), siblings first; nothing is
    learnt across accounts or origins, so a partition's rows do not depend on what else the run covers.

    Args:
        level: account, campaign, adset or ad.
        facts: rows of that level and of `HELPERS[level]`.
        origins: from `forecast_origins.known_origins`.
        recent: from `forecast_origins.recent_weeks`.
        completeness: factors of the origins' weeks.

    Returns:
        Rows of `forecasts_<level>`.
    """
    table = FORECASTS[level]
    entities = living(facts, origins)
    if not entities.filter(pl.col("level") == level).height:
        return table.empty()
    named = entities.with_row_index("unique_id").with_columns(
        pl.format("{}", pl.col("unique_id").cast(pl.String).str.zfill(9)).alias("unique_id"),
        _group(level).alias("group"),
        pl.format("{} {}", "account_id", "origin").alias("pool"),
    )
    days = known_days(facts, entities, recent, completeness)
    known = {"day": days, "week": known_weeks(facts, entities, days)}
    parts = [
        _grain(grain, named, filled(rows, GRAINS[grain][0], facts.read_weeks), level) for grain, rows in known.items()
    ]
    rounded = pl.concat(parts).with_columns(pl.col(VALUES).round_sig_figs(SHOWN_DIGITS))
    return rounded.rename({"origin": "week"}).select(list(table.schema)).sort(table.key)


def _group(level: str) -> pl.Expr:
    """Siblings and their parent: the parent of an entity of the level, the parent itself beside them."""
    child = pl.col("level") == (level if level != ACCOUNT else HELPERS[level])
    return pl.when(child).then(pl.col("parent_id")).otherwise(pl.col("entity_id"))


def _grain(grain: str, named: pl.DataFrame, history: pl.DataFrame, level: str) -> pl.DataFrame:
    """Rows of all metrics of one grain."""
    _, season, horizon, back = GRAINS[grain]
    series = history.join(named, on=ENTITY, how="inner").sort("unique_id", "ds")
    groups, pools = (dict(named.select("unique_id", name).iter_rows()) for name in ("group", "pool"))
    told: dict[str, pl.DataFrame] = {}
    for metric in ("spend", "results"):
        frame = series.select("unique_id", "ds", pl.col(metric).alias("y"))
        told[metric] = forecast(frame, horizon, season, groups, pools)
    shared = named.select("unique_id", "pool").join(_correlation(series), on="pool", how="left")
    spend = told["spend"].join(shared, on="unique_id", how="left").with_columns(pl.col("correlation").fill_null(0.0))
    told["cpr"] = cost_per_result(spend, told["results"], "correlation")
    cost = pl.when(pl.col("results") > 0).then(pl.col("spend") / pl.col("results")).alias("cpr")
    values = series.with_columns(cost)
    chosen = named.filter(pl.col("level") == level)
    return pl.concat(
        [
            _rows(
                told[metric], values.select("unique_id", "ds", pl.col(metric).alias("y")), back, chosen, grain
            ).with_columns(
                pl.lit(metric).alias("metric"),
                pl.lit(COST_MODEL if metric == "cpr" else MODEL).alias("model"),
                (pl.lit(None, pl.String) if metric == "spend" else pl.col("result_family")).alias("result_family"),
            )
            for metric in told
        ]
    )


def _correlation(series: pl.DataFrame) -> pl.DataFrame:
    """How far results move with spend: correlation of their steps' logarithms in each pool, shrunk to none."""
    steps = [pl.col(name).log().diff().over("unique_id") for name in ("spend", "results")]
    both = series.filter((pl.col("spend") > 0) & (pl.col("results") > 0)).select("pool", x=steps[0], y=steps[1])
    x, y, count = pl.col("x"), pl.col("y"), pl.len()
    known = (x * y).sum() / ((x**2).sum() * (y**2).sum()).sqrt()
    shrunk = (known * count / (count + FEW_STEPS)).fill_nan(0.0).clip(0.0, MOST_SHARED)
    return both.drop_nulls().group_by("pool").agg(shrunk.alias("correlation"))


def _rows(told: pl.DataFrame, values: pl.DataFrame, back: int, chosen: pl.DataFrame, grain: str) -> pl.DataFrame:
    """Forecasts of one metric with their entity, horizon and naive forecasts."""
    span = "1d" if grain == "day" else "1w"
    known = values.drop_nulls("y").sort("unique_id", "ds")
    naive = known.group_by("unique_id").agg(
        pl.col("y").last().alias("naive"),
        pl.when(pl.len() > FEWEST_CHANGES).then(pl.col("y").diff().abs().mean()).alias("scale"),
        pl.len().cast(pl.Int64).alias("points"),
    )
    before = known.select(
        "unique_id", pl.col("ds").dt.offset_by(f"{back}{span[-1]}").alias("ds"), pl.col("y").alias("seasonal_naive")
    )
    end = pl.col("origin").dt.offset_by("6d") if grain == "day" else pl.col("origin")
    size = 1 if grain == "day" else 7
    return (
        told.join(chosen, on="unique_id", how="inner")
        .join(naive, on="unique_id", how="left")
        .join(before, on=["unique_id", "ds"], how="left")
        .with_columns(
            pl.lit(grain).alias("grain"),
            ((pl.col("ds") - end).dt.total_days() // size).alias("horizon"),
            pl.col("points").fill_null(0),
        )
    )
