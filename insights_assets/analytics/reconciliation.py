"""Reconciliation: what Meta says of parents, of weeks and of the past has to agree with the ad-days that are stored.

Each function returns one row for each thing that does not agree, with account_id, week, a sentence and `is_settled`.
"""

from collections.abc import Mapping

import polars as pl

from insights_assets.analytics.families import MONEY_FAMILIES, unknown_types
from insights_assets.analytics.restatements import CELL, measured
from insights_assets.tables.restatements import RESULTS_PREFIX

PARTITION = ["account_id", "week"]
PARENTS = ("campaign", "adset")
COMPARED = ("spend", "impressions", "clicks")
SETTLED_TOLERANCE = 0.001
"""Of the parent: invalid traffic is removed from parents and children on different days."""
YOUNG_TOLERANCE = 0.02
"""Two reports of one run are minutes apart, and yesterday is still being counted (0.2 % a day in the simulator)."""
TAIL_AGE = 28
TAIL_SHARE = 0.01
TAIL_RESULTS = 3.0
FOUND = {**dict.fromkeys(("account_id", "sentence"), pl.String), "week": pl.Date, "is_settled": pl.Boolean}


def parent_gaps(
    daily: pl.DataFrame, weekly: pl.DataFrame, read_on: pl.DataFrame, decimals: Mapping[str, int]
) -> pl.DataFrame:
    """Compare campaigns and ad sets of a week with the sums of their ads' days, for what adds.

    Args:
        daily: rows of `insights_daily`.
        weekly: rows of `insights_weekly_campaign` and `insights_weekly_adset`.
        read_on: account_id, week, level (`daily`, `campaign`, `adset`), read_on: the day of the last reading, by the
            account's calendar. Weeks whose two readings covered different days are not compared.
        decimals: decimal places of each currency: each of n + 1 amounts is rounded by half its smallest unit.
    """
    weekly = weekly.join(_comparable(read_on), on=[*PARTITION, "level"], how="semi")
    weekly = weekly.join(daily, on=PARTITION, how="semi")  # a week without any day is one gap of coverage, not many
    parents = weekly.select(*PARTITION, "level", "entity_id", *COMPARED, "is_settled")
    children = [
        daily.group_by(*PARTITION, pl.col(f"{level}_id").alias("entity_id"))
        .agg(*[pl.col(m).sum() for m in COMPARED], pl.len().alias("rows"), pl.col("currency").first())
        .with_columns(pl.lit(level).alias("level"))
        # A level that was never read has no parent to miss.
        .join(weekly.filter(pl.col("level") == level).select(PARTITION).unique(), on=PARTITION, how="semi")
        for level in PARENTS
    ]
    settled = weekly.group_by(PARTITION).agg(pl.col("is_settled").all().alias("week_is_settled"))
    unit = pl.col("currency").replace_strict(decimals, default=2, return_dtype=pl.Int64)
    is_settled = pl.coalesce("is_settled", "week_is_settled")
    pairs = (
        parents.join(
            pl.concat(children), on=[*PARTITION, "level", "entity_id"], how="full", coalesce=True, suffix="_sum"
        )
        .join(settled, on=PARTITION, how="left")
        .with_columns(
            pl.col([*COMPARED, *[f"{m}_sum" for m in COMPARED], "rows"]).fill_null(0),
            is_settled.alias("is_settled"),
            (0.5 * (pl.col("rows").fill_null(0) + 1) / pl.lit(10.0).pow(unit.fill_null(2))).alias("rounding"),
        )
    )
    share = pl.when("is_settled").then(SETTLED_TOLERANCE).otherwise(YOUNG_TOLERANCE)
    gaps = []
    for metric in COMPARED:
        parent, total = pl.col(metric), pl.col(f"{metric}_sum")
        floor = pl.col("rounding") if metric == "spend" else pl.lit(1.0)
        apart = (parent - total).abs() > share * pl.max_horizontal(parent, total) + floor + 1e-9
        words = pl.format(
            "{} {}: " + metric + " {}, its ads' days add up to {}",
            "level",
            "entity_id",
            parent.round(2),
            total.round(2),
        )
        gaps.append(pairs.filter(apart).select(*PARTITION, words.alias("sentence"), "is_settled"))
    return _found(pl.concat(gaps))


def coverage_gaps(daily: pl.DataFrame, weekly: pl.DataFrame, read_on: pl.DataFrame) -> pl.DataFrame:
    """Find weeks that have spend in one report and no row at all in the other; arguments as for `parent_gaps`."""
    spent = daily.group_by(PARTITION).agg(pl.col("spend").sum().alias("days"))
    parents = weekly.group_by(*PARTITION, "level").agg(pl.col("spend").sum(), pl.col("is_settled").all())
    pairs = (
        _comparable(read_on)
        .join(spent, on=PARTITION, how="left")
        .join(parents, on=[*PARTITION, "level"], how="left")
        .with_columns(pl.col("is_settled").fill_null(value=True))
    )
    no_days = pairs.filter(pl.col("days").is_null(), pl.col("spend") > 0).with_columns(
        pl.format("no ad-day at all, yet the {} report shows a spend of {}", "level", pl.col("spend").round(2)).alias(
            "sentence"
        )
    )
    no_week = pairs.filter(pl.col("spend").is_null(), pl.col("days") > 0).with_columns(
        pl.format("no {} at all, yet the ad-days spent {}", "level", pl.col("days").round(2)).alias("sentence")
    )
    return _found(pl.concat([no_days, no_week]))


