"""Completeness: how much of a day's final numbers Meta had told at each age, as measured on settled days."""

import polars as pl

from insights_assets.tables.columns import account_id, count, one_of, week
from insights_assets.tables.model import Table, TableModel, column
from insights_assets.tables.restatements import METRIC_UNIT, METRICS

SETTLED_AGE = 28
SHORTEST_LOOKBACK, LONGEST_LOOKBACK = 7, 35


class Completeness(TableModel):
    """One metric at one age of a day, over the settled days that were known by the end of the week.

    Age 28 is the settled number against a re-read of day 35 or later: what the tail still moves.
    """

    account_id: pl.String = account_id()
    week: pl.Date = week()
    metric: pl.String = one_of("spend, impressions, clicks, inline_link_clicks or results:FAMILY", METRICS)
    age_days: pl.Int64 = column("Age of the days; yesterday is 1", unit="days", ge=1, le=SETTLED_AGE)
    seen: pl.Float64 = column("Sum over days of the value at that age", unit=METRIC_UNIT, ge=-1e-6)
    final: pl.Float64 = column("Sum over the same days of the settled value", unit=METRIC_UNIT, gt=0)
    ratio: pl.Float64 = column("seen / final, a ratio of sums; this account alone", unit="fraction", ge=-1e-6)
    restated_share: pl.Float64 = column(
        "What later syncs moved, up or down, of final: a sum over ad-days of absolute changes", unit="fraction", ge=0
    )
    days: pl.Int64 = count("Settled days behind it")
    lookback_days: pl.Int64 = column(
        "Days that a refresh of this account has to read again, the same in each row of a week: beyond them less than "
        "0.5 % of spend and of each money family moves; 28 without evidence",
        unit="days",
        ge=SHORTEST_LOOKBACK,
        le=LONGEST_LOOKBACK,
    )


COMPLETENESS = Table("completeness", "core", Completeness, ("account_id", "week", "metric", "age_days"))
