"""Findings on days of campaigns, ad sets or ads: points that left their level, shifts, days without spend.

Seed 002 compared the last ad-row with a mean and standard deviation and tested the same day again each hour. Here a day
is tested once against the 28 before it (`daily_expectations`), counts as counts, with false-discovery control for each
account and day, and an episode is told once.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from insights_assets.analytics.account_groups import by_account_group
from insights_assets.analytics.common_days import JUDGED_LEVELS, with_common_day
from insights_assets.analytics.composition import Parts, at_their_level
from insights_assets.analytics.daily_expectations import DAY, HISTORY_DAYS, day_expectations
from insights_assets.analytics.daily_facts import NAMES, daily_facts
from insights_assets.analytics.daily_findings import described
from insights_assets.analytics.daily_tests import (
    BAD_RATE,
    FAMILY,
    LEAST_PCT,
    SHIFT_DAYS,
    Tests,
    point_tests,
    shift_tests,
)
from insights_assets.analytics.findings import is_good
from insights_assets.analytics.maturity import NO_BUDGETS
from insights_assets.analytics.noise import adjusted
from insights_assets.tables.anomalies import ANOMALIES_AD

GOOD_RATE = 0.01 / 7
"""False-discovery rate of good news of a day, as `daily_tests.BAD_RATE`."""

MIN_DAYS = 10
EPISODE_DAYS = 6
"""A day is news when the six before it told nothing alike."""
MOST_DAYS = 200_000
"""Entity-days judged at once in each of two threads."""


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

    def of_group(
        own_days: pl.DataFrame, counted: pl.DataFrame, known: pl.DataFrame, owned: pl.DataFrame, *inside: pl.DataFrame
    ) -> pl.DataFrame:
        made = made_of and Parts(made_of.level, *inside)
        return described(_findings(own_days, counted, known, owned, made, weeks, level), known, level)

    frames = [_with_what_is_missing(days), results_daily, features, NO_BUDGETS if budgets is None else budgets]
    if made_of:
        frames += [made_of.days, made_of.results]
    found = pl.concat([ANOMALIES_AD.empty(), *by_account_group(frames, MOST_DAYS, of_group)])
    return found.sort("account_id", "week", "entity_id", "date", "anomaly_type", "metric")


def _findings(
    days: pl.DataFrame,
    results_daily: pl.DataFrame,
    features: pl.DataFrame,
    budgets: pl.DataFrame,
    made_of: Parts | None,
    weeks: Sequence[date],
    level: str,
) -> pl.DataFrame:
    family = features.select(*NAMES, "week").unique()
    facts = daily_facts(days, results_daily, family)
    # An episode that began in the week before is no news.
    judged = family.filter(pl.col("week").is_in([*weeks, *(w - timedelta(weeks=1) for w in weeks)]))
    rows = day_expectations(facts.of_series(judged), facts.own).filter(pl.col("points") >= MIN_DAYS)
    rows = _with_budget_change(rows, budgets, facts.names)
    if level in JUDGED_LEVELS:
        rows = with_common_day(rows)
    told = _news([*point_tests(rows), *shift_tests(rows)])
    named = told.join(facts.names, on="series", maintain_order="left")
    began = pl.when("shift").then(pl.col("date").dt.offset_by(f"-{SHIFT_DAYS - 1}d")).otherwise("date")
    found = at_their_level(named, made_of, began, pl.col("date")).filter(pl.col("week").is_in(list(weeks)))
    return found.join(_moved(rows.join(found, on=DAY, how="semi")), on=DAY, how="left", maintain_order="left")


def _with_what_is_missing(days: pl.DataFrame) -> pl.DataFrame:
    absent = [c for c in ("frequency", "completeness") if c not in days.columns]
    days = days.with_columns(pl.lit(None, dtype=pl.Float64).alias(c) for c in absent)
    return days if "is_settled" in days.columns else days.with_columns(pl.lit(value=False).alias("is_settled"))


def _with_budget_change(rows: pl.DataFrame, budgets: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """Add `budget_change`: the week's daily budget against that of the week before; 1 where one is not known."""
    keys = ["account_id", "week", "entity_id"]
    now = budgets.filter(pl.col("daily_budget") > 0).unique(keys, keep="last").select(*keys, "daily_budget")
    before = now.select("account_id", pl.col("week").dt.offset_by("1w"), "entity_id", budget_before="daily_budget")
    change = now.join(before, on=keys).join(names, on=["account_id", "entity_id"])
    change = change.select("series", "week", (pl.col("daily_budget") / pl.col("budget_before")).alias("budget_change"))
    return rows.join(change, on=["series", "week"], how="left", maintain_order="left").with_columns(
        pl.col("budget_change").fill_null(1.0)
    )


def _news(tests: Sequence[Tests]) -> pl.DataFrame:
    """Keep what is beyond its least change and beyond chance, the first day of each episode.

    Days and shifts of a metric are tested together: a day has one share of false findings to spend on it.
    """
    limits = pl.DataFrame(
        [(m, d, t, limit) for (m, d), (t, limit) in LEAST_PCT.items()],
        schema={"metric": pl.String, "direction": pl.String, "anomaly_type": pl.String, "limit": pl.Float64},
        orient="row",
    )
    size = pl.concat(t.made for t in tests).group_by(FAMILY).agg(pl.col("size").sum())
    told = pl.concat(t.proven for t in tests).join(size, on=FAMILY, how="left", maintain_order="left")
    told = told.with_columns(adjusted(told, FAMILY, size="size").alias("q_value"))
    told = told.join(limits, on=["metric", "direction"], maintain_order="left")
    change = pl.when(pl.col("direction") == "up").then(pl.col("delta_pct")).otherwise(-pl.col("delta_pct"))
    limit = pl.when(is_good()).then(GOOD_RATE).otherwise(BAD_RATE)
    told = told.filter((change >= pl.col("limit")) & (pl.col("q_value") <= limit))
    kind = pl.when("shift").then(pl.lit("level_shift")).otherwise("anomaly_type")
    told = told.with_columns(kind.alias("anomaly_type"))
    episode = ["series", "metric", "direction", "shift"]
    since = (pl.col("date") - pl.col("date").shift().over(episode)).dt.total_days()
    told = told.sort(*episode, "date").filter(since.is_null() | (since > EPISODE_DAYS))
    return told.drop("family", "size")


def _moved(rows: pl.DataFrame) -> pl.DataFrame:
    """Changes of the day that make results dearer, and how much of the 28 days was seen."""
    ctr = pl.col("clicks") / pl.col("impressions") / (pl.col("ctr_rate") * pl.col("ctr_season"))
    return rows.select(
        *DAY,
        ((pl.col("frequency") / pl.col("frequency_log").exp() - 1) * 100).alias("frequency_delta_pct"),
        pl.when((pl.col("impressions") > 0) & (pl.col("ctr_rate") > 0)).then((ctr - 1) * 100).alias("ctr_delta_pct"),
        pl.when(pl.col("impressions") > 0)
        .then((pl.col("spend") / pl.col("impressions") * 1000 / pl.col("cpm_rate") - 1) * 100)
        .alias("cpm_delta_pct"),
        (pl.col("points") / HISTORY_DAYS).clip(upper_bound=1.0).alias("seen"),
    )
