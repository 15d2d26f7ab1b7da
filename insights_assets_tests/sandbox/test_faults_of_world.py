"""Faults of the world itself: levels that disagree, late changes, new action types, another zone."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from insights_assets.sandbox import World, fault

from .wire import NOW, Wire, every, wire

# A completed week before 2026-11-21, its Monday.
MONDAY = date(2026, 11, 2)


@pytest.fixture(scope="module")
def world() -> World:
    return World(accounts=3, ads_per_account=(9, 12))


def spend(net: Wire, level: str, since: date, **more: Any) -> Decimal:
    days = {"since": since.isoformat(), "until": (since + timedelta(days=6)).isoformat()}
    asked = {"level": level, "fields": "spend,campaign_id", "filtering": every(level), "time_range": json.dumps(days)}
    if level == "account":
        asked |= {"fields": "spend", "filtering": "[]"}
    rows = net.rows(f"{net.account()}/insights", **net.question(**{**asked, "time_increment": "7", **more}))
    return sum((Decimal(row["spend"]) for row in rows), Decimal())


def test_a_week_without_ad_rows_has_spend_in_its_account(world: World):
    with wire(world, fault("zero_rows", account=world.accounts[0].id, week=MONDAY)) as net:
        assert spend(net, "ad", MONDAY) == 0
        assert spend(net, "account", MONDAY) > 0
        assert spend(net, "ad", MONDAY, time_increment="1") == 0
        before = MONDAY - timedelta(days=7)
        assert spend(net, "ad", before) == spend(net, "account", before) > 0
        (label,) = net.sandbox.labels
        assert (label.account_id, label.since, label.until) == (net.account(), MONDAY, MONDAY + timedelta(days=6))
        assert (label.fault, label.level, label.metric) == ("zero_rows", "ad", "rows")


def test_a_campaign_says_more_than_its_ads_in_the_labelled_week_only(world: World):
    with wire(world, fault("parent_mismatch", account=world.accounts[0].id, week=MONDAY, factor=1.5)) as net:
        (label,) = net.sandbox.labels
        assert (label.level, label.metric, label.factor, label.since) == ("campaign", "spend", 1.5, MONDAY)
        days = json.dumps({"since": str(MONDAY - timedelta(days=7)), "until": str(MONDAY + timedelta(days=6))})
        found: dict[str, dict[tuple[str, str], Decimal]] = {"campaign": {}, "ad": {}}
        for level, cells in found.items():
            asked = {"level": level, "fields": "campaign_id,spend", "filtering": every(level), "time_range": days}
            for row in net.rows(f"{net.account()}/insights", **net.question(**{**asked, "time_increment": "7"})):
                key = (row["campaign_id"], row["date_start"])
                cells[key] = cells.get(key, Decimal()) + Decimal(row["spend"])
        different = {key for key, total in found["campaign"].items() if total != found["ad"][key]}
        assert different == {(label.entity_id, str(MONDAY))}
        (key,) = different
        assert abs(found["campaign"][key] - found["ad"][key] * Decimal("1.5")) <= Decimal("0.01")


def test_an_old_week_changes_once_its_days_are_old_enough(world: World):
    instant = [datetime(2026, 11, 21, 15, tzinfo=UTC)]
    week = date(2026, 10, 5)
    planted = fault("late_restatement", account=world.accounts[0].id, week=week, from_age=60, factor=0.8)
    with wire(world, planted, now=lambda: instant[0]) as net:
        # 2026-11-21 is 47 days after the Monday: older than the 28 days after which days are settled.
        first = spend(net, "account", week)
        instant[0] += timedelta(days=12)
        assert spend(net, "account", week) == first
        instant[0] += timedelta(days=9)
        later = spend(net, "account", week)
        assert float(later / first) == pytest.approx(0.8, abs=0.001)
        assert spend(net, "ad", week) == spend(net, "campaign", week) == later
        other = week + timedelta(days=7)
        assert float(spend(net, "account", other)) == pytest.approx(truth_of(net, other))
        (label,) = net.sandbox.labels
        assert (label.metric, label.factor, label.since) == ("spend", 0.8, week)


def truth_of(net: Wire, since: date) -> float:
    return float(net.world.truth_daily(net.account(), since, since + timedelta(days=6), None)["spend"].sum())


def test_an_unknown_action_type_repeats_the_purchases_of_one_account(world: World):
    new = "offsite_conversion.fb_pixel_purchase_v2"
    with wire(world, fault("unknown_action_type", account=world.accounts[0].id)) as net:
        fields = {"fields": "ad_id,actions,action_values"}
        seen = 0
        for index in (0, 1):
            for row in net.rows(f"{net.account(index)}/insights", **net.question(**fields)):
                for name in ("actions", "action_values"):
                    values = {item["action_type"]: item["value"] for item in row.get(name, [])}
                    assert values.get(new) == (values.get("omni_purchase") if index == 0 else None)
                    seen += new in values
        assert seen > 5
        assert [label.metric for label in net.sandbox.labels] == [new]


def test_an_account_changes_its_zone(world: World):
    instant = [datetime(2026, 11, 15, 15, tzinfo=UTC)]
    planted = fault("zone_change", account=world.accounts[0].id, week=date(2026, 11, 16), zone="Asia/Tokyo")
    with wire(world, planted, now=lambda: instant[0]) as net:
        fields = {"fields": "timezone_name"}
        to_the_end = net.question(time_range='{"since":"2026-11-10","until":"2026-11-30"}')
        assert net.get(net.account(), **fields).json()["timezone_name"] == "America/New_York"
        last = net.rows(f"{net.account()}/insights", **to_the_end)
        assert max(row["date_start"] for row in last) == "2026-11-15"
        instant[0] = NOW
        assert net.get(net.account(), **fields).json()["timezone_name"] == "Asia/Tokyo"
        listed = net.get("me/adaccounts", fields="timezone_name").json()["data"]
        assert listed[0]["timezone_name"] == "Asia/Tokyo"
        last = net.rows(f"{net.account()}/insights", **to_the_end)
        # 15:00 UTC on the 21st is midnight of the 22nd in Tokyo, which has no row yet.
        assert max(row["date_start"] for row in last) == "2026-11-21"
        assert net.rows(f"{net.run()}/insights") == net.rows()
