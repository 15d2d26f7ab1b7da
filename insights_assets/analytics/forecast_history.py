"""The past of each entity as it was known at an origin: days and weeks of spend and results, zeros and gaps kept.

A day on which nothing was delivered is 0, a week that was never read is unknown. The newest five weeks are as they were
read by then, each day divided by how complete days of its age usually are; older ones are settled and taken as stored.
"""

from dataclasses import dataclass

import polars as pl

from insights_assets.analytics.completeness_factors import Factors, completeness_factor
from insights_assets.analytics.forecast_origins import ORIGIN, PARTITION, RECENT_WEEKS
from insights_assets.tables.completeness import SETTLED_AGE
from insights_assets.tables.restatements import RESULTS_PREFIX

DAILY_WEEKS = 13
"""Weeks of days that a daily forecast learns from: a quarter; two kept the error and took twice the time."""
WEEKLY_WEEKS = 104
"""Weeks that a weekly forecast learns from: two years, of which a season shows from 78 weeks on."""
ALIVE_WEEKS = 4
"""Weeks, the origin's included, in which an entity must have spent: what ended longer ago is not forecast."""
LEAST_COMPLETE = 0.2
"""Factor below which a day is not made up any further: five times too little is more likely a wrong factor."""

ENTITY = ["account_id", "origin", "level", "entity_id"]


@dataclass(frozen=True)
class Facts:
    """What a level's entities did, as it is stored.

    Attributes:
        daily: account_id, week, date, level, entity_id, result_family, results, spend (the whole spend, repeated in
            each family's row), primary_spend (spend of what the family is primary for, else 0).
        weekly: account_id, week, level, entity_id, parent_id, result_family, results, spend.
        deltas: account_id, origin, week, date, level, entity_id, metric, delta: from the stored value to the one known.
        read_weeks: account_id, week of the weeks that were read.
    """

    daily: pl.DataFrame
    weekly: pl.DataFrame
    deltas: pl.DataFrame
    read_weeks: pl.DataFrame


def living(facts: Facts, origins: pl.DataFrame) -> pl.DataFrame:
    """Name the entities that are forecast at each origin: those that spent in the 4 weeks up to it.

    Returns:
        account_id, origin, level, entity_id, parent_id (the newest by then), result_family (the primary one by spend of
        those 4 weeks, ties by name).
    """
    own = ["account_id", "level", "entity_id"]
    by_family = (
        facts.daily.group_by(*own, "week", "result_family")
        .agg(pl.col("primary_spend").sum())
        .join(_window(origins, ALIVE_WEEKS), on=PARTITION, how="inner")
        .group_by(*ENTITY, "result_family")
        .agg(pl.col("primary_spend").sum())
        .filter(pl.col("primary_spend") > 0)
        .sort(*ENTITY, "primary_spend", "result_family", descending=[False] * len(ENTITY) + [True, False])
        .unique(ENTITY, keep="first", maintain_order=True)
    )
    parents = facts.weekly.select(*own, "week", "parent_id").unique([*own, "week"]).sort("week")
    return (
        by_family.sort("origin")
        .join_asof(parents, left_on="origin", right_on="week", by=own, strategy="backward", check_sortedness=False)
        .select(*ENTITY, "parent_id", "result_family")
        .sort(ENTITY)
    )


def known_days(facts: Facts, entities: pl.DataFrame, recent: pl.DataFrame, completeness: Factors) -> pl.DataFrame:
    """Collect the days of each entity as they were known at its origin.

    Args:
        facts: stored rows.
        entities: from `living`.
        recent: from `forecast_origins.recent_weeks`.
        completeness: factors of the origins' weeks.

    Returns:
        ENTITY, week, date, spend, results: of the days with a row in the 13 weeks up to the origin; results are those
        of the entity's family, made up for what was still to come.
    """
    origins = entities.select(ORIGIN).unique()
    rows = facts.daily.join(_window(origins, DAILY_WEEKS), on=PARTITION, how="inner").join(
        entities, on=ENTITY, how="inner", suffix="_chosen"
    )
    stored = rows.group_by(*ENTITY, "week", "date").agg(
        pl.col("spend").max(), pl.col("results").filter(pl.col("result_family") == pl.col("result_family_chosen")).sum()
    )
    changed = facts.deltas.join(entities, on=ENTITY, how="inner")
    is_results = pl.col("metric") == RESULTS_PREFIX + pl.col("result_family")
    corrections = changed.select(
        *ENTITY,
        "week",
        "date",
        pl.when(pl.col("metric") == "spend").then("delta").otherwise(0.0).alias("spend"),
        pl.when(is_results).then("delta").otherwise(0.0).alias("results"),
    )
    days = (
        pl.concat([stored, corrections.select(stored.columns)])
        .group_by(*ENTITY, "week", "date")
        .agg(pl.col("spend", "results").sum().clip(lower_bound=0.0))
        .join(entities.select(*ENTITY, "result_family"), on=ENTITY, how="left")
        .join(recent.select(*ORIGIN, "week", "seen_on"), on=[*ORIGIN, "week"], how="left")
    )
    age = (pl.col("seen_on") - pl.col("date")).dt.total_days().clip(lower_bound=1).fill_null(SETTLED_AGE)
    days = days.with_columns(age.alias("age_days"), (RESULTS_PREFIX + pl.col("result_family")).alias("family_metric"))
    for value, metric in (("spend", pl.lit("spend")), ("results", pl.col("family_metric"))):
        days = _made_up(days.with_columns(metric.alias("metric")), value, completeness)
    return days.select(*ENTITY, "week", "date", "spend", "results").sort(*ENTITY, "date")


