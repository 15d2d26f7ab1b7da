"""Windows of days: every figure by hand or against a plain loop, none from after the week."""

import math
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from insights_assets.analytics.rolling_days import day_windows, entity_days
from insights_assets.tables.results import RESULTS_DAILY
from insights_assets_tests.analytics.ad_worlds import day, days, monday

ASKED = {"account_id": pl.String, "entity_id": pl.String, "week": pl.Date, "result_family": pl.String}
ASKED |= {"is_complete": pl.Boolean}


def result(on, results, *, ad="ad1", value=None, family="purchase", level="ad"):
    week = on - timedelta(days=on.weekday())
    return {
        "account_id": "act_1", "week": week, "date": on, "level": level, "entity_id": ad, "result_family": family,
        "results": float(results), "result_value": value, "spend": 0.0, "is_primary": True, "is_settled": True,
    }  # fmt: skip


def results(*rows):
    return pl.DataFrame(list(rows), schema=RESULTS_DAILY.schema)


def asked(*weeks, ad="ad1", complete=True):
    return pl.DataFrame([("act_1", ad, w, "purchase", complete) for w in weeks], schema=ASKED, orient="row")


def window(daily, found, week, **how):
    (row,) = day_windows(entity_days(days(*daily), "ad"), results(*found), asked(week, **how)).to_dicts()
    return row


NOW = monday(4)


def test_windows_are_ratios_of_sums_by_hand():
    def on(d):
        return NOW + timedelta(days=d)

    daily = [
        day(on(0), spend=10, impressions=1000, clicks=10, inline_link_clicks=8),
        day(on(6), spend=30, impressions=1000, clicks=30, inline_link_clicks=12),
        day(on(-1), spend=20, impressions=500, clicks=10, inline_link_clicks=5),
        day(on(-23), spend=40, impressions=500, clicks=0),
        day(on(-24), spend=999, impressions=999),
    ]
    found = [result(on(0), 1, value=50.0), result(on(6), 3), result(on(-1), 4, value=10.0)]
    found += [result(on(6), 99, family="click")]
    got = window(daily, found, NOW)
    assert got["as_of"] == on(6)
    assert [got[f"spend_{w}"] for w in ("7d", "prev_7d", "14d", "30d")] == [40, 20, 60, 100]
    assert [got[f"results_{w}"] for w in ("7d", "prev_7d", "14d", "30d")] == [4, 4, 8, 8]
    assert [got[f"cpr_{w}"] for w in ("7d", "prev_7d", "14d", "30d")] == [10, 5, 7.5, 12.5]
    assert [got[f"ctr_{w}"] for w in ("7d", "prev_7d", "30d")] == [2.0, 2.0, pytest.approx(50 / 3000 * 100)]
    assert [got[f"roas_{w}"] for w in ("7d", "prev_7d", "14d")] == [1.25, 0.5, 1.0]
    assert (got["cpm_7d"], got["cpc_7d"], got["conversion_rate_7d"]) == (20.0, 1.0, 20.0)
    assert (got["spend_trend_pct"], got["cpr_trend_pct"], got["results_trend_pct"]) == (100.0, 100.0, 0.0)
    assert (got["days_active_7d"], got["days_active_30d"], got["days_with_results_7d"]) == (2, 4, 2)
    assert got["avg_daily_spend_30d"] == 25.0
    # 10, 30, 20, 40: population deviation sqrt(125), mean 25.
    assert got["spend_volatility_30d"] == pytest.approx(math.sqrt(125) / 25)
    # Results per spend: 0.1, 0.1, 0.2, 0, weighed by spend; mean 0.08.
    spread = (10 * 0.02**2 + 30 * 0.02**2 + 20 * 0.12**2 + 40 * 0.08**2) / 100
    assert got["cpr_volatility_30d"] == pytest.approx(math.sqrt(spread) / 0.08)


