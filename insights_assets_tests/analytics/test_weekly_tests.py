"""Which tests a week is put to, how they are counted, and what one ad's proof owes to its campaign and its clicks."""

import polars as pl
import pytest

from insights_assets.analytics.expectations import windows
from insights_assets.analytics.maturity import with_completeness
from insights_assets.analytics.weekly_tests import week_tests
from insights_assets_tests.analytics.ad_worlds import ad_week, monday
from insights_assets_tests.analytics.test_weekly_anomalies import last_week, steady_ads, types


def beside_dear_ones(size):
    """What is told of ad3, 27 % short of its results, after three that lack four fifths; campaigns of `size` ads."""
    rows = [row | {"campaign_id": f"c{int(row['ad_id'][2:]) // size}"} for row in steady_ads()]
    for row in rows:
        if row["week"] == monday(13):
            row["results"] = {"ad0": 40.0, "ad1": 40.0, "ad2": 40.0, "ad3": 146.0}.get(row["ad_id"], 200.0)
    told = types(last_week(rows))
    assert {(f"ad{n}", "cpr_spike") for n in range(3)} <= set(told)
    return [t for e, t in told if e == "ad3"]


def test_an_ad_profits_from_what_is_proven_of_its_own_campaign_only():
    # Its p-value p is the fourth of twelve: 3 p. As the only one of three in the second of four campaigns: 6 p.
    assert beside_dear_ones(12) == ["cpr_spike"]
    assert beside_dear_ones(3) == []


@pytest.mark.parametrize("metric", ["cpr", "volume", "spend"])
def test_every_test_of_a_family_is_counted_by_campaign(metric):
    rows = [row | {"campaign_id": f"c{int(row['ad_id'][2:]) // 5}"} for row in steady_ads()]
    for n, row in enumerate(rows):
        if row["week"] != monday(13):
            row.update(spend=1000 * (1.0, 1.2, 0.83)[n % 3], results=round(200 * (1.2, 1.0, 0.83)[n % 3]))
        elif row["ad_id"] == "ad0":
            row.update(spend=400, results=40)
    frame = with_completeness(last_week(rows)).with_columns(pl.lit(None, pl.Float64).alias("budget"))
    tests = week_tests(windows(frame.filter(pl.col("week") == monday(13)), frame))
    # Of c0 five ads, of c1 five, of c2 two: twelve were tested on both sides, only what could be a finding has a row.
    found = tests.filter(pl.col("metric") == metric)
    assert found.select("campaign_id", "size", "campaigns").rows() == [("c0", 5, 3)]


def dearer_clicks(clicked):
    """What is told of ad0: impressions dearer by a quarter, this part of its clicks, 56 % of its results.

    Impressions, clicks and results scatter together by a seventh from week to week at constant spend, so that clicks
    tell more of results than spend does.
    """
    rows = steady_ads()
    for n, row in enumerate(rows):
        week = (row["week"] - monday(0)).days // 7
        usual = 1.0 if week == 13 else (1.0, 1.15, 0.87)[n % 3]
        parts = (0.8, clicked, 0.56) if (row["ad_id"], week) == ("ad0", 13) else (1.0, 1.0, 1.0)
        shown, clicks, results = (figure * usual * part for figure, part in zip((1e5, 1e3, 200), parts, strict=True))
        figures = {"impressions": int(shown), "clicks": round(clicks), "results": round(results)}
        row.update(ad_week(week, ad=row["ad_id"], spend=1000, **figures))
    return [t for e, t in types(last_week(rows)) if e == "ad0"]


def test_results_that_are_dearer_as_their_clicks_are_no_news_by_themselves():
    assert "cpr_spike" not in dearer_clicks(0.6)
    assert "cpr_spike" in dearer_clicks(1.0)