def known_weeks(facts: Facts, entities: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """Collect the weeks of each entity as they were known at its origin: young ones from their days, others as stored.

    Returns:
        ENTITY, week, spend, results: of the weeks with a row in the 104 up to the origin.
    """
    own = ["account_id", "level", "entity_id"]
    back = (pl.col("origin") - pl.col("week")).dt.total_days() // 7
    old = (
        facts.weekly.drop("parent_id")
        .join(entities, on=own, how="inner", suffix="_chosen")
        .filter(back.is_between(RECENT_WEEKS, WEEKLY_WEEKS - 1))
        .group_by(*ENTITY, "week")
        .agg(
            pl.col("spend").max(),
            pl.col("results").filter(pl.col("result_family") == pl.col("result_family_chosen")).sum(),
        )
    )
    young = days.filter(back < RECENT_WEEKS).group_by(*ENTITY, "week").agg(pl.col("spend", "results").sum())
    return pl.concat([old, young.select(old.columns)]).sort(*ENTITY, "week")


def filled(known: pl.DataFrame, step: str, read_weeks: pl.DataFrame) -> pl.DataFrame:
    """Put each entity's values on an unbroken calendar from its first one to the origin's end.

    Args:
        known: from `known_days` (column date) or `known_weeks`.
        step: `1d` or `1w`.
        read_weeks: account_id, week of the weeks that were read.

    Returns:
        ENTITY, ds, spend, results: 0 where a read week has nothing of the entity, null in a week that was never read.
    """
    time = "date" if step == "1d" else "week"
    last = pl.col("origin").dt.offset_by("6d") if step == "1d" else pl.col("origin")
    calendar = (
        known.group_by(ENTITY)
        .agg(pl.col(time).min().alias("first"))
        .select(*ENTITY, pl.date_ranges("first", last, step).alias("ds"))
        .explode("ds", empty_as_null=True, keep_nulls=True)
        .with_columns(pl.col("ds").dt.truncate("1w").alias("week"))
    )
    was_read = read_weeks.select(PARTITION).unique().with_columns(zero=pl.lit(0.0))
    return (
        calendar.join(
            known.rename({time: "ds"}).select(*ENTITY, "ds", "spend", "results"), on=[*ENTITY, "ds"], how="left"
        )
        .join(was_read, on=PARTITION, how="left")
        .with_columns(pl.coalesce(name, "zero").alias(name) for name in ("spend", "results"))
        .select(*ENTITY, "ds", "spend", "results")
        .sort(*ENTITY, "ds")
    )


def _window(origins: pl.DataFrame, weeks: int) -> pl.DataFrame:
    """Return account_id, origin, week for the weeks up to each origin."""
    keys = origins.select(ORIGIN).unique()
    parts = [keys.with_columns(pl.col("origin").dt.offset_by(f"-{back}w").alias("week")) for back in range(weeks)]
    return pl.concat(parts)


def _made_up(days: pl.DataFrame, value: str, completeness: Factors) -> pl.DataFrame:
    """Divide a value by the completeness of days of its age; nobody's evidence leaves it as it is."""
    cell = [*ORIGIN, "metric", "age_days"]
    young = days.filter(pl.col("age_days") < SETTLED_AGE).select(cell).unique()
    factors = completeness_factor(young.rename({"origin": "week"}), completeness).rename({"week": "origin"})
    factor = pl.col("factor").fill_null(1.0).clip(lower_bound=LEAST_COMPLETE)
    return (
        days.join(factors.select(*cell, "factor"), on=cell, how="left")
        .with_columns((pl.col(value) / factor).alias(value))
        .drop("factor", "metric")
    )