def test_no_results_have_no_cost_and_are_never_the_best_day():
    daily = [day(NOW, spend=50), day(NOW + timedelta(days=1), spend=90), day(NOW + timedelta(days=2), spend=10)]
    none = window(daily, [], NOW)
    assert (none["cpr_7d"], none["cpr_trend_pct"], none["cpr_volatility_30d"]) == (None, None, None)
    assert (none["best_weekday"], none["worst_weekday"]) == (None, None)
    some = window(daily, [result(NOW + timedelta(days=2), 1)], NOW)
    # Two days spent for nothing; the one that spent more is the worst.
    assert (some["best_weekday"], some["worst_weekday"]) == (2, 1)


def test_a_running_week_ends_on_the_newest_day_of_the_account():
    daily = [day(NOW + timedelta(days=d), spend=1.0) for d in range(-40, 2)]
    daily += [day(NOW + timedelta(days=2), ad="ad2", spend=5.0)]
    got = window(daily, [], NOW, complete=False)
    # Wednesday by the other ad: this one has Monday and Tuesday, and four days of the week before.
    assert (got["as_of"], got["spend_7d"], got["spend_prev_7d"], got["spend_30d"]) == (
        NOW + timedelta(days=2), 6.0, 7.0, 29.0,
    )  # fmt: skip


def test_parents_are_sums_of_their_ads_and_days_are_days():
    daily = days(
        *[day(NOW + timedelta(days=d), ad=f"ad{a}", spend=10.0 * a) for d in range(3) for a in (1, 2)],
    )
    added = entity_days(daily, "adset")
    assert added["spend"].to_list() == [30.0] * 3
    found = results(*[result(NOW + timedelta(days=d), 1, ad="set1", level="adset") for d in range(2)])
    (got,) = day_windows(added, found, asked(NOW, ad="set1")).to_dicts()
    assert (got["spend_7d"], got["days_active_7d"], got["days_with_results_7d"], got["cpr_7d"]) == (90, 3, 2, 45.0)


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(5)
    daily, found = [], []
    for d in range(70):
        for ad in ("ad1", "ad2", "ad3"):
            on = monday(0) + timedelta(days=d)
            if rng.random() < 0.7:
                daily.append(day(on, ad=ad, spend=float(rng.integers(1, 99)), impressions=int(rng.integers(1, 999))))
                found += [result(on, int(rng.poisson(0.5)), ad=ad)] if rng.random() < 0.8 else []
    return daily, found


@pytest.mark.parametrize("complete", [True, False])
def test_every_window_equals_a_plain_loop(world, complete):
    daily, found = world
    weeks = [monday(w) for w in range(10)]
    rows = pl.concat([asked(*weeks, ad=ad, complete=complete) for ad in ("ad1", "ad2", "ad3")])
    got = day_windows(entity_days(days(*daily), "ad"), results(*found), rows)
    for row in got.to_dicts():
        sunday = row["week"] + timedelta(days=6)
        end = sunday if complete else max(d["date"] for d in daily if row["week"] <= d["date"] <= sunday)
        assert row["as_of"] == end
        for name, first, last in (("7d", 6, 0), ("prev_7d", 13, 7), ("14d", 13, 0), ("30d", 29, 0)):
            inside = [end - timedelta(days=n) for n in range(last, first + 1)]
            mine = [d for d in daily if d["ad_id"] == row["entity_id"] and d["date"] in inside]
            counted = [r["results"] for r in found if r["entity_id"] == row["entity_id"] and r["date"] in inside]
            assert row[f"spend_{name}"] == sum(d["spend"] for d in mine)
            assert row[f"impressions_{name}"] == sum(d["impressions"] for d in mine)
            assert row[f"results_{name}"] == sum(counted)


def test_later_days_change_nothing(world):
    daily, found = world
    weeks = [monday(w) for w in range(6)]
    for complete in (True, False):
        then = [
            day_windows(
                entity_days(days(*[d for d in daily if d["date"] < end]), "ad"),
                results(*[r for r in found if r["date"] < end]),
                asked(*weeks, complete=complete),
            ).sort("week")
            for end in (monday(6), monday(10))
        ]
        assert then[0].equals(then[1])


def test_no_days_no_windows():
    assert day_windows(entity_days(days(), "ad"), results(), asked(NOW)).is_empty()
