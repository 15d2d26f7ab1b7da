"""Tracking health: clicks that bring no results, results that drop, results that jump about, days that are missing.

Seed 000 compared raw counts of all families mixed; here each family is judged for its clicks, against chance.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from insights_assets.analytics.noise import count_p_values
from insights_assets.tables.tracking_health import TRACKING_HEALTH

NOT_TRACKED = ("click", "video_view")
"""Families that Meta counts itself: no pixel or form can fail."""
BASELINE_WEEKS, VOLATILITY_WEEKS = 8, 4
LEAST_EXPECTED = 10.0
DROPPED_TO = 0.3
CERTAIN = 0.005
FLOOR_VARIANCE = 0.05**2
LEAST_CLICKS = 50
LEAST_RESULTS = 5.0
CLICKS = ((200, "high"), (100, "medium"), (LEAST_CLICKS, "low"))
DROPS = ((90.0, "high"), (80.0, "medium"), (0.0, "low"))
VOLATILE = ((1.5, "high"), (1.0, "medium"), (0.8, "low"))
COST = {"high": 20, "medium": 10, "low": 5}
DAYS = 7
FAMILY = ["account_id", "result_family"]
WEEK = [*FAMILY, "week"]


def tracking_health(features_ad: pl.DataFrame, days: pl.DataFrame, weeks: Sequence[date]) -> pl.DataFrame:
    """Compute the rows of `tracking_health`.

    Args:
        features_ad: rows of `features_ad`, 8 weeks before the first asked one.
        days: (account_id, week, date), the days of `insights_daily`.
        weeks: Mondays asked for.

    Returns:
        One row an account, week and family with a tracker (not clicks, not video views). A running week has figures but
        only the issue of clicks without results: its results are still coming.
    """
    rows = features_ad.filter(~pl.col("result_family").is_in(NOT_TRACKED))
    clicks = (pl.col("link_ctr").fill_null(0.0) * pl.col("impressions") / 100).round()
    sums = rows.group_by(WEEK).agg(clicks.sum().alias("clicks"), pl.col("results").sum(), pl.col("is_complete").all())
    sums = sums.with_columns(
        pl.when(pl.col("clicks") > 0).then(pl.col("results") ** 2 / pl.col("clicks")).otherwise(0.0).alias("square")
    ).sort(WEEK)
    past = sums.rolling("week", period=f"{BASELINE_WEEKS}w", closed="left", group_by=FAMILY).agg(*_moments("past"))
    recent = sums.rolling("week", period=f"{VOLATILITY_WEEKS}w", closed="right", group_by=FAMILY).agg(
        *_moments("recent"), pl.col("results").max().alias("most")
    )
    frame = sums.join(past, on=WEEK).join(recent, on=WEEK).join(_days_seen(days), on=["account_id", "week"], how="left")
    frame = frame.filter(pl.col("week").is_in(list(weeks))).with_columns(
        pl.when((pl.col("past_clicks") > 0) & (pl.col("past_results") > 0))
        .then(pl.col("clicks") * pl.col("past_results") / pl.col("past_clicks"))
        .alias("expected_results"),
        pl.when((pl.col("recent_weeks") >= VOLATILITY_WEEKS) & (pl.col("recent_results") > 0))
        .then(_excess("recent").clip(lower_bound=0.0).sqrt())
        .alias("volatility"),
        (pl.col("seen") / pl.when("is_complete").then(DAYS).otherwise("so_far") * 100)
        .fill_null(0.0)
        .alias("coverage_pct"),
    )
    frame = _with_p_value(frame)
    change = (pl.col("results") - pl.col("expected_results")) / pl.col("expected_results") * 100
    frame = frame.with_columns(pl.when(pl.col("expected_results") > 0).then(change).alias("results_change_pct"))
    return _judged(frame)


def _moments(name: str) -> list[pl.Expr]:
    return [
        pl.len().alias(f"{name}_weeks"),
        *[pl.col(c).sum().round_sig_figs(12).alias(f"{name}_{c}") for c in ("clicks", "results", "square")],
    ]


def _excess(name: str) -> pl.Expr:
    """Relative variance of the weekly rate beyond counting."""
    total = pl.col(f"{name}_results")
    relative = pl.col(f"{name}_square") * pl.col(f"{name}_clicks") / total**2 - 1
    return relative - pl.col(f"{name}_weeks") / total


def _with_p_value(frame: pl.DataFrame) -> pl.DataFrame:
    known = frame.filter(pl.col("expected_results") > 0)
    variance = known.select(_excess("past").clip(lower_bound=FLOOR_VARIANCE) + 1 / pl.col("past_results")).to_series()
    few, _ = count_p_values(
        known["results"].to_numpy(),
        known["expected_results"].to_numpy(),
        variance.to_numpy(),
        known["past_weeks"].cast(pl.Float64).to_numpy(),
    )
    told = known.select(WEEK).with_columns(pl.Series("p_value", few, dtype=pl.Float64))
    return frame.join(told, on=WEEK, how="left")


def _days_seen(days: pl.DataFrame) -> pl.DataFrame:
    """Days with delivery of each account and week, and the days of the week up to the newest of them."""
    return days.group_by("account_id", "week").agg(
        pl.col("date").n_unique().alias("seen"),
        ((pl.col("date").max() - pl.col("week").first()).dt.total_days() + 1).alias("so_far"),
    )


def _judged(frame: pl.DataFrame) -> pl.DataFrame:
    expected, done = pl.col("expected_results"), pl.col("is_complete")
    unlikely = pl.col("p_value").fill_null(0.0) <= CERTAIN
    none = (pl.col("results") == 0) & (pl.col("clicks") > LEAST_CLICKS) & unlikely
    dropped = (
        done
        & (pl.col("results") > 0)
        & (expected >= LEAST_EXPECTED)
        & (pl.col("results") < DROPPED_TO * expected)
        & unlikely
    )
    volatile = done & (pl.col("volatility") > VOLATILE[-1][0]) & (pl.col("most") > LEAST_RESULTS)
    missing = done & (pl.col("coverage_pct") < 100)  # noqa: PLR2004
    grades = {
        "clicks_no_results": pl.when(none).then(_grade(pl.col("clicks"), CLICKS)),
        "results_dropped": pl.when(dropped).then(_grade(-pl.col("results_change_pct"), DROPS)),
        "high_volatility": pl.when(volatile).then(_grade(pl.col("volatility"), VOLATILE)),
        "days_missing": pl.when(missing).then(pl.lit("low")),
    }
    frame = frame.with_columns(grade.alias(name) for name, grade in grades.items())
    lost = [pl.col(n).replace_strict(COST, default=0, return_dtype=pl.Int64).fill_null(0) for n in grades]
    frame = frame.with_columns((100 - pl.sum_horizontal(lost)).clip(0, 100).alias("score"))
    healthy, warning = 80, 50
    names = [pl.when(pl.col(n).is_not_null()).then(pl.lit(n)) for n in grades]
    rows = frame.with_columns(
        pl.concat_list(names).list.drop_nulls().list.join(",").alias("issues"),
        pl.when(pl.col("score") >= healthy)
        .then(pl.lit("healthy"))
        .when(pl.col("score") >= warning)
        .then(pl.lit("warning"))
        .otherwise(pl.lit("critical"))
        .alias("status"),
        pl.col("clicks").cast(pl.Int64).alias("link_clicks"),
    )
    return TRACKING_HEALTH.conform(rows.select(list(TRACKING_HEALTH.schema)).sort(TRACKING_HEALTH.key))


def _grade(value: pl.Expr, steps: tuple[tuple[float, str], ...]) -> pl.Expr:
    out = pl.lit(steps[-1][1])
    for least, name in reversed(steps[:-1]):
        out = pl.when(value > least).then(pl.lit(name)).otherwise(out)
    return out
