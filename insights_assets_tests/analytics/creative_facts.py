"""Ad-days with their results, ads and creatives: small worlds for the tests of creatives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl

from insights_assets.analytics.results import daily_levels
from insights_assets.tables.entities import ADS, ADSETS, CREATIVES
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

WINDOWS = ("w1d_click", "w7d_click", "w28d_click", "w1d_view")


def action(name: str, value: float, **windows: float) -> dict[str, Any]:
    return {"action_type": name, "value": value, **dict.fromkeys(WINDOWS), **windows}


def ad_day(
    ad: str, day: int = 0, *, actions: Mapping[str, float] | None = None, worth: float | None = None, **more: Any
):
    """A row of `insights_daily`; `worth` is the value of its purchases."""
    date = WEEK + timedelta(days=day)
    figures = {"spend": 10.0, "impressions": 1000, "clicks": 20, "inline_link_clicks": 15}
    nothing = dict.fromkeys(("video_plays", "video_thruplays", *(f"video_p{p}" for p in (25, 50, 75, 95, 100))), 0)
    return valid_row(
        INSIGHTS_DAILY,
        **{
            "ad_id": ad,
            "adset_id": f"s{ad}",
            "week": date - timedelta(days=date.weekday()),
            "date": date,
            "optimization_goal": "OFFSITE_CONVERSIONS",
            "actions": [action(n, v) for n, v in (actions or {}).items()],
            "action_values": [] if worth is None else [action("omni_purchase", worth)],
            **figures,
            **nothing,
            **more,
        },
    )


def creative(ad: str, name: str, kind: str = "video", *, since: int = 0, week: int = 0) -> dict[str, Any]:
    """A row of `creatives`: an ad shows it from a day of the week on."""
    monday = WEEK + timedelta(weeks=week)
    return valid_row(
        CREATIVES,
        ad_id=ad,
        creative_id=name,
        creative_type=kind,
        week=monday,
        shown_from=monday + timedelta(days=since),
        cards=None,
    )


@dataclass(frozen=True)
class Facts:
    daily: pl.DataFrame
    results: pl.DataFrame
    ads: pl.DataFrame
    creatives: pl.DataFrame


def facts(
    days: Sequence[dict[str, Any]], shown: Sequence[dict[str, Any]], statuses: Mapping[str, str] | None = None
) -> Facts:
    daily = frame_of(INSIGHTS_DAILY, *days)
    keys = sorted({(d["week"], d["ad_id"]) for d in days})
    ads = [
        valid_row(ADS, ad_id=a, week=w, effective_status=(statuses or {}).get(a, "ACTIVE"))
        for w, a in keys
        if (statuses or {}).get(a) != "missing"
    ]
    results = daily_levels(daily, ADSETS.empty())
    return Facts(daily, results, frame_of(ADS, *ads), frame_of(CREATIVES, *shown))
