"""Restatements of daily insights: what a sync changes, and what was known at any earlier instant.

`restated` compares what is stored with what is about to be stored; `as_of` undoes the ledger: the value at an instant
is the old value of the earliest restatement read after it, else the value of now. How the ledger and the data stay
one truth over a crash: docs/adr/0010.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from insights_assets.analytics.results import normalize
from insights_assets.tables.restatements import DAILY_METRICS, RESTATEMENTS, RESULTS_PREFIX

DAY = ["account_id", "week", "date", "ad_id"]
PARTITION = ["account_id", "week"]
CELL = [*DAY, "metric"]
CLOSE_LAG = timedelta(days=1)
"""The first sync after a week's close runs on its Monday; a day lets it finish in every time zone."""
DEFAULT_ZONE = "UTC"


@dataclass(frozen=True)
class Entries:
    """What a write means for the ledger: rows to add, and rows whose new value never was stored."""

    added: pl.DataFrame
    withdrawn: pl.DataFrame


def measured(daily: pl.DataFrame) -> pl.DataFrame:
    """Turn ad-days into one row a metric.

    Args:
        daily: rows of `insights_daily` (account_id, week, date, ad_id, first_observed_at, the five metrics, actions).

    Returns:
        account_id, week, date, ad_id, metric, value, known_since. A null reach and a family without results have no
        row; results are those of `results.normalize`.
    """
    long = daily.select(*DAY, *[pl.col(m).cast(pl.Float64) for m in DAILY_METRICS]).unpivot(
        on=list(DAILY_METRICS), index=DAY, variable_name="metric", value_name="value"
    )
    families = normalize(daily.select(*DAY, "spend", "actions")).filter(pl.col("results") > 0)
    results = families.select(
        *DAY, (pl.lit(RESULTS_PREFIX) + pl.col("result_family")).alias("metric"), pl.col("results").alias("value")
    )
    since = daily.select(*DAY, pl.col("first_observed_at").alias("known_since"))
    return pl.concat([long.drop_nulls("value"), results]).join(since, on=DAY, how="left")


def restated(
    previous: pl.DataFrame,
    current: pl.DataFrame,
    known: pl.DataFrame,
    zones: Mapping[str, str],
    observed_at: datetime,
) -> Entries:
    """Compare the stored rows of some partitions with the rows that will replace them.

    The first observation of a day is no restatement: a row that appears counts only when its day was over at the last
    observation of its partition.

    Args:
        previous: stored rows of `insights_daily` of the partitions.
        current: the rows that replace them.
        known: rows of `restatements` of the partitions.
        zones: IANA time zone by account; UTC where missing.
        observed_at: when the new values were read.
    """
    withdrawn = _unconfirmed(previous, known)
    confirmed = known.join(withdrawn, on=RESTATEMENTS.key, how="anti")
    seen = local_dates(_last_observed(previous, confirmed), "last_observed_at", zones, "seen_on")
    before, after = _changed(previous, current)
    late = after.join(seen, on=PARTITION, how="inner").filter(pl.col("date") < pl.col("seen_on"))
    after = pl.concat(
        [after.join(before, on=DAY, how="semi"), late.join(before, on=DAY, how="anti").select(after.columns)]
    )
    read = pl.lit(observed_at).cast(RESTATEMENTS.schema["observed_at"]).alias("observed_at")
    aged = local_dates(_pairs(before, after).with_columns(read), "observed_at", zones, "today")
    added = aged.join(seen, on=PARTITION, how="left").with_columns(
        (pl.col("seen_on") - pl.col("date")).dt.total_days().alias("old_age_days"),
        (pl.col("today") - pl.col("date")).dt.total_days().alias("age_days"),
    )
    return Entries(added.select(list(RESTATEMENTS.schema)).sort(RESTATEMENTS.key), withdrawn)


def keep_first_observed(previous: pl.DataFrame, current: pl.DataFrame) -> pl.DataFrame:
    """Carry `first_observed_at` of rows that were stored already over to the rows that replace them."""
    name = "first_observed_at"
    before = previous.select(*DAY, pl.col(name).alias("earlier"))
    carried = current.join(before, on=DAY, how="left", maintain_order="left")
    return carried.with_columns(pl.coalesce("earlier", name).alias(name)).select(current.columns)


def as_of(current: pl.DataFrame, restatements: pl.DataFrame, instants: pl.DataFrame) -> pl.DataFrame:
    """Return the values as they were stored at an instant.

    Args:
        current: the values of now, as `measured` gives them.
        restatements: rows of `restatements` of the same partitions.
        instants: account_id, week, instant: the partitions wanted, each with its own instant (UTC).

    Returns:
        account_id, week, date, ad_id, metric, value. An ad-day that was not there at the instant, or was first read
        later, has no rows; a family has a row only with results (or 0 where it was restated).
    """
    later = (
        restatements.join(instants, on=PARTITION, how="inner")
        .filter(pl.col("observed_at") > pl.col("instant"))
        .sort("observed_at")
        .group_by(CELL, maintain_order=True)
        .agg(pl.col("old_value").first().alias("value"), pl.col("known_since", "instant").first())
    )
    now = current.join(instants, on=PARTITION, how="inner").join(later, on=CELL, how="anti")
    return (
        pl.concat([later, now.select(later.columns)])
        .filter(pl.col("value").is_not_null(), pl.col("known_since") <= pl.col("instant"))
        .select(*CELL, "value")
        .sort(CELL)
    )


