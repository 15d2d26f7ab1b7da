"""What was known at the close of a week: when it was first read as a whole, and what later readings changed.

The origin of a forecast is the close of a week. Its knowledge is what the lake held after the first sync that found
that week over (usually the Monday after it): later restatements are undone from the ledger (docs/adr/0010), and days
that were young then keep the age at which they had been read, so that their completeness can be made up for.
"""

from collections.abc import Mapping

import polars as pl

from insights_assets.analytics.restatements import closes, local_dates
from insights_assets.tables.restatements import RESULTS_PREFIX

RECENT_WEEKS = 5
"""Weeks, the origin's included, with days that Meta still restates: 28 days and what remains of the fifth week."""

PARTITION = ["account_id", "week"]
ORIGIN = ["account_id", "origin"]


def known_origins(
    wanted: pl.DataFrame, reads: pl.DataFrame, settled: pl.DataFrame, zones: Mapping[str, str]
) -> pl.DataFrame:
    """Keep the weeks that are over as far as the lake knows, each with the instant of its knowledge.

    Args:
        wanted: account_id, week.
        reads: account_id, week, finished_at (UTC): the syncs of `insights_daily` that succeeded.
        settled: account_id, week of the partitions whose rows were settled when they were read.
        zones: IANA time zone by account.

    Returns:
        account_id, origin (the Monday), instant: of the first sync that ended after the week's close; null for a
        settled week of which no such sync is recorded. A running week, or one that was only read while it ran, has no
        row.
    """
    ends = closes(wanted.select(PARTITION).unique(), zones).rename({"instant": "close"})
    first = (
        reads.join(ends, on=PARTITION, how="inner")
        .filter(pl.col("finished_at") >= pl.col("close"))
        .group_by(PARTITION)
        .agg(pl.col("finished_at").min().alias("instant"))
    )
    over = ends.join(first, on=PARTITION, how="left").join(
        settled.select(PARTITION).unique().with_columns(is_settled=pl.lit(value=True)), on=PARTITION, how="left"
    )
    return (
        over.filter(pl.col("instant").is_not_null() | pl.col("is_settled").fill_null(value=False))
        .select("account_id", pl.col("week").alias("origin"), "instant")
        .sort(ORIGIN)
    )


def recent_weeks(origins: pl.DataFrame, reads: pl.DataFrame, zones: Mapping[str, str]) -> pl.DataFrame:
    """Name the young weeks of each origin and the day on which each had last been read.

    Args:
        origins: from `known_origins`.
        reads: account_id, week, finished_at.
        zones: IANA time zone by account.

    Returns:
        account_id, origin, week, instant, known_then (it had been read by the instant), seen_on (account's calendar day
        of the newest reading by then; of the newest of all where there was none by then; null without any).
    """
    weeks = pl.concat(
        [origins.with_columns(pl.col("origin").dt.offset_by(f"-{back}w").alias("week")) for back in range(RECENT_WEEKS)]
    )
    told = (
        weeks.join(reads, on=PARTITION, how="left")
        .with_columns((pl.col("finished_at") <= pl.col("instant")).fill_null(value=False).alias("then"))
        .group_by(*ORIGIN, "week", "instant")
        .agg(
            pl.col("then").any().alias("known_then"),
            pl.col("finished_at").filter("then").max().alias("before"),
            pl.col("finished_at").max().alias("ever"),
        )
        .with_columns(pl.coalesce("before", "ever").alias("read_at"))
    )
    return (
        local_dates(told, "read_at", zones, "seen_on")
        .select(*ORIGIN, "week", "instant", "known_then", "seen_on")
        .sort(*ORIGIN, "week")
    )


def undone(restatements: pl.DataFrame, recent: pl.DataFrame) -> pl.DataFrame:
    """Say by how much the stored value of each ad-day differs from the one known at each origin.

    Args:
        restatements: rows of `restatements` (spend and results are read) of the recent weeks.
        recent: from `recent_weeks`.

    Returns:
        account_id, origin, week, date, ad_id, metric (spend or results:FAMILY), delta: add it to the stored value.
        Weeks that had not been read by then have none: nobody knows what they looked like.
    """
    moved = restatements.filter((pl.col("metric") == "spend") | pl.col("metric").str.starts_with(RESULTS_PREFIX))
    return (
        moved.join(recent.filter("known_then"), on=PARTITION, how="inner")
        .filter(pl.col("observed_at") > pl.col("instant"))
        .sort("observed_at")
        .group_by(*ORIGIN, "week", "date", "ad_id", "metric", maintain_order=True)
        .agg(
            (pl.col("old_value").first().fill_null(0.0) - pl.col("new_value").last().fill_null(0.0)).alias("delta"),
        )
        .filter(pl.col("delta") != 0)
    )
