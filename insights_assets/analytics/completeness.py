"""Completeness of young days: what share of its final value a day had at each age, and how far back to read again.

Development factors of reporting-delay triangles, as ratios of sums (T. Mack, ASTIN Bulletin 23(2), 1993), measured on
the restatement ledger: the value of a day at age a is its value now less every restatement read at a greater age. Only
days whose settled value was known by the end of a week speak in that week, so nothing looks ahead.
"""

import polars as pl

from insights_assets.analytics.families import MONEY_FAMILIES
from insights_assets.tables.completeness import (
    COMPLETENESS,
    LONGEST_LOOKBACK,
    SETTLED_AGE,
    SHORTEST_LOOKBACK,
)
from insights_assets.tables.restatements import ADDITIVE_METRICS, RESULTS_PREFIX

EVIDENCE_WEEKS = 13
"""A quarter of settled days: reporting lags change with the attribution settings and the product sold."""
AUDITED_AGE = SETTLED_AGE + 7
SMALL_SHARE = 0.005
LEAST_DAYS = 14
LEAST_RESULTS = 100.0

DATE = ["account_id", "week", "date"]
CELL = [*DATE, "metric"]
GROUP = ["account_id", "week", "metric", "age_days"]
SUMS = ["seen", "final", "restated"]


def day_values(daily: pl.DataFrame, results_daily: pl.DataFrame) -> pl.DataFrame:
    """Add up the ads of each day: account_id, week, date, metric, value.

    Args:
        daily: rows of `insights_daily`.
        results_daily: rows of `results_daily`; only its ad level is read. Reach is left out: it does not add.
    """
    measures = daily.group_by(DATE).agg(pl.col(m).cast(pl.Float64).sum() for m in ADDITIVE_METRICS)
    long = measures.unpivot(on=list(ADDITIVE_METRICS), index=DATE, variable_name="metric", value_name="value")
    families = (
        results_daily.filter(pl.col("level") == "ad")
        .group_by(*DATE, (pl.lit(RESULTS_PREFIX) + pl.col("result_family")).alias("metric"))
        .agg(pl.col("results").sum().alias("value"))
    )
    return pl.concat([long, families])


def evidence(values: pl.DataFrame, restatements: pl.DataFrame, observations: pl.DataFrame) -> pl.DataFrame:
    """Compare each settled day with itself at each younger age at which it was read.

    Args:
        values: from `day_values`.
        restatements: rows of `restatements` of the same weeks.
        observations: account_id, week, observed_on: the days (account's calendar) on which a partition was read.

    Returns:
        account_id, week, date, metric, age_days, seen, final, restated (sum of absolute changes), known_on (the day on
        which `final` was read: the first at age 28 or more; for age 28 itself the first at 35 or more).
    """
    moved = restatements.filter(pl.col("metric") != "reach").with_columns(
        (pl.col("new_value").fill_null(0.0) - pl.col("old_value").fill_null(0.0)).alias("delta")
    )
    cells = (
        pl.concat([values, moved.select(*CELL, pl.lit(0.0).alias("value"))]).group_by(CELL).agg(pl.col("value").sum())
    )
    ages = (
        cells.select(DATE)
        .unique()
        .join(observations, on=["account_id", "week"], how="inner")
        .select(*DATE, (pl.col("observed_on") - pl.col("date")).dt.total_days().alias("age_days"))
        .filter(pl.col("age_days") >= 1)
        .unique()
    )
    at_age = _values_at(cells, ages, moved)
    settled = _first_from(at_age, SETTLED_AGE)
    audited = _first_from(at_age, AUDITED_AGE)
    young = _against(at_age.filter(pl.col("age_days") < SETTLED_AGE), settled)
    tail = _against(settled, audited.join(settled, on=[*CELL, "age_days"], how="anti"))
    return pl.concat([young, tail.with_columns(pl.lit(SETTLED_AGE, dtype=pl.Int64).alias("age_days"))]).sort(
        *CELL, "age_days"
    )


