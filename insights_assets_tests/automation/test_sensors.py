"""Sensors of new, stale and restated accounts, tick by tick: a repeated one asks for the same, nothing comes twice."""

import json
from datetime import timedelta

import dagster as dg
import pytest

from insights_assets.automation import fleet as fleet_module
from insights_assets.registry import SWITCHED_OFF
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.restatements import RESTATEMENTS
from insights_assets_tests.automation.fleet_lake import MONDAY, NOW, FleetLake, corners, keys, week
from insights_assets_tests.tables.rows import frame_of, valid_row

FOLLOWS = (
    *("completeness", "results_daily", "results_weekly", "burnout_weeks", "tracking_health"),
    *("features_campaign", "features_adset", "features_ad"),
    *("creative_performance", "creative_aggregates", "creative_fatigue", "revenue_daily", "spend_waste"),
)


@pytest.fixture
def fleet(tmp_path):
    with dg.DagsterInstance.ephemeral() as instance:
        yield FleetLake(tmp_path, instance, "[schedules]\ninitial_weeks = 3\nstale_after_h = 30\n")


def has_data(fleet, account):
    row = valid_row(INSIGHTS_DAILY, account_id=account, week=week(1), date=week(1))
    fleet.lake.replace(INSIGHTS_DAILY, frame_of(INSIGHTS_DAILY, row), [(account, week(1))])


# ---------------------------------------------------------------------------------------------- register_accounts


def test_new_accounts_become_partitions_and_get_their_first_weeks(fleet):
    fleet.accounts({"account_id": "act_1", "business_id": "77"}, {"account_id": "act_2"}, partitions=False)
    has_data(fleet, "act_2")
    tick = fleet.sensor("register_accounts")
    (added,) = tick.dynamic_partitions_requests
    assert (added.partitions_def_name, added.partition_keys) == ("account", ["act_1", "act_2"])
    (request,) = tick.run_requests
    assert request.run_key == "first|act_1"
    assert corners(request) == (f"act_1|{week(2)}", f"act_1|{MONDAY}")
    assert request.tags["insights/business_id"] == "77"
    assert json.loads(tick.cursor) == ["act_1"]


def test_a_repeated_tick_asks_for_the_same_and_the_next_one_for_nothing(fleet):
    fleet.accounts({"account_id": "act_1"})
    first = fleet.sensor("register_accounts")
    assert keys(fleet.sensor("register_accounts")) == keys(first)
    after = fleet.sensor("register_accounts", first.cursor)
    assert after.run_requests == []
    assert after.cursor in (None, first.cursor)
    has_data(fleet, "act_1")
    assert fleet.sensor("register_accounts").run_requests == []


def test_accounts_that_are_off_or_without_token_stay_out_until_that_changes(fleet, monkeypatch):
    monkeypatch.delenv("NO_SUCH_TOKEN", raising=False)
    off = {"account_id": "act_1", "status": SWITCHED_OFF}
    fleet.accounts(off, {"account_id": "act_2", "token_env": "NO_SUCH_TOKEN"}, partitions=False)
    tick = fleet.sensor("register_accounts")
    assert (tick.run_requests, tick.dynamic_partitions_requests) == ([], [])
    fleet.accounts({"account_id": "act_1"}, partitions=False)
    assert keys(fleet.sensor("register_accounts", tick.cursor)) == ["first|act_1"]


def test_an_account_that_is_being_read_is_left_alone(fleet):
    fleet.accounts({"account_id": "act_1"}, {"account_id": "act_2"})
    fleet.work("act_1")
    assert keys(fleet.sensor("register_accounts")) == ["first|act_2"]


def test_a_large_fleet_is_asked_for_in_parts_that_miss_nobody(fleet, monkeypatch):
    monkeypatch.setattr("insights_assets.automation.register.MOST_REQUESTS", 2)
    names = [f"act_{n}" for n in range(5)]
    fleet.accounts(*[{"account_id": n} for n in names], partitions=False)
    asked, cursor = [], None
    for _ in range(3):
        tick = fleet.sensor("register_accounts", cursor)
        cursor = tick.cursor
        asked += keys(tick)
    assert asked == [f"first|{n}" for n in names]