def unknown_money(daily: pl.DataFrame) -> pl.DataFrame:
    """Find action types that sound like money and that no family knows, with what is at stake."""
    words = pl.format(
        "{}: {} results in {} ad-days, value {}",
        "action_type",
        pl.col("results").round(2),
        "rows",
        pl.col("result_value").round(2),
    )
    return _found(unknown_types(daily).with_columns(words.alias("sentence"), pl.lit(value=True).alias("is_settled")))


def tail_restated(daily: pl.DataFrame, restatements: pl.DataFrame) -> pl.DataFrame:
    """Find weeks of which more than 1 % of spend, or of a money family's results, moved after day 28.

    Only changes between two readings at 28 days and later count: what was last read young moved at an unknown age.
    """
    money = ["spend", *[f"{RESULTS_PREFIX}{family}" for family in MONEY_FAMILIES]]
    late = restatements.filter(pl.col("old_age_days") >= TAIL_AGE, pl.col("metric").is_in(money))
    if late.is_empty():
        return _found(None)
    size = (pl.col("new_value").fill_null(0.0) - pl.col("old_value").fill_null(0.0)).abs()
    moved = late.group_by(*PARTITION, "metric").agg(size.sum().alias("moved"))
    held = measured(daily.join(late, on=PARTITION, how="semi")).group_by(*PARTITION, "metric")
    total = held.agg(pl.col("value").sum().alias("total"))
    few = (pl.col("metric") != "spend") & (pl.col("moved") < TAIL_RESULTS)
    words = pl.format(
        "{}: {} of {} moved after day 28", "metric", pl.col("moved").round(2), pl.col("total").fill_null(0.0).round(2)
    )
    return _found(
        moved.join(total, on=[*PARTITION, "metric"], how="left")
        .filter(pl.col("moved") > TAIL_SHARE * pl.col("total").fill_null(0.0), ~few)
        .with_columns(words.alias("sentence"), pl.lit(value=True).alias("is_settled"))
    )


def broken_chains(daily: pl.DataFrame, restatements: pl.DataFrame) -> pl.DataFrame:
    """Find ledger rows that do not follow from the one before, or whose newest value is not the stored one."""
    if restatements.is_empty():
        return _found(None)
    is_results = pl.col("metric").str.starts_with(RESULTS_PREFIX)

    def told(name: str) -> pl.Expr:
        """Within a family no row and no result read the same."""
        return pl.when(is_results).then(pl.col(name).fill_null(0.0)).otherwise(name)

    rows = daily.join(restatements, on=CELL[:-1], how="semi")
    held = measured(rows).select(*CELL, pl.col("value").alias("held"))
    chains = (
        restatements.sort(*CELL, "observed_at")
        .join(held, on=CELL, how="left", maintain_order="left")
        .with_columns(
            pl.col("old_value").shift(-1).over(CELL).alias("next"), pl.int_range(pl.len()).over(CELL).alias("n")
        )
        .with_columns((pl.col("n") == pl.len().over(CELL) - 1).alias("is_last"))
        .with_columns(pl.when("is_last").then("held").otherwise("next").alias("follows"))
    )
    words = pl.format(
        "ad {} on {}: {} became {} in the ledger, then {}",
        "ad_id",
        "date",
        "metric",
        pl.col("new_value").cast(pl.String).fill_null("nothing"),
        pl.col("follows").cast(pl.String).fill_null("nothing"),
    )
    return _found(
        chains.filter(told("new_value").ne_missing(told("follows"))).with_columns(
            words.alias("sentence"), pl.lit(value=True).alias("is_settled")
        )
    )


def _comparable(read_on: pl.DataFrame) -> pl.DataFrame:
    """Weeks and levels whose weekly report covered the same days as the daily one."""
    daily = read_on.filter(pl.col("level") == "daily").select(*PARTITION, pl.col("read_on").alias("daily_read_on"))
    over = pl.min_horizontal("read_on", "daily_read_on") >= pl.col("week") + pl.duration(days=7)
    return (
        read_on.filter(pl.col("level").is_in(PARENTS))
        .join(daily, on=PARTITION, how="inner")
        .filter(over | (pl.col("read_on") == pl.col("daily_read_on")))
        .select(*PARTITION, "level")
    )


def _found(rows: pl.DataFrame | None) -> pl.DataFrame:
    columns = [*PARTITION, "sentence", "is_settled"]
    return pl.DataFrame(schema=FOUND).select(columns) if rows is None else rows.select(columns).sort(columns)
