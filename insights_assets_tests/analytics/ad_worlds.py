"""Synthetic ad-weeks: rows with the tables' types, either given value by value or drawn from a seeded quiet world."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from insights_assets.analytics.features import entity_features
from insights_assets.tables.insights import INSIGHTS_DAILY, INSIGHTS_WEEKLY_AD
from insights_assets.tables.results import RESULTS_DAILY

MONDAY = date(2026, 1, 5)
READ = datetime(2026, 12, 1, tzinfo=UTC)


def monday(n):
    return MONDAY + timedelta(weeks=n)


def ad_week(n, *, ad="ad1", account="act_1", spend=100.0, results=10.0, impressions=10_000, clicks=100, **more):
    """One ad-week as a dict of its weekly row; `results` and `family` go to the result row."""
    reach = more.pop("reach", impressions // 2)
    row = {
        "account_id": account,
        "week": monday(n),
        "level": "ad",
        "entity_id": ad,
        "parent_id": "set1",
        "campaign_id": "camp1",
        "adset_id": "set1",
        "ad_id": ad,
        "currency": "EUR",
        "spend": spend,
        "impressions": impressions,
        "reach": reach,
        "frequency": impressions / reach,
        "clicks": clicks,
        "inline_link_clicks": clicks // 2,
        "ctr": clicks / impressions * 100,
        "link_ctr": clicks // 2 / impressions * 100,
        "cpm": spend / impressions * 1000,
        "cpc": spend / clicks if clicks else None,
        "is_complete": True,
        "is_settled": False,
        "observed_at": READ,
        "results": float(results),
        "family": "leadgen_form",
    }
    return row | more


def weekly_inputs(rows):
    """Return (insights_weekly, results_weekly) for rows of `ad_week`."""
    frame = pl.DataFrame(
        rows, schema={**INSIGHTS_WEEKLY_AD.schema, "results": pl.Float64, "family": pl.String}, orient="row"
    )
    cost = pl.when(pl.col("results") > 0).then(pl.col("spend") / pl.col("results")).alias("cpr")
    results = frame.select(
        "account_id",
        "week",
        "level",
        "entity_id",
        "parent_id",
        pl.col("family").alias("result_family"),
        "results",
        pl.lit(None, dtype=pl.Float64).alias("result_value"),
        "spend",
        cost,
        pl.lit(value=True).alias("is_primary"),
        "is_settled",
    )
    return frame.drop("results", "family"), results


def ad_features(insights_weekly, results_weekly, insights_daily, weeks):
    """Features of ads without daily results."""
    return entity_features("ad", insights_weekly, results_weekly, insights_daily, RESULTS_DAILY.empty(), weeks)


def no_days():
    return INSIGHTS_DAILY.empty()


def day(on, *, ad="ad1", account="act_1", spend=10.0, impressions=1000, **more):
    """One daily row as a dict."""
    row = {
        "account_id": account,
        "week": on - timedelta(days=on.weekday()),
        "date": on,
        "campaign_id": "camp1",
        "adset_id": "set1",
        "ad_id": ad,
        "currency": "EUR",
        "spend": spend,
        "impressions": impressions,
        "reach": impressions,
        "frequency": 1.0,
        **dict.fromkeys(("clicks", "inline_link_clicks", "outbound_clicks", "video_plays"), 0),
        **{f"video_p{p}": 0 for p in (25, 50, 75, 95, 100)},
        "actions": [],
        "action_values": [],
        "is_settled": True,
        "observed_at": READ,
    }
    return row | more


def days(*rows):
    return pl.DataFrame(list(rows), schema=INSIGHTS_DAILY.schema)


def actions(**by_type):
    """Actions in the stored shape; `__` in a name stands for a dot."""
    return [{"action_type": name.replace("__", "."), "value": float(v)} for name, v in by_type.items()]


def quiet_world(*, accounts=1, ads=40, weeks=30, seed=0, results=40.0, dispersion=0.02, plants=()):
    """Rows of ads whose rates do not change; results are negative binomial, plants are (ad, week, CPR factor)."""
    rng = np.random.default_rng(seed)
    factors = {(a, w): f for a, w, f in plants}
    rows = []
    for a in range(accounts * ads):
        level = np.exp(rng.normal(0, 0.3, 4))
        for w in range(weeks):
            spend = 300 * level[0] * np.exp(rng.normal(0, 0.1))
            mean = results * level[0] * spend / (300 * level[0]) / factors.get((a, w), 1.0)
            got = rng.poisson(mean * rng.gamma(1 / dispersion, dispersion))
            impressions = int(spend / (10 * level[1] * np.exp(rng.normal(0, 0.06))) * 1000)
            clicks = int(rng.poisson(impressions * 0.012 * level[2] * np.exp(rng.normal(0, 0.08))))
            reach = int(impressions / (1.3 + 0.3 * level[3]) / np.exp(rng.normal(0, 0.05)))
            rows.append(
                ad_week(
                    w,
                    ad=f"ad{a}",
                    account=f"act_{a // ads + 1}",
                    spend=spend,
                    results=got,
                    impressions=impressions,
                    clicks=clicks,
                    reach=reach,
                )
            )
    return weekly_inputs(rows)
