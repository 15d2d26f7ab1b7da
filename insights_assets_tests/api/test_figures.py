"""Figures held to sums made by hand: ratios of sums, families apart, currencies apart."""

from datetime import datetime

import pytest

from insights_assets_tests.api.fleet_of_two import CARDS, FEED_VIDEOS, NEWEST, NOW, WEEKS
from insights_assets_tests.api.served import key


def test_the_overview_adds_within_a_currency_and_divides_sums(ask):
    body = ask("/overview", since=str(WEEKS[1]), until=str(NEWEST))
    euro, yen = (next(t for t in body["totals"] if t["currency"] == c) for c in ("EUR", "JPY"))
    # 3 weeks of campaigns c1 (400, 20 results) and c2 (50, none)
    assert (euro["spend"], euro["impressions"], euro["clicks"]) == (1350.0, 13500, 120)
    assert euro["ctr"] == pytest.approx(100 * 120 / 13500)
    assert euro["cpm"] == pytest.approx(1000 * 1350 / 13500)
    assert euro["families"] == [
        {"result_family": "purchase", "spend": 1350.0, "results": 60.0, "result_value": 2400.0}
        | {"cpr": 22.5, "roas": pytest.approx(2400 / 1350)}
    ]
    assert yen["spend"] == 135_000.0
    assert euro["previous"]["spend"] == 450.0  # one of the three weeks before has data
    assert euro["change"]["spend_change_pct"] == pytest.approx(200)
    assert body["accounts"] == {"registered": 2, "with_delivery": 2}
    assert body["sync"]["failing_accounts"] == 0
    assert body["freshness"] == {"is_partial": False, "is_settled": False}


def test_a_campaign_without_results_is_never_the_best(ask):
    assert [c["campaign_id"] for c in ask("/overview", currency="EUR")["top_campaigns"]] == ["c1", "c2"]
    cheapest = ask("/overview", currency="EUR", top_by="cpr")["top_campaigns"]
    assert [(c["campaign_id"], c["cpr"], c["name"]) for c in cheapest] == [("c1", 20.0, "campaign c1")]


def test_accounts_have_figures_in_their_own_currency(ask):
    one, two = ask("/accounts", sort="account_id")["items"]
    assert (one["currency"], one["spend"], one["results"], one["cpr"]) == ("EUR", 1800.0, 80.0, 22.5)
    assert (two["currency"], two["spend"]) == ("JPY", 180_000.0)
    assert one["open_alerts"] == 1
    assert ask("/accounts", currency="JPY")["total"] == 1


def test_a_list_of_entities_shows_a_week(ask):
    body = ask("/accounts/act_1/ads", sort="-spend")
    assert [(row["ad_id"], row["spend"], row["cpr"]) for row in body["items"]] == [
        ("12", 300.0, 30.0),
        ("11", 100.0, 10.0),
        ("13", 50.0, None),
    ]
    assert body["freshness"]["newest_week"] == str(NEWEST)
    assert body["source"] == "lake"
    earlier = ask("/accounts/act_1/ads", week=str(WEEKS[0]))
    assert {row["week"] for row in earlier["items"]} == {str(WEEKS[0])}
    assert earlier["freshness"]["is_settled"]
    assert ask("/accounts/act_1/adsets", campaign_id="c2")["total"] == 1


def test_an_ad_beside_its_peers(ask):
    body = ask("/accounts/act_1/ads/11")
    peers = body["peers"]
    assert body["figures"]["spend"] == 400.0
    assert (peers["parent_id"], peers["count"], peers["rank_by_cpr"], peers["ranked"]) == ("s1", 1, 1, 2)
    assert peers["cpr"] == 30.0
    assert peers["share_of_spend_pct"] == pytest.approx(25)
    assert [(p["entity_id"], p["results"]) for p in peers["items"]] == [("12", 40.0)]
    assert body["classification"]["tier"] == "LOW"
    assert len(body["anomalies"]) == 7
    assert len(body["recommendations"]) == 1
    assert [b["ad_id"] for b in body["burnout"]] == ["11"]
    lonely = ask("/accounts/act_1/ads/13")["peers"]
    assert (lonely["count"], lonely["cpr"], lonely["rank_by_cpr"]) == (0, None, None)