# -------------------------------------------------------------------------------------------------- refresh_stale


def test_an_account_that_was_not_read_for_too_long_is_refreshed_once_a_day(fleet):
    fleet.accounts({"account_id": "act_1", "business_id": "77"}, {"account_id": "act_2"})
    for name, hours in (("act_1", 31), ("act_2", 29)):
        fleet.log(name, [week(1), week(0)], "insights_daily", at=NOW - timedelta(hours=hours))
    (request,) = fleet.sensor("refresh_stale").run_requests
    assert request.run_key == "stale|act_1|2026-11-18"
    assert corners(request) == (f"act_1|{week(4)}", f"act_1|{MONDAY}")
    assert request.tags["insights/business_id"] == "77"
    fleet.now += timedelta(minutes=59)
    assert keys(fleet.sensor("refresh_stale")) == ["stale|act_1|2026-11-18"]
    fleet.now += timedelta(hours=23)
    assert keys(fleet.sensor("refresh_stale")) == ["stale|act_1|2026-11-19", "stale|act_2|2026-11-19"]


def test_one_old_partition_is_enough_and_a_failure_is_no_reading(fleet):
    fleet.accounts(*[{"account_id": f"act_{n}"} for n in range(1, 4)])
    fleet.log("act_1", [week(1)], "insights_daily")
    fleet.log("act_2", [week(1), week(0)], "insights_daily", status="failed", error_type="network")
    fleet.log("act_3", [week(1), week(0)], "insights_daily")
    assert keys(fleet.sensor("refresh_stale")) == ["stale|act_1|2026-11-18", "stale|act_2|2026-11-18"]


def test_work_under_way_and_accounts_that_are_off_are_left_alone(fleet):
    fleet.accounts({"account_id": "act_1"}, {"account_id": "act_2", "status": SWITCHED_OFF})
    fleet.work("act_1", dg.DagsterRunStatus.STARTED)
    tick = fleet.sensor("refresh_stale")
    assert tick.run_requests == []
    assert "1 of 1 active accounts are stale" in tick.skip_message


def test_a_run_that_was_killed_a_day_ago_holds_nothing_back(fleet):
    fleet.accounts({"account_id": "act_1"})
    fleet.work("act_1", dg.DagsterRunStatus.STARTED)
    created = fleet.instance.get_run_records()[0].create_timestamp
    assert fleet_module.unfinished(fleet.instance, created + timedelta(hours=23)).accounts == {"act_1"}
    assert fleet_module.unfinished(fleet.instance, created + timedelta(hours=25)).accounts == frozenset()


# ------------------------------------------------------------------------------------------------ refresh_restated


def restate(fleet, account, *backs, minutes_ago=60):
    at = NOW - timedelta(minutes=minutes_ago)
    rows = [
        valid_row(RESTATEMENTS, account_id=account, week=week(b), date=week(b), metric="spend", observed_at=at)
        for b in backs
    ]
    fleet.lake.append(RESTATEMENTS, frame_of(RESTATEMENTS, *rows))
    return at


def test_restated_weeks_and_those_that_look_back_on_them_are_computed_again_without_reading(fleet):
    fleet.accounts({"account_id": "act_1", "business_id": "77"})
    at = restate(fleet, "act_1", 30, 28)
    tick = fleet.sensor("refresh_restated")
    (request,) = tick.run_requests
    # Features look back 11 weeks, and tracking health 8 on those.
    assert corners(request) == (f"act_1|{week(30)}", f"act_1|{week(28 - 11 - 8)}")
    assert {k.path[-1] for k in request.asset_selection} == set(FOLLOWS)
    assert request.tags["insights/business_id"] == "77"
    assert request.run_key == f"restated|act_1|{week(30)}|{week(9)}|{at.isoformat()}"
    assert tick.cursor == at.isoformat()


def test_no_week_after_the_running_one(fleet):
    fleet.accounts({"account_id": "act_1"})
    restate(fleet, "act_1", 2)
    assert corners(fleet.sensor("refresh_restated").run_requests[0])[1] == f"act_1|{MONDAY}"