def seen_at_close(
    daily: pl.DataFrame, restatements: pl.DataFrame, zones: Mapping[str, str], *, lag: timedelta = CLOSE_LAG
) -> pl.DataFrame:
    """Add up, for each ad-week, what was known when its week closed.

    Args:
        daily: rows of `insights_daily`, whole weeks.
        restatements: rows of `restatements` of the same weeks.
        zones: IANA time zone by account.
        lag: how long after the close (Monday 00:00 of the account) the numbers are taken.

    Returns:
        account_id, week, ad_id, metric, value (as known then: a sum over the week's days; reach is left out, it does
        not add). A week that was first read later has no rows: nobody knows what it looked like.
    """
    weeks = pl.concat([daily.select(PARTITION), restatements.select(PARTITION)]).unique()
    known = as_of(measured(daily), restatements, closes(weeks, zones, lag=lag))
    return (
        known.filter(pl.col("metric") != "reach")
        .group_by(*PARTITION, "ad_id", "metric")
        .agg(pl.col("value").sum())
        .sort(*PARTITION, "ad_id", "metric")
    )


def closes(weeks: pl.DataFrame, zones: Mapping[str, str], *, lag: timedelta = timedelta(0)) -> pl.DataFrame:
    """Return account_id, week, instant: the end of each week (next Monday 00:00 of the account) plus a lag, in UTC."""
    naive = (pl.col("week").cast(pl.Datetime("us")) + pl.duration(days=7)).alias("local")
    parts = [weeks.head(0).select(*PARTITION, pl.lit(None, dtype=pl.Datetime("us", "UTC")).alias("instant"))]
    for account_id, part in _by_account(weeks):
        zone = zones.get(account_id, DEFAULT_ZONE)
        # Where clocks jump over midnight the day begins at one o'clock.
        starts = [
            (pl.col("local") + pl.duration(hours=h)).dt.replace_time_zone(
                zone, ambiguous="earliest", non_existent="null"
            )
            for h in (0, 1)
        ]
        instant = pl.coalesce(starts).dt.convert_time_zone("UTC") + lag
        parts.append(part.with_columns(naive).select(*PARTITION, instant.alias("instant")))
    return pl.concat(parts)


def local_dates(frame: pl.DataFrame, instant: str, zones: Mapping[str, str], name: str) -> pl.DataFrame:
    """Add the calendar day of an instant in each row's account's time zone."""
    parts = [frame.head(0).with_columns(pl.lit(None, dtype=pl.Date).alias(name))]
    for account_id, part in _by_account(frame):
        local = pl.col(instant).dt.convert_time_zone(zones.get(account_id, DEFAULT_ZONE)).dt.date()
        parts.append(part.with_columns(local.alias(name)))
    return pl.concat(parts)


def _changed(previous: pl.DataFrame, current: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Leave out the rows that are the same on both sides: nearly all of them are."""
    compared = [*DAILY_METRICS, "actions"]
    both = previous.select(*DAY, *compared).join(current.select(*DAY, *compared), on=DAY, how="inner", suffix="_new")
    same = both.filter(pl.all_horizontal(pl.col(c).eq_missing(pl.col(f"{c}_new")) for c in compared)).select(DAY)
    return previous.join(same, on=DAY, how="anti"), current.join(same, on=DAY, how="anti")


def _pairs(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Old and new value of each metric that differs; a family that a row does not report is 0 in it."""
    rows = (
        before.select(*DAY, pl.col("first_observed_at").alias("known_since"), was_there=pl.lit(value=True))
        .join(after.select(*DAY, is_there=pl.lit(value=True)), on=DAY, how="full", coalesce=True)
        .with_columns(pl.col("was_there", "is_there").fill_null(value=False))
    )
    old = measured(before).select(*CELL, pl.col("value").alias("old_value"))
    new = measured(after).select(*CELL, pl.col("value").alias("new_value"))
    pairs = old.join(new, on=CELL, how="full", coalesce=True).join(rows, on=DAY, how="left")
    return pairs.with_columns(_zero("old_value", "was_there"), _zero("new_value", "is_there")).filter(
        pl.col("old_value").ne_missing(pl.col("new_value"))
    )


def _zero(value: str, present: str) -> pl.Expr:
    """Nothing reported of a family within a row is 0 results."""
    silent = pl.col(value).is_null() & pl.col(present) & pl.col("metric").str.starts_with(RESULTS_PREFIX)
    return pl.when(silent).then(0.0).otherwise(value).alias(value)


def _unconfirmed(previous: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Entries of a write that was cut short: newer than their partition's data, and with a value it does not hold."""
    stored = previous.group_by(PARTITION).agg(pl.col("observed_at").max().alias("stored_at"))
    newer = known.join(stored, on=PARTITION, how="left").filter(
        pl.col("stored_at").is_null() | (pl.col("observed_at") > pl.col("stored_at"))
    )
    if newer.is_empty():
        return known.clear()
    rows = previous.join(newer, on=DAY, how="semi")
    held = measured(rows).select(*CELL, pl.col("value").alias("held"))
    there = rows.select(*DAY, is_there=pl.lit(value=True))
    return (
        newer.filter(pl.col("observed_at") == pl.col("observed_at").max().over(CELL))
        .join(held, on=CELL, how="left")
        .join(there, on=DAY, how="left")
        .with_columns(pl.col("is_there").fill_null(value=False))
        .with_columns(_zero("held", "is_there"))
        .filter(pl.col("held").ne_missing(pl.col("new_value")))
        .select(known.columns)
    )


def _last_observed(previous: pl.DataFrame, confirmed: pl.DataFrame) -> pl.DataFrame:
    """When each partition was last read, as far as its rows and its restatements tell."""
    columns = [*PARTITION, "observed_at"]
    told = pl.concat([previous.select(columns), confirmed.select(columns)])
    return told.group_by(PARTITION).agg(pl.col("observed_at").max().alias("last_observed_at"))


def _by_account(frame: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    return [(str(name), part) for (name,), part in frame.partition_by("account_id", as_dict=True).items()]
