import json
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from insights_assets.sandbox import World, create_app
from insights_assets.sandbox.catalog import FAMILY_COLUMN

from .conftest import NOW, TOKEN, AppClient, all_pages

STATUSES = ["ACTIVE", "PAUSED", "ARCHIVED", "DELETED"]
WINDOWS = ["1d_click", "7d_click", "28d_click", "1d_view"]
CANONICAL = {
    "messages": "onsite_conversion.total_messaging_connection",
    "leadgen_form": "onsite_conversion.lead_grouped",
    "website_lead": "offsite_conversion.fb_pixel_lead",
    "purchase": "omni_purchase",
    "registration": "omni_complete_registration",
    "click": "link_click",
    "video_view": "video_view",
    "app_install": "omni_app_install",
}


def ask(client: AppClient, account: str, level: str, since: str, until: str, **more: Any) -> list[dict[str, Any]]:
    every = json.dumps([{"field": f"{level}.effective_status", "operator": "IN", "value": STATUSES}])
    params = {
        "level": level,
        "fields": (
            "ad_id,adset_id,campaign_id,spend,impressions,reach,frequency,clicks,inline_link_clicks,"
            "actions,action_values"
        ),
        "time_range": json.dumps({"since": since, "until": until}),
        "time_increment": 1,
        "limit": 500,
        "filtering": every,
        **more,
    }
    return all_pages(client, f"/v26.0/{account}/insights", **params)


def test_rows_equal_the_truth_to_the_cent(client: AppClient, world: World):
    assert set(CANONICAL) == set(FAMILY_COLUMN)
    for account in world.accounts:
        since, until = date(2026, 10, 12), date(2026, 11, 22)
        truth = world.truth_daily(account.id, since, until, NOW)
        by_key = {(row["ad_id"], row["date"].isoformat()): row for row in truth.iter_rows(named=True)}
        rows = ask(client, account.id, "ad", str(since), str(until))
        assert {(row["ad_id"], row["date_start"]) for row in rows} == set(by_key)
        for row in rows:
            want = by_key[row["ad_id"], row["date_start"]]
            assert Decimal(row["spend"]) == Decimal(str(round(want["spend"], 2)))
            assert ("." in row["spend"]) == (account.market.decimals > 0)
            assert [int(row[name]) for name in ("impressions", "reach", "clicks", "inline_link_clicks")] == [
                want[name] for name in ("impressions", "reach", "clicks", "inline_link_clicks")
            ]
            actions = {item["action_type"]: int(item["value"]) for item in row.get("actions", [])}
            assert actions.get(CANONICAL[want["result_family"]], 0) == want["results"]
            assert want["reach"] <= want["impressions"]


def test_levels_add_up_and_deleted_spend_stays_in_the_account(client: AppClient, world: World):
    account = world.accounts[0].id
    totals = {}
    for level in ("account", "campaign", "adset", "ad"):
        rows = ask(client, account, level, "2026-03-02", "2026-05-31", time_increment="all_days")
        totals[level] = sum(Decimal(row["spend"]) for row in rows)
    assert len(set(totals.values())) == 1
    hidden = ask(client, account, "ad", "2026-03-02", "2026-05-31", time_increment="all_days", filtering="[]")
    assert 0 < sum(Decimal(row["spend"]) for row in hidden) < totals["ad"]


def test_weekly_reach_is_unique_and_windows_begin_on_the_first_day(client: AppClient, world: World):
    account = world.accounts[4].id
    for level in ("account", "campaign", "adset", "ad"):
        key = {"account": "date_start"}.get(level, f"{level}_id")
        daily = defaultdict(list)
        for row in ask(client, account, level, "2026-09-07", "2026-10-04"):
            monday = date.fromisoformat(row["date_start"])
            daily[row[key] if level != "account" else "", monday.isocalendar().week].append(int(row["reach"]))
        weekly = ask(client, account, level, "2026-09-07", "2026-10-04", time_increment=7)
        assert weekly
        smaller = 0
        for row in weekly:
            start = date.fromisoformat(row["date_start"])
            assert start.weekday() == 0
            assert (date.fromisoformat(row["date_stop"]) - start).days == 6
            parts = daily[row[key] if level != "account" else "", start.isocalendar().week]
            reach = int(row["reach"])
            assert max(parts) <= reach <= min(sum(parts), int(row["impressions"]))
            smaller += reach < sum(parts)
            assert float(row["frequency"]) == pytest.approx(int(row["impressions"]) / reach, abs=1e-6)
        assert smaller > len(weekly) / 2


