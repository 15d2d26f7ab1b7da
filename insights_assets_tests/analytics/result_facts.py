"""Rows of `results_daily` and `results_weekly` of small made-up accounts, for the tests of forecasts and scores."""

from datetime import date, timedelta

import polars as pl

from insights_assets.analytics.forecast_facts import facts_of

FIRST = date(2025, 9, 1)
NO_CHANGES = {"account_id": pl.String, "origin": pl.Date, "week": pl.Date, "date": pl.Date, "metric": pl.String}
NO_CHANGES |= {"ad_id": pl.String, "adset_id": pl.String, "campaign_id": pl.String, "delta": pl.Float64}


def monday(n):
    return FIRST + timedelta(weeks=n)


def day(entity, when, spend, results, *, level="ad", family="purchase", primary=True, account="act_1", parent="s1"):
    return {
        "account_id": account,
        "week": when - timedelta(days=when.weekday()),
        "date": when,
        "level": level,
        "entity_id": entity,
        "parent_id": parent,
        "result_family": family,
        "results": float(results),
        "spend": float(spend),
        "is_primary": primary,
        "is_settled": False,
    }


def frames(rows):
    """Daily and weekly rows."""
    daily = pl.DataFrame(rows, schema_overrides={"parent_id": pl.String})
    key = ["account_id", "week", "level", "entity_id", "parent_id", "result_family"]
    weekly = daily.group_by(key).agg(
        pl.col("spend", "results").sum(), pl.col("is_primary").any(), pl.col("is_settled").all()
    )
    return daily, weekly


def facts(levels, rows, changes=(), read_weeks=None):
    daily, weekly = frames(rows)
    changed = pl.DataFrame(list(changes), schema=NO_CHANGES)
    read = daily.select("account_id", "week").unique() if read_weeks is None else read_weeks
    return facts_of(levels, daily.drop("parent_id", "is_settled"), weekly.drop("is_settled"), changed, read)


def origins(*weeks, account="act_1"):
    return pl.DataFrame(
        {"account_id": account, "origin": list(weeks)}, schema={"account_id": pl.String, "origin": pl.Date}
    )


def unread():
    """No sync is recorded: every day counts as settled."""
    schema = {"account_id": pl.String, "origin": pl.Date, "week": pl.Date, "seen_on": pl.Date}
    return pl.DataFrame(schema=schema)
