"""Return on ad spend and cost of purchases: ratios of sums, over any days, window, campaigns and accounts.

Seed 003 added overlapping 7-day totals and took the first purchase-like type; its `include_offline` did nothing.
"""

from collections.abc import Collection, Sequence
from datetime import date, timedelta

import polars as pl

from insights_assets.analytics.currency import Rates, convert, one_currency
from insights_assets.tables.revenue_daily import WINDOWS, purchases_in, revenue_in

DEFAULT_DAYS = 7


def last_days(until: date, days: int = DEFAULT_DAYS) -> date:
    """The first of so many days up to one."""
    return until - timedelta(days=days - 1)


def roas(
    facts: pl.DataFrame,
    until: date,
    *,
    since: date | None = None,
    window: str = "default",
    offline: bool = False,
    by: Sequence[str] = ("account_id",),
    to: str | None = None,
    rates: Rates | None = None,
) -> pl.DataFrame:
    """Return on ad spend.

    Args:
        facts: rows of `revenue_daily`, of one or of many accounts.
        until: last day.
        since: first day; the 7 days up to `until` when None.
        window: attribution window, one of `WINDOWS`; `default` is each ad set's own setting.
        offline: count what happened outside Meta, too.
        by: columns of `facts` to group by (account_id, campaign_id, adset_id, entity_id, week, date); none blends all.
            What is known of a campaign or an account only is in the groups of its columns, null below.
        to: currency to convert to, day by day; None leaves amounts as they are.
        rates: dated rates.

    Returns:
        `by`, currency, spend, purchases, revenue, roas (revenue / spend, null without spend or where no value is
        known), cost_per_purchase (null without purchases), offline_conversions and offline_revenue (what is in them
        when `offline`); sorted. Revenue of unknown value is left out, and its spend from the ratio.

    Raises:
        CurrencyError: currencies would be mixed, or a rate is missing.
        ValueError: no such window.
    """
    if window not in WINDOWS:
        raise ValueError(f"There is no attribution window {window!r}; there are {', '.join(WINDOWS)}.")
    kept = facts.filter(pl.col("date").is_between(since or last_days(until), until)).select(
        *dict.fromkeys([*by, "date", "currency"]),
        "spend",
        pl.col(purchases_in(window)).alias("purchases"),
        pl.col(revenue_in(window)).alias("revenue"),
        "offline_conversions",
        "offline_revenue",
    )
    if to is not None:
        kept = convert(kept, rates, to, ["spend", "revenue", "offline_revenue"])
    one_currency(kept, by)
    known = pl.col("revenue").is_not_null()
    extra, sales = ("offline_revenue", "offline_conversions") if offline else (None, None)
    earned = pl.col("revenue").sum() + (pl.col(extra).sum() if extra else 0)
    bought = pl.col("purchases").sum() + (pl.col(sales).sum() if sales else 0)
    paid = pl.col("spend").filter(known).sum()
    return (
        kept.group_by([*dict.fromkeys([*by, "currency"])])
        .agg(
            pl.col("spend").sum(),
            bought.alias("purchases"),
            pl.when(known.any()).then(earned).alias("revenue"),
            pl.when(paid > 0).then(earned / paid).alias("roas"),
            pl.when(bought > 0).then(pl.col("spend").sum() / bought).alias("cost_per_purchase"),
            pl.col("offline_conversions").sum() if offline else pl.lit(0.0).alias("offline_conversions"),
            pl.col("offline_revenue").sum() if offline else pl.lit(0.0).alias("offline_revenue"),
        )
        .sort([*dict.fromkeys([*by, "currency"])])
    )


def cost_per_action(
    daily: pl.DataFrame,
    since: date,
    until: date,
    *,
    action_types: Collection[str] | None = None,
    window: str = "default",
    by: Sequence[str] = ("account_id",),
) -> pl.DataFrame:
    """Cost per action of any type, by exact name: types repeat each other under other names, so never add over them.

    Args:
        daily: rows of `insights_daily`.
        since: first day.
        until: last day.
        action_types: types wanted; None for all that occur.
        window: attribution window.
        by: columns of `daily` to group by.

    Returns:
        `by`, currency, action_type, actions, spend (the group's whole spend, repeated for each type), cost (spend /
        actions, null without); sorted. A type that is asked for and does not occur has no row.

    Raises:
        CurrencyError: currencies would be mixed.
    """
    name = "value" if window == "default" else f"w{window}"
    kept = daily.filter(pl.col("date").is_between(since, until))
    one_currency(kept, by)
    groups = [*dict.fromkeys([*by, "currency"])]
    entry = pl.col("actions").struct
    counted = (
        kept.select(*groups, "actions")
        .explode("actions", empty_as_null=False, keep_nulls=False)
        .select(*groups, entry.field("action_type"), entry.field(name).alias("actions"))
    )
    if action_types is not None:
        counted = counted.filter(pl.col("action_type").is_in(list(action_types)))
    spend = kept.group_by(groups).agg(pl.col("spend").sum())
    return (
        counted.group_by(*groups, "action_type")
        .agg(pl.col("actions").sum())
        .join(spend, on=groups, how="left", nulls_equal=True)
        .with_columns(pl.when(pl.col("actions") > 0).then(pl.col("spend") / pl.col("actions")).alias("cost"))
        .sort(*groups, "action_type")
    )
