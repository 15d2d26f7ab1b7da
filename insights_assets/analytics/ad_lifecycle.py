"""Status of ads by cost against their own good cost, the chance of a way back, and how long ads last."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from insights_assets.analytics.burnout_panel import Floats, Panel, lagged, ordered, panels
from insights_assets.analytics.burnout_rows import FAMILY_SEPARATOR
from insights_assets.analytics.burnout_walk import every_monday
from insights_assets.analytics.survival import kaplan_meier
from insights_assets.tables.ad_lifecycle import AD_LIFECYCLE

GOOD_FROM, GOOD_UNTIL, LEAST_GOOD_WEEKS = 25, 2, 4
DEGRADED_RATIO, BURNT_RATIO = 1.2, 1.5
RECOVERY_WEEKS = 4
PSEUDO_CASES = 20.0
KEY = ["account_id", "ad_id"]


def ad_lifecycle(ad_weeks: pl.DataFrame, weeks: Sequence[date]) -> pl.DataFrame:
    """Compute the rows of `ad_lifecycle`.

    Args:
        ad_weeks: rows of `burnout_weeks` of all accounts up to the last week asked for.
        weeks: Mondays asked for.
    """
    asked = sorted(set(weeks) & set(ad_weeks["week"].unique()))
    if not asked:
        return AD_LIFECYCLE.empty()
    named = pl.concat_str("ad_id", "result_family", separator=FAMILY_SEPARATOR).alias("ad_id")
    frame = ordered(ad_weeks.with_columns(named))
    told = _told(frame)
    parts = [_pooled(told.filter(pl.col("week") <= week), week) for week in asked]
    split = pl.col("ad_id").str.split(FAMILY_SEPARATOR).list
    rows = pl.concat(parts).with_columns(split.get(1).alias("result_family"), split.get(0).alias("ad_id"))
    return AD_LIFECYCLE.conform(rows.select(list(AD_LIFECYCLE.schema)).sort(AD_LIFECYCLE.key))


def _told(frame: pl.DataFrame) -> pl.DataFrame:
    """Each ad week's costs and status."""
    n = frame.height
    good, ratio = np.full(n, np.nan), np.full(n, np.nan)
    for panel in panels(frame, pl.Series("week", every_monday(frame["week"]), dtype=pl.Date)):
        at = panel.row[panel.there]
        for target, values in zip((good, ratio), _costs(panel), strict=True):
            target[at] = values[panel.there]
    costs = frame.select(*KEY, "week").with_columns(
        pl.Series("good_cpr", good).fill_nan(None), pl.Series("cost_ratio", ratio).fill_nan(None)
    )
    burnt = (pl.col("cost_ratio") >= BURNT_RATIO).fill_null(value=False)
    since = (pl.col("week") - pl.when(burnt).then("week").forward_fill().over(KEY)).dt.total_days() // 7
    status = (
        pl.when(burnt)
        .then(pl.lit("burned_out"))
        .when(since <= RECOVERY_WEEKS)
        .then(pl.lit("recovering"))
        .when(pl.col("cost_ratio") >= DEGRADED_RATIO)
        .then(pl.lit("degraded"))
        .otherwise(pl.lit("healthy"))
    )
    first = pl.col("week").min().over(KEY)
    return (
        costs.sort(*KEY, "week")
        .with_columns(status.alias("status"), ((pl.col("week") - first).dt.total_days() // 7).alias("age_weeks"))
        .with_columns(pl.col("status").rle_id().over(KEY).alias("stretch"))
        .with_columns(pl.int_range(1, pl.len() + 1).over(*KEY, "stretch").alias("weeks_in_status"))
        .drop("stretch")
    )


def _costs(panel: Panel) -> tuple[Floats, Floats]:
    """Good cost, and cost of the last two weeks over it; as known at each close, nan where there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        weekly = [
            np.where(lagged(panel.spend, b) > 0, lagged(panel.spend, b) / panel.known(b), np.nan)
            for b in range(GOOD_UNTIL, GOOD_FROM + 1)
        ]
        ranked = np.sort(np.stack(weekly), axis=0)  # nan last
        known = (~np.isnan(ranked)).sum(axis=0)
        place = np.maximum(known - 1, 0) // 4
        good = np.take_along_axis(ranked, place[None], axis=0)[0]
        good = np.where((known >= LEAST_GOOD_WEEKS) & np.isfinite(good) & (good > 0), good, np.nan)
        # Half a result where there is none: spend without a result is costly, not unknown.
        found = np.maximum(panel.known(0) + panel.known(1), 0.5)
        return good, (panel.spend + lagged(panel.spend, 1)) / found / good


def _pooled(told: pl.DataFrame, week: date) -> pl.DataFrame:
    """One week's rows, with survival and recovery from what was known by then."""
    lives = told.group_by(KEY).agg(
        pl.col("age_weeks").filter(pl.col("status") == "burned_out").min().alias("burnt_at"),
        pl.col("age_weeks").max().alias("seen_until"),
    )
    died = lives["burnt_at"].is_not_null().to_numpy()
    ends = lives.select(pl.coalesce("burnt_at", "seen_until")).to_series().to_numpy()
    curve = kaplan_meier(ends, died)
    now = told.filter(pl.col("week") == week).join(lives.select(*KEY, "burnt_at"), on=KEY)
    age = now["age_weeks"].to_numpy()
    left = np.where(now["burnt_at"].is_null().to_numpy(), curve.median_left(age), np.nan)
    return now.with_columns(
        pl.Series("survival", curve.at(age)),
        pl.Series("median_weeks_left", left).fill_nan(None),
        pl.lit(curve.deaths, dtype=pl.Int64).alias("burnt_lives"),
        pl.lit(curve.censored, dtype=pl.Int64).alias("censored_lives"),
    ).join(_recovery(told, week), on="status", how="left")


def _recovery(told: pl.DataFrame, week: date) -> pl.DataFrame:
    """Share of degraded and of burnt-out ad weeks after which the cost was good again within four weeks.

    By the cost, not by the status: for four weeks after burning out an ad is called recovering, never healthy.
    """
    window = pl.duration(weeks=RECOVERY_WEEKS)
    good = told.filter(pl.col("cost_ratio") < DEGRADED_RATIO).select(*KEY, pl.col("week").alias("good_week"))
    cases = told.filter(pl.col("status").is_in(["degraded", "burned_out"]), pl.col("week") + window <= week)
    ahead = cases.sort("week").join_asof(
        good.sort("good_week"),
        left_on="week",
        right_on="good_week",
        by=KEY,
        strategy="forward",
        check_sortedness=False,
    )
    back = (pl.col("good_week") <= pl.col("week") + window).fill_null(value=False)
    shares = ahead.group_by("status").agg(
        ((back.sum() + PSEUDO_CASES / 2) / (pl.len() + PSEUDO_CASES)).alias("recovery_probability")
    )
    known = pl.DataFrame({"status": ["degraded", "burned_out"]}).join(shares, on="status", how="left")
    return known.with_columns(pl.col("recovery_probability").fill_null(0.5))
