"""Restatements: what Meta said before, kept when a later sync of `insights_daily` says something else."""

import polars as pl

from insights_assets.tables.columns import FAMILIES, Instant, account_id, identifier, observed_at, one_of, week
from insights_assets.tables.model import Table, TableModel, column

DAILY_METRICS = ("spend", "impressions", "reach", "clicks", "inline_link_clicks")
ADDITIVE_METRICS = tuple(m for m in DAILY_METRICS if m != "reach")
RESULTS_PREFIX = "results:"
METRICS = DAILY_METRICS + tuple(f"{RESULTS_PREFIX}{family}" for family in FAMILIES)
METRIC_UNIT = "of the metric (spend: account currency, major units; else count)"


class Restatements(TableModel):
    """One overwritten value of an ad-day: what it was, what it became, and how old the day was then.

    A value is null where the ad-day had no row: an ad that disappears has null as its new values, one that is reported
    later for a day that had been read without it has null as its old ones. Within a row a family without results is 0.
    """

    account_id: pl.String = account_id()
    week: pl.Date = week()
    date: pl.Date = column("Day in the account's time zone")
    ad_id: pl.String = identifier("Ad")
    metric: pl.String = one_of("spend, impressions, reach, clicks, inline_link_clicks or results:FAMILY", METRICS)
    old_value: pl.Float64 = column("Value before; null: no row", unit=METRIC_UNIT, nullable=True)
    new_value: pl.Float64 = column("Value after; null: the row is gone", unit=METRIC_UNIT, nullable=True)
    old_age_days: pl.Int64 = column("Age of the day when its week was last read before", unit="days", ge=0)
    age_days: pl.Int64 = column(
        "Age of the day at the observation, by the account's calendar; yesterday is 1", unit="days", ge=0
    )
    known_since: Instant = column(
        "When the row with the old value was first read; null with no row", unit="UTC instant", nullable=True
    )
    observed_at: Instant = observed_at("When the new value was read")


RESTATEMENTS = Table(
    "restatements", "ops", Restatements, ("account_id", "week", "date", "ad_id", "metric", "observed_at")
)
