"""Findings on days of campaigns, ad sets or ads: points that left their level, shifts, days without spend.

Seed 002 compared the last ad-row with a mean and standard deviation and tested the same day again each hour. Here a day
is tested once against the 28 before it (`daily_expectations`), counts as counts, with false-discovery control for each
account and day, and an episode is told once.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from insights_assets.analytics.account_groups import account_groups
from insights_assets.analytics.common_days import JUDGED_LEVELS, with_common_day
from insights_assets.analytics.composition import Parts, at_their_level
from insights_assets.analytics.daily_expectations import DAY, SERIES, day_expectations
from insights_assets.analytics.daily_findings import described
from insights_assets.analytics.daily_tests import LEAST_PCT, SHIFT_DAYS, point_tests, shift_tests
from insights_assets.analytics.noise import adjusted
from insights_assets.tables.anomalies import ANOMALIES_AD

GOOD = (("cpr", "down"), ("ctr", "up"))
BAD_RATE, GOOD_RATE = 0.05 / 7, 0.01 / 7
"""False-discovery rates of a day, for each metric and direction: seven days have that of a week (`discoveries`)."""

MIN_DAYS = 10
EPISODE_DAYS = 6
"""A day is news when the six before it told nothing alike."""
MOST_DAYS = 400_000


def daily_anomalies(
    days: pl.DataFrame,
    results_daily: pl.DataFrame,
    features: pl.DataFrame,
    weeks: Sequence[date],
    *,
    level: str,
    budgets: pl.DataFrame | None = None,
    made_of: Parts | None = None,
) -> pl.DataFrame:
    """Compute the daily findings of one level for the weeks given.

    Args:
        days: (account_id, entity_id, week, date, spend, impressions, clicks, frequency), from `entity_days`; frequency
            is null where none is served for a day. Optional columns: `completeness` (part of its results the day has
            seen, null where not known) and `is_settled` (false without it). Eleven weeks before the first one judged.
        results_daily: rows of `results_daily` of the level.
        features: rows of the level's features: the family of each week judged and of the week before it, and what
            preceded a finding.
        weeks: Mondays to judge.
        level: campaign, adset or ad.
        budgets: as in `weekly_anomalies`.
        made_of: as in `weekly_anomalies`.

    Returns:
        Findings with granularity day and status new. Days without delivery are not judged here (`delivery_stops`).
    """
    parts = [ANOMALIES_AD.empty()]
    for accounts in account_groups(days.group_by("account_id").len(), MOST_DAYS):
        mine = pl.col("account_id").is_in(accounts)
        known, counted = features.filter(mine), results_daily.filter(mine)
        own_days = _with_what_is_missing(days.filter(mine))
        family = known.select(*SERIES, "week").unique()
        own = _with_results(own_days.join(family, on=["account_id", "entity_id", "week"]), counted)
        # An episode that began in the week before is no news.
        judged = family.filter(pl.col("week").is_in([*weeks, *(w - timedelta(weeks=1) for w in weeks)]))
        past = own_days.join(judged.select(SERIES).unique(), on=["account_id", "entity_id"])
        rows = day_expectations(_with_results(past, counted), own).filter(pl.col("points") >= MIN_DAYS)
        rows = _with_budget_change(rows, budgets.filter(mine) if budgets is not None else None)
        if level in JUDGED_LEVELS:
            rows = with_common_day(rows)
        tests = pl.concat([point_tests(rows).with_columns(shift=False), shift_tests(rows).with_columns(shift=True)])
        began = pl.when("shift").then(pl.col("date").dt.offset_by(f"-{SHIFT_DAYS - 1}d")).otherwise("date")
        found = at_their_level(_news(tests), made_of and made_of.of(accounts), began, pl.col("date"))
        found = found.filter(pl.col("week").is_in(list(weeks)))
        parts.append(described(found, rows, known, level))
    return pl.concat(parts).sort("account_id", "week", "entity_id", "date", "anomaly_type", "metric")


def _with_results(days: pl.DataFrame, results_daily: pl.DataFrame) -> pl.DataFrame:
    counted = results_daily.select(*DAY, "results", pl.col("result_value").alias("value"))
    return days.join(counted, on=DAY, how="left").with_columns(pl.col("results", "value").fill_null(0.0))


def _with_what_is_missing(days: pl.DataFrame) -> pl.DataFrame:
    absent = [c for c in ("frequency", "completeness") if c not in days.columns]
    days = days.with_columns(pl.lit(None, dtype=pl.Float64).alias(c) for c in absent)
    return days if "is_settled" in days.columns else days.with_columns(pl.lit(value=False).alias("is_settled"))


def _with_budget_change(rows: pl.DataFrame, budgets: pl.DataFrame | None) -> pl.DataFrame:
    """Add `budget_change`: the week's daily budget against that of the week before; 1 where one is not known."""
    if budgets is None:
        return rows.with_columns(pl.lit(1.0).alias("budget_change"))
    keys = ["account_id", "week", "entity_id"]
    now = budgets.filter(pl.col("daily_budget") > 0).unique(keys, keep="last").select(*keys, "daily_budget")
    before = now.select("account_id", pl.col("week").dt.offset_by("1w"), "entity_id", budget_before="daily_budget")
    change = now.join(before, on=keys).select(
        *keys, (pl.col("daily_budget") / pl.col("budget_before")).alias("budget_change")
    )
    return rows.join(change, on=keys, how="left").with_columns(pl.col("budget_change").fill_null(1.0))


def _news(tests: pl.DataFrame) -> pl.DataFrame:
    """Keep what is beyond its least change and beyond chance, the first day of each episode.

    Days and shifts of a metric are tested together: a day has one share of false findings to spend on it.
    """
    limits = pl.DataFrame(
        [(m, d, t, limit) for (m, d), (t, limit) in LEAST_PCT.items()],
        schema={"metric": pl.String, "direction": pl.String, "anomaly_type": pl.String, "limit": pl.Float64},
        orient="row",
    )
    good = pl.any_horizontal((pl.col("metric") == m) & (pl.col("direction") == d) for m, d in GOOD)
    tests = tests.join(limits, on=["metric", "direction"]).with_columns(good.alias("good"))
    # No results is the dearest of outcomes: alone those days would be a family of nothing but extremes.
    dearer = (pl.col("metric") == "results") | ((pl.col("metric") == "cpr") & (pl.col("direction") == "up"))
    side = pl.when(dearer).then(pl.lit("cost")).otherwise(pl.concat_str("metric", "direction", separator=" "))
    family = ["account_id", "date", "family"]
    tests = tests.with_columns(side.alias("family")).with_columns(pl.len().over(family).alias("size"))
    tests = tests.filter(pl.col("p_value") <= BAD_RATE)
    tests = tests.with_columns(adjusted(tests, family, size="size").alias("q_value"))
    change = pl.when(pl.col("direction") == "up").then(pl.col("delta_pct")).otherwise(-pl.col("delta_pct"))
    limit = pl.when("good").then(GOOD_RATE).otherwise(BAD_RATE)
    told = tests.filter((change >= pl.col("limit")) & (pl.col("q_value") <= limit))
    kind = pl.when("shift").then(pl.lit("level_shift")).otherwise("anomaly_type")
    told = told.with_columns(kind.alias("anomaly_type"))
    episode = [*SERIES, "metric", "direction", "shift"]
    since = (pl.col("date") - pl.col("date").shift().over(episode)).dt.total_days()
    told = told.sort(*episode, "date").filter(since.is_null() | (since > EPISODE_DAYS))
    return told.drop("good", "family", "size")