def test_the_same_tick_has_the_same_keys_and_the_cursor_ends_it(fleet):
    fleet.accounts({"account_id": "act_1"})
    restate(fleet, "act_1", 2)
    first = fleet.sensor("refresh_restated")
    assert keys(fleet.sensor("refresh_restated")) == keys(first) != []
    after = fleet.sensor("refresh_restated", first.cursor)
    assert after.run_requests == []
    assert after.cursor in (None, first.cursor)
    restate(fleet, "act_1", 2, minutes_ago=30)
    assert len(keys(fleet.sensor("refresh_restated", first.cursor))) == 1


def test_what_a_refresh_has_followed_already_is_not_asked_for(fleet):
    fleet.accounts({"account_id": "act_1"})
    at = restate(fleet, "act_1", 2)
    fleet.log("act_1", [week(2)], *FOLLOWS[1:], at=at + timedelta(minutes=1))
    fleet.log("act_1", [week(2)], FOLLOWS[0], at=at - timedelta(minutes=1))
    assert len(keys(fleet.sensor("refresh_restated"))) == 1
    fleet.log("act_1", [week(2)], FOLLOWS[0], at=at + timedelta(minutes=1))
    tick = fleet.sensor("refresh_restated")
    assert tick.run_requests == []
    assert tick.cursor == at.isoformat()


def test_what_is_young_or_may_still_be_written_waits(fleet):
    fleet.accounts({"account_id": "act_1"})
    restate(fleet, "act_1", 2, minutes_ago=10)
    tick = fleet.sensor("refresh_restated")
    assert (tick.run_requests, tick.cursor) == ([], None)


def test_an_account_under_way_holds_the_cursor_back_until_it_has_ended(fleet):
    fleet.accounts({"account_id": "act_1"}, {"account_id": "act_2"})
    held = restate(fleet, "act_1", 2, minutes_ago=90)
    restate(fleet, "act_2", 2, minutes_ago=60)
    fleet.work("act_1")
    tick = fleet.sensor("refresh_restated")
    assert [k.split("|")[1] for k in keys(tick)] == ["act_2"]
    assert tick.cursor < held.isoformat()
    again = fleet.sensor("refresh_restated", tick.cursor)
    assert keys(again) == keys(tick)
    assert again.cursor == tick.cursor


def test_a_fleet_beyond_one_tick_goes_on_where_it_stopped(fleet, monkeypatch):
    monkeypatch.setattr("insights_assets.automation.restated.MOST_REQUESTS", 1)
    fleet.accounts({"account_id": "act_1"}, {"account_id": "act_2"})
    for name in ("act_1", "act_2"):
        at = restate(fleet, name, 2)
    first = fleet.sensor("refresh_restated")
    assert [k.split("|")[1] for k in keys(first)] == ["act_1"]
    # The first account's run has ended by the next tick.
    fleet.log("act_1", [week(2)], *FOLLOWS, at=at + timedelta(minutes=30))
    second = fleet.sensor("refresh_restated", first.cursor)
    assert [k.split("|")[1] for k in keys(second)] == ["act_2"]
    assert second.cursor == at.isoformat()


def test_a_tick_looks_at_a_few_accounts_and_the_next_at_those_after_them(fleet, monkeypatch):
    monkeypatch.setattr("insights_assets.automation.restated.MOST_ACCOUNTS", 1)
    fleet.accounts({"account_id": "act_1"}, {"account_id": "act_2"})
    restate(fleet, "act_1", 2, minutes_ago=60)
    earlier = restate(fleet, "act_2", 2, minutes_ago=90)
    first = fleet.sensor("refresh_restated")
    assert [k.split("|")[1] for k in keys(first)] == ["act_2"]
    assert first.cursor == earlier.isoformat()
    assert [k.split("|")[1] for k in keys(fleet.sensor("refresh_restated", first.cursor))] == ["act_1"]


def test_accounts_that_are_off_are_passed_over(fleet):
    fleet.accounts({"account_id": "act_1", "status": SWITCHED_OFF})
    restate(fleet, "act_1", 2)
    assert fleet.sensor("refresh_restated").run_requests == []