def test_a_campaign_is_held_beside_the_other_campaigns(ask):
    peers = ask("/accounts/act_1/campaigns/c2", since=str(NEWEST), until=str(NEWEST))["peers"]
    assert (peers["parent_id"], peers["count"], peers["cpr"]) == (None, 1, 20.0)
    assert peers["share_of_spend_pct"] == pytest.approx(100 * 50 / 450)


@pytest.mark.parametrize(
    ("level", "entity", "spend", "reach"),
    [
        ("ad", "11", 100.0, 1),
        ("adset", "s1", 400.0, 1),
        ("campaign", "c1", 400.0, 1),
        ("account", "act_1", 450.0, None),
    ],
)
def test_a_weekly_timeline_never_adds_reach(ask, level, entity, spend, reach):
    body = ask(f"/accounts/act_1/timeline/{level}/{entity}", grain="week")
    assert [row["week"] for row in body["items"]] == [str(w) for w in WEEKS]
    assert {(row["spend"], row["reach"]) for row in body["items"]} == {(spend, reach)}
    assert body["totals"]["spend"] == 4 * spend


def test_a_daily_timeline_has_no_row_where_nothing_was_delivered(ask):
    rows = ask("/accounts/act_1/timeline/campaign/c1")["items"]
    days = [(w.toordinal() + n) for w in WEEKS for n in (0, 1)]
    assert [row["date"] for row in rows] == [str(NOW.date().fromordinal(d)) for d in days]
    assert [(row["spend"], row["results"], row["cpr"]) for row in rows[:2]] == [
        (100.0, 10.0, 10.0),
        (300.0, 10.0, 30.0),
    ]
    assert {row["reach"] for row in rows} == {None}
    own = ask("/accounts/act_1/timeline/ad/11", since=str(NEWEST))["items"]
    assert [(row["reach"], row["frequency"]) for row in own] == [(1, 1.0)]


def test_a_family_that_is_not_the_primary_one_has_no_results_there(ask):
    rows = ask("/accounts/act_1/timeline/ad/11", result_family="messages")["items"]
    assert {(row["results"], row["cpr"]) for row in rows} == {(0.0, None)}


def test_an_entity_that_never_delivered_has_no_timeline(client, viewer):
    for path in ("ad/99", "account/act_2", "campaign/11"):
        assert client.get(f"/accounts/act_1/timeline/{path}", headers=viewer).status_code == 404


def test_creatives_and_their_totals_are_of_the_whole_filtered_set(ask):
    body = ask("/accounts/act_1/creatives", size=1, since=str(WEEKS[0]), until=str(NOW.date()))
    (total,) = body["aggregates"]
    assert [row["creative_id"] for row in body["items"]] == ["k12"]
    assert (body["total"], total["creatives"], total["spend"]) == (3, 3, 4 * 450.0)
    assert total["cpc"] == pytest.approx(1800 / 240)
    some = ask("/accounts/act_1/creatives", min_spend=1000, since=str(WEEKS[0]), until=str(NOW.date()))
    assert (some["total"], some["aggregates"][0]["spend"]) == (1, 1200.0)
    assert ask("/accounts/act_1/creatives", name_contains="creative 13")["total"] == 1
    assert ask("/accounts/act_1/creatives", creative_type="carousel")["aggregates"] == []
    shown = body["items"][0]
    assert (shown["cards"], shown["feed_videos"]) == (CARDS, FEED_VIDEOS)
    assert datetime.fromisoformat(shown["urls_expire_at"]) == NOW
    grouped = ask("/accounts/act_1/creatives/aggregates", since=str(NEWEST), until=str(NEWEST))
    assert [(row["creative_type"], row["spend"]) for row in grouped["items"]] == [("video", 100.0)]
    assert [row["spend"] for row in grouped["totals"]] == [100.0]


def test_the_sync_status_tells_who_is_behind(ask, app):
    rows = ask("/sync-status")["items"]
    assert {(row["account_id"], row["is_failing"]) for row in rows} == {("act_1", False), ("act_2", False)}
    assert ask("/sync-status", headers=key(app, accounts=["act_2"]))["total"] == 1
    assert ask("/health", headers={}) == {"status": "ok"}