def completeness(found: pl.DataFrame, wanted: pl.DataFrame) -> pl.DataFrame:
    """Add the evidence of the 13 weeks up to each wanted week.

    Args:
        found: from `evidence`.
        wanted: account_id, week of the rows to make.

    Returns:
        Rows of `completeness`; none for a week without evidence.
    """
    later = pl.DataFrame({"weeks_later": range(EVIDENCE_WEEKS)})
    known_in = pl.col("known_on").dt.truncate("1w") + pl.duration(weeks=pl.col("weeks_later"))
    rows = (
        found.drop("week")
        .join(later, how="cross")
        .with_columns(known_in.alias("week"))
        .join(wanted, on=["account_id", "week"], how="semi")
        .group_by(GROUP)
        .agg(pl.col(SUMS).sum(), pl.len().cast(pl.Int64).alias("days"))
        .filter(pl.col("final") > 0)
        .with_columns(
            (pl.col("seen") / pl.col("final")).alias("ratio"),
            (pl.col("restated") / pl.col("final")).alias("restated_share"),
        )
    )
    return (
        rows.join(learnt_lookback(rows), on=["account_id", "week"], how="left")
        .select(list(COMPLETENESS.schema))
        .sort(COMPLETENESS.key)
    )


def learnt_lookback(rows: pl.DataFrame) -> pl.DataFrame:
    """Find the days that a refresh has to read again.

    The smallest age, at least 7, from which on no more than 0.5 % of spend and of the results of each money family is
    restated later; 28 with too little evidence or when younger ages never calm down, 35 when even the tail moves more.

    Args:
        rows: account_id, week, metric, age_days, restated_share, days, final.

    Returns:
        account_id, week, lookback_days: one row for each account and week of `rows`.
    """
    money = [f"{RESULTS_PREFIX}{family}" for family in MONEY_FAMILIES]
    enough = ((pl.col("metric") == "spend") & (pl.col("days") >= LEAST_DAYS)) | (
        pl.col("metric").is_in(money) & (pl.col("final") >= LEAST_RESULTS)
    )
    age, moves = pl.col("age_days"), pl.col("restated_share") > SMALL_SHARE
    last_moving = age.filter(moves).max().fill_null(0)
    calm = age.filter((age > last_moving) & (age >= SHORTEST_LOOKBACK)).min().fill_null(SETTLED_AGE)
    by_metric = (
        rows.filter(enough)
        .group_by("account_id", "week", "metric")
        .agg(pl.when(last_moving == SETTLED_AGE).then(LONGEST_LOOKBACK).otherwise(calm).alias("lookback_days"))
        .group_by("account_id", "week")
        .agg(pl.col("lookback_days").max())
    )
    known = rows.select("account_id", "week").unique()
    return known.join(by_metric, on=["account_id", "week"], how="left").with_columns(
        pl.col("lookback_days").fill_null(SETTLED_AGE).cast(pl.Int64)
    )


def _values_at(cells: pl.DataFrame, ages: pl.DataFrame, moved: pl.DataFrame) -> pl.DataFrame:
    """Value of each cell at each age at which it was read, with the absolute changes after it."""
    changes = moved.select(*CELL, "age_days", "delta", pl.col("delta").abs().alias("size"))
    asked = ages.join(cells.select(CELL), on=DATE, how="inner").select(
        *CELL, "age_days", pl.lit(0.0).alias("delta"), pl.lit(0.0).alias("size")
    )
    steps = (
        pl.concat([changes, asked])
        .group_by(*CELL, "age_days")
        .agg(pl.col("delta", "size").sum())
        .sort(*CELL, "age_days", descending=[*[False] * len(CELL), True])
        # What was read at a greater age: the running sum, less this age's own step.
        .with_columns((pl.col(c).cum_sum().over(CELL) - pl.col(c)).alias(f"{c}_after") for c in ("delta", "size"))
    )
    return (
        steps.join(ages, on=[*DATE, "age_days"], how="semi")
        .join(cells, on=CELL, how="inner")
        .select(*CELL, "age_days", (pl.col("value") - pl.col("delta_after")).alias("value"), "size_after")
    )


def _first_from(at_age: pl.DataFrame, age: int) -> pl.DataFrame:
    """The row of each cell at the first age from `age` on."""
    return at_age.filter(pl.col("age_days") >= age).sort("age_days").unique(CELL, keep="first", maintain_order=True)


def _against(younger: pl.DataFrame, older: pl.DataFrame) -> pl.DataFrame:
    """Each younger row beside the older one of its cell."""
    return younger.join(older, on=CELL, how="inner", suffix="_older").select(
        *CELL,
        "age_days",
        pl.col("value").alias("seen"),
        pl.col("value_older").alias("final"),
        (pl.col("size_after") - pl.col("size_after_older")).clip(lower_bound=0.0).alias("restated"),
        (pl.col("date") + pl.duration(days=pl.col("age_days_older"))).alias("known_on"),
    )