@pytest.mark.parametrize("increment", [1, 7, "all_days"])
def test_a_parents_reach_lies_between_its_largest_child_and_their_sum(client: AppClient, world: World, increment: Any):
    account = world.accounts[2].id
    for parent, child in (("adset", "ad"), ("campaign", "adset")):
        children = defaultdict(list)
        for row in ask(client, account, child, "2026-10-05", "2026-11-01", time_increment=increment):
            children[row[f"{parent}_id"], row["date_start"]].append(int(row["reach"]))
        for row in ask(client, account, parent, "2026-10-05", "2026-11-01", time_increment=increment):
            parts = children[row[f"{parent}_id"], row["date_start"]]
            assert max(parts) <= int(row["reach"]) <= sum(parts)


def test_the_last_window_is_cut_and_the_future_left_out(client: AppClient, world: World):
    newyork = world.accounts[0].id
    rows = ask(client, newyork, "account", "2026-11-09", "2026-12-31", time_increment=7)
    assert [(row["date_start"], row["date_stop"]) for row in rows] == [
        ("2026-11-09", "2026-11-15"),
        ("2026-11-16", "2026-11-21"),
    ]


def test_alias_types_are_equal_and_windows_ordered(client: AppClient, world: World):
    groups = (
        ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase", "onsite_web_purchase"),
        ("omni_complete_registration", "complete_registration", "offsite_conversion.fb_pixel_complete_registration"),
        ("omni_app_install", "mobile_app_install", "app_install"),
        ("offsite_conversion.fb_pixel_lead", "onsite_web_lead"),
    )
    seen = set()
    for account in world.accounts:
        for row in ask(
            client, account.id, "ad", "2026-09-07", "2026-09-13", action_attribution_windows=json.dumps(WINDOWS)
        ):
            actions = {item["action_type"]: item for item in row.get("actions", [])}
            assert "actions" not in row or row["actions"]
            seen |= set(actions)
            for group in groups:
                assert len({json.dumps({**actions.get(kind, {}), "action_type": ""}) for kind in group}) == 1
            parts = [
                int(actions.get(kind, {"value": 0})["value"])
                for kind in ("lead", "onsite_conversion.lead_grouped", "offsite_conversion.fb_pixel_lead")
            ]
            assert parts[0] == parts[1] + parts[2]
            for item in row.get("actions", []) + row.get("action_values", []):
                one, seven, month = (Decimal(item.get(name, "0")) for name in WINDOWS[:3])
                assert one <= seven <= month
                assert Decimal(item["value"]) == seven + Decimal(item.get("1d_view", "0"))
    assert {"offsite_search_add_meta_leads", "offsite_lead_add_20_s_calls", "web_in_store_purchase"} <= seen


def test_entity_insights_rankings_and_currency(client: AppClient, world: World):
    yen = next(a for a in world.accounts if a.market.currency == "JPY")
    ad = ask(client, yen.id, "ad", "2026-11-02", "2026-11-08", fields="ad_id,spend", time_increment=7)[0]
    params = {"fields": "spend,quality_ranking,cpm,ctr", "time_range": '{"since":"2026-11-02","until":"2026-11-08"}'}
    row = client.get(f"/v26.0/{ad['ad_id']}/insights", params=params).json()["data"][0]
    assert row["spend"] == ad["spend"]
    assert row["quality_ranking"] in {
        "AVERAGE",
        "ABOVE_AVERAGE",
        "BELOW_AVERAGE_35",
        "BELOW_AVERAGE_20",
        "BELOW_AVERAGE_10",
    }
    campaign = client.get(f"/v26.0/{yen.id}/insights", params={**params, "level": "campaign"}).json()["data"][0]
    assert "quality_ranking" not in campaign


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"time_range": '{"since":"2026-11-08","until":"2026-11-02"}'}, 100),
        ({"time_range": '{"since":"yesterday","until":"2026-11-02"}'}, 100),
        ({"time_range": "nonsense"}, 100),
        ({"time_range": '{"since":"2022-01-01","until":"2026-11-02"}'}, 3018),
        ({"level": "planet"}, 100),
        ({"time_increment": "91"}, 100),
        ({"action_breakdowns": '["action_device"]'}, 100),
        ({"action_attribution_windows": '["9d_click"]'}, 100),
        ({"after": "!"}, 100),
        ({"limit": "0"}, 100),
    ],
)
def test_wrong_parameters_are_refused(client: AppClient, world: World, params: dict[str, str], code: int):
    answer = client.get(f"/v26.0/{world.accounts[0].id}/insights", params=params)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_a_report_run_lives_through_its_stages_and_is_a_snapshot(world: World):
    clock, instant = [100.0], [datetime(2026, 11, 20, 15, tzinfo=UTC)]
    app = create_app(world, now=lambda: instant[0], report_latency_s=10, monotonic=lambda: clock[0])
    client = AppClient(app, headers=TOKEN)
    account = world.accounts[0].id
    form = {
        "level": "ad",
        "fields": "ad_id,spend,impressions",
        "time_increment": "1",
        "time_range": '{"since":"2026-11-09","until":"2026-11-20"}',
    }
    before = all_pages(client, f"/{account}/insights", **form, limit=500)
    run = client.post(f"/v26.0/{account}/insights", data=form).json()["report_run_id"]
    seen = []
    for second in (0, 2, 5, 9, 10):
        clock[0] = 100.0 + second
        body = client.get(f"/v26.0/{run}").json()
        seen.append((body["async_status"], body["async_percent_completion"]))
        if second < 10:
            error = client.get(f"/v26.0/{run}/insights").json()["error"]
            assert (error["code"], error["error_subcode"]) == (2601, 1815107)
    assert [name for name, _ in seen] == [
        "Job Not Started",
        "Job Started",
        "Job Running",
        "Job Running",
        "Job Completed",
    ]
    assert seen[3][1] == 100
    instant[0] = datetime(2026, 11, 29, 15, tzinfo=UTC)
    rows = all_pages(client, f"/v26.0/{run}/insights", limit=37)
    assert rows == before
    assert client.get("/v26.0/6099999999999999").json()["error"]["error_subcode"] == 33


def start(client: AppClient, account: str, **more: Any) -> str:
    form = {
        "level": "ad",
        "fields": "ad_id,adset_id,campaign_id,spend",
        "time_increment": "1",
        "time_range": '{"since":"2026-11-09","until":"2026-11-15"}',
        **more,
    }
    run_id: str = client.post(f"/v26.0/{account}/insights", data=form).json()["report_run_id"]
    return run_id


@pytest.mark.parametrize("level", ["ad", "adset", "campaign"])
def test_insights_of_chosen_entities_at_once_and_by_a_run(client: AppClient, world: World, level: str):
    account = world.accounts[0].id
    every = ask(client, account, "ad", "2026-11-09", "2026-11-15", fields="ad_id,adset_id,campaign_id,spend")
    ids = sorted({row[f"{level}_id"] for row in every})
    half = ids[: len(ids) // 2]
    filters = json.dumps(
        [
            {"field": "ad.effective_status", "operator": "IN", "value": STATUSES},
            {"field": f"{level}.id", "operator": "IN", "value": half},
        ]
    )
    wanted = [row for row in every if row[f"{level}_id"] in half]
    assert 0 < len(wanted) < len(every)
    fields = "ad_id,adset_id,campaign_id,spend"
    assert ask(client, account, "ad", "2026-11-09", "2026-11-15", fields=fields, filtering=filters) == wanted
    run = start(client, account, filtering=filters)
    assert all_pages(client, f"/v26.0/{run}/insights", limit=5000) == wanted


def test_a_deleted_run_is_gone(client: AppClient, world: World):
    run = start(client, world.accounts[0].id)
    assert client.delete(f"/v26.0/{run}").json() == {"success": True}
    assert client.get(f"/v26.0/{run}").json()["error"]["error_subcode"] == 33
    assert client.delete(f"/v26.0/{run}").json()["error"]["error_subcode"] == 33


def test_the_id_of_a_run_follows_from_the_question_and_not_from_the_order(world: World):
    accounts = [account.id for account in world.accounts[:3]]
    apps = [AppClient(create_app(world, now=lambda: NOW, report_latency_s=0), headers=TOKEN) for _ in range(2)]
    first = {account: [start(apps[0], account) for _ in range(2)] for account in accounts}
    second = {account: [start(apps[1], account) for _ in range(2)] for account in accounts[::-1]}
    assert first == second
    assert len({run for runs in first.values() for run in runs}) == 6


def test_the_latency_of_a_run_may_follow_from_its_rows(world: World):
    clock = [0.0]
    app = create_app(world, now=lambda: NOW, report_latency_s=lambda rows: rows / 10, monotonic=lambda: clock[0])
    client = AppClient(app, headers=TOKEN)
    rows = len(ask(client, world.accounts[0].id, "ad", "2026-11-09", "2026-11-15", filtering="[]"))
    run = start(client, world.accounts[0].id)
    for second, status in ((rows / 10 - 0.1, "Job Running"), (rows / 10, "Job Completed")):
        clock[0] = second
        assert client.get(f"/{run}").json()["async_status"] == status


def test_a_run_whose_rows_were_let_go_makes_them_again(world: World):
    instant = [NOW]
    app = create_app(world, now=lambda: instant[0], report_latency_s=0)
    client = AppClient(app, headers=TOKEN)
    young = {"time_range": '{"since":"2026-11-16","until":"2026-11-20"}'}
    run = start(client, world.accounts[0].id, **young)
    before = all_pages(client, f"/{run}/insights", limit=500)
    for day in range(1, 18):
        start(
            client, world.accounts[1].id, time_range=json.dumps({"since": f"2026-10-{day:02d}", "until": "2026-11-01"})
        )
    instant[0] = datetime(2026, 12, 21, 15, tzinfo=UTC)
    assert all_pages(client, f"/{run}/insights", limit=500) == before
    assert all_pages(client, f"/{start(client, world.accounts[0].id, **young)}/insights", limit=500) != before
