"""Schedules: a fleet job runs where inputs are newer, over exactly the accounts that are on; each account is refreshed
once on each of its own days."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import dagster as dg
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights_assets.automation.fleet import refresh_weeks, spans
from insights_assets.automation.schedules import PERIOD, due_at, due_day
from insights_assets.planning import Lineage, newer_inputs
from insights_assets.registry import SWITCHED_OFF
from insights_assets.tables.completeness import COMPLETENESS
from insights_assets_tests.automation.fleet_lake import MONDAY, NOW, FleetLake, corners, keys, week, wiped
from insights_assets_tests.tables.rows import frame_of, valid_row

FIRST, LAST = time(3), time(5)
# Where clocks change at 1, 2, 3 and 24 o'clock, by an hour or by half of one; and where they never do.
ZONES = ("Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kolkata")
TICK = datetime(2026, 11, 18, 12, 35, tzinfo=UTC)


@given(
    st.integers(1, 10**9).map(lambda n: f"act_{n}"),
    st.sampled_from(ZONES),
    st.dates(date(2025, 1, 1), date(2027, 12, 1)),
    st.sampled_from([(time(3), time(5)), (time(1, 30), time(2, 30)), (time(0), time(1))]),
)
def test_every_day_of_an_account_has_exactly_one_tick(account, zone, start, window):
    midnight = datetime.combine(start, time(), ZoneInfo(zone)).astimezone(UTC)
    first = midnight.replace(minute=0) - timedelta(hours=2)
    days = [due_day(account, zone, first + n * PERIOD, *window) for n in range(4 * 144 + 24)]
    found = [day for day in days if day is not None]
    assert found == sorted(set(found))
    assert {start, start + timedelta(days=1), start + timedelta(days=2)} <= set(found)


def test_the_night_the_clocks_change_has_one_refresh_like_any_other():
    # Berlin has no 2:30 on 29 March 2026, and two of them on 25 October.
    window = (time(2), time(3))
    for day in (date(2026, 3, 29), date(2026, 10, 25)):
        at = due_at("act_1", "Europe/Berlin", day, *window)
        ticks = [at.replace(minute=0) + n * PERIOD for n in range(-144, 145)]
        assert [due_day("act_1", "Europe/Berlin", t, *window) for t in ticks].count(day) == 1


def test_it_is_early_morning_where_the_account_is():
    for zone in ZONES:
        for n in range(50):
            local = due_at(f"act_{n}", zone, date(2026, 7, 15), FIRST, LAST).astimezone(ZoneInfo(zone))
            assert local.date() == date(2026, 7, 15)
            assert FIRST <= local.time() < LAST


def test_a_fleet_of_one_zone_is_spread_over_the_window():
    minutes = [due_at(f"act_{n}", "UTC", date(2026, 7, 15), FIRST, LAST).minute for n in range(1200)]
    assert max(minutes.count(m) for m in set(minutes)) < 45  # 20 expected
    assert len(set(minutes)) == 60


def test_weeks_to_read_again_end_yesterday():
    monday_morning = datetime(2026, 11, 16, 3, tzinfo=UTC)
    assert refresh_weeks("UTC", monday_morning, 7) == [date(2026, 11, 9)]
    assert refresh_weeks("UTC", monday_morning, 28) == [date(2026, 10, 19) + timedelta(weeks=n) for n in range(4)]
    assert refresh_weeks("UTC", monday_morning + timedelta(days=1), 7)[-1] == date(2026, 11, 16)
    # Tuesday in Tokyo, still Monday in UTC: the week is a partition already.
    assert refresh_weeks("Asia/Tokyo", datetime(2026, 11, 16, 18, tzinfo=UTC), 7)[-1] == date(2026, 11, 16)
    assert refresh_weeks("Asia/Tokyo", datetime(2026, 11, 15, 18, tzinfo=UTC), 7)[-1] == date(2026, 11, 9)


accounts = st.lists(st.integers(0, 30), unique=True)


@given(accounts, st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_ranges_cover_every_wanted_account_once_and_no_forbidden_one(order, wanted, allowed):
    wanted &= allowed
    found = list(spans(order, wanted, allowed))
    covered = [name for run in found for name in run]
    assert set(covered) <= allowed
    assert len(covered) == len(set(covered))
    assert wanted & set(order) <= set(covered)
    for run in found:
        start = order.index(run[0])
        assert tuple(order[start : start + len(run)]) == run
        assert {run[0], run[-1]} <= wanted
    # As few as can be: between two of them lies an account that is not allowed.
    for one, next_ in pairwise(found):
        assert set(order[order.index(one[-1]) + 1 : order.index(next_[0])]) - allowed


def log(*rows):
    schema = {"account_id": pl.String, "week": pl.Date, "step": pl.String, "finished_at": pl.Datetime("us", "UTC")}
    return pl.DataFrame(
        [(a, week(back), s, NOW - timedelta(hours=h)) for a, back, s, h in rows], schema=schema, orient="row"
    )


def test_an_input_of_an_earlier_week_makes_a_later_one_stale_and_never_the_reverse():
    weeks, graph = [week(2), week(1), week(0)], Lineage({"anomalies_ad": (("features_ad", 12),)})
    made = [("act_1", back, "anomalies_ad", 5) for back in range(3)]
    assert newer_inputs(log(*made, ("act_1", 1, "features_ad", 6)), ["anomalies_ad"], weeks, graph).is_empty()
    stale = newer_inputs(log(*made, ("act_1", 1, "features_ad", 4)), ["anomalies_ad"], weeks, graph)
    assert stale.rows() == [("act_1", week(1)), ("act_1", week(0))]
    assert newer_inputs(log(("act_1", 0, "features_ad", 4)), ["anomalies_ad"], weeks, graph).rows() == [
        ("act_1", week(0))
    ]
    # 12 weeks back is the last that anomalies read.
    oldest = newer_inputs(log(*made, ("act_1", 12, "features_ad", 4)), ["anomalies_ad"], [week(0)], graph)
    assert oldest.rows() == [("act_1", week(0))]
    assert newer_inputs(log(*made, ("act_1", 13, "features_ad", 4)), ["anomalies_ad"], [week(0)], graph).is_empty()


@pytest.fixture(scope="module")
def instance():
    # A schedule's tick opens the instance by its reference, which one in memory lacks.
    with dg.instance_for_test() as made:
        yield made


@pytest.fixture
def fleet(tmp_path, instance):
    return FleetLake(tmp_path, wiped(instance))


def test_one_run_covers_the_stale_accounts_and_a_switched_off_one_cuts_it(fleet):
    names = [f"act_{n}" for n in range(1, 8)]
    fleet.accounts(*[{"account_id": n, "status": SWITCHED_OFF if n == "act_4" else "ACTIVE"} for n in names])
    for name in ("act_2", "act_3", "act_4", "act_6"):
        fleet.log(name, [week(1), week(0)], "features_ad", at=TICK - timedelta(hours=1))
    requests = fleet.schedule("anomalies_ad", TICK).run_requests
    assert [corners(r) for r in requests] == [
        (f"act_2|{week(1)}", f"act_3|{week(0)}"),
        (f"act_6|{week(1)}", f"act_6|{week(0)}"),
    ]
    assert {r.tags["insights/reason"] for r in requests} == {"schedule"}


def test_nothing_newer_starts_nothing(fleet):
    fleet.accounts({"account_id": "act_1"})
    fleet.log("act_1", [week(0)], "features_ad", at=TICK - timedelta(hours=2))
    fleet.log("act_1", [week(0)], "anomalies_ad", at=TICK - timedelta(hours=1))
    tick = fleet.schedule("anomalies_ad", TICK)
    assert tick.run_requests == []
    assert "newer inputs" in tick.skip_message


def test_a_late_or_repeated_tick_has_the_same_run_keys_and_the_next_one_others(fleet):
    fleet.accounts({"account_id": "act_1"})
    fleet.log("act_1", [week(0)], "features_ad", at=TICK - timedelta(hours=2))
    first = keys(fleet.schedule("anomalies_ad", TICK))
    fleet.now += timedelta(hours=5)
    assert keys(fleet.schedule("anomalies_ad", TICK)) == first
    assert keys(fleet.schedule("anomalies_ad", TICK + timedelta(hours=2))) != first


def test_a_tick_waits_for_the_run_before(fleet):
    fleet.accounts({"account_id": "act_1"})
    fleet.log("act_1", [week(0)], "features_ad", at=TICK - timedelta(hours=2))
    fleet.instance.add_run(dg.DagsterRun("anomalies_ad", status=dg.DagsterRunStatus.STARTED))
    tick = fleet.schedule("anomalies_ad", TICK)
    assert tick.run_requests == []
    assert "has not ended" in tick.skip_message


def test_the_range_of_a_request_is_exactly_its_accounts_and_weeks_for_dagster(fleet):
    fleet.accounts(*[{"account_id": f"act_{n}"} for n in range(1, 5)])
    for name in ("act_2", "act_3"):
        fleet.log(name, [week(2), week(0)], "features_ad", at=TICK - timedelta(hours=1))
    (request,) = fleet.schedule("anomalies_ad", TICK).run_requests
    assets = fleet.defs.resolve_asset_graph()
    definition = assets.get(dg.AssetKey(["findings", "anomalies_ad"])).partitions_def
    covered = definition.get_partition_keys_in_range(request.partition_key_range, fleet.instance)
    assert set(covered) == {f"{a}|{week(back)}" for a in ("act_2", "act_3") for back in range(3)}


def refreshed(name, day=date(2026, 11, 18), zone="UTC"):
    """The tick at which an account is due."""
    due = due_at(name, zone, day, FIRST, LAST)
    late = due.minute % 10 or due.second
    return due + timedelta(minutes=10 - due.minute % 10) if late else due


def test_an_account_is_refreshed_by_its_learnt_lookback_with_its_business(fleet):
    fleet.accounts({"account_id": "act_1", "business_id": "77", "timezone_name": "America/New_York"})
    rows = [
        valid_row(COMPLETENESS, account_id="act_1", week=week(back), lookback_days=days)
        for back, days in ((5, 28), (4, 9))
    ]
    fleet.lake.replace(COMPLETENESS, frame_of(COMPLETENESS, *rows), [("act_1", week(5)), ("act_1", week(4))])
    (request,) = fleet.schedule("refresh_accounts", refreshed("act_1", zone="America/New_York")).run_requests
    assert request.run_key == "refresh|act_1|2026-11-18"
    # Wednesday less 9 days is the Monday of the week before.
    assert corners(request) == (f"act_1|{week(1)}", f"act_1|{MONDAY}")
    tags = {k: v for k, v in request.tags.items() if k.startswith("insights/") or "retr" in k}
    assert tags == {
        "insights/account_id": "act_1",
        "insights/business_id": "77",
        "insights/reason": "refresh",
        "dagster/max_retries": "2",
        "dagster/retry_on_asset_or_op_failure": "false",
    }


def test_without_evidence_it_is_28_days_and_other_ticks_ask_for_nothing(fleet):
    fleet.accounts({"account_id": "act_1"})
    at = refreshed("act_1")
    (request,) = fleet.schedule("refresh_accounts", at).run_requests
    assert corners(request) == (f"act_1|{week(4)}", f"act_1|{MONDAY}")
    for other in (at - PERIOD, at + PERIOD):
        assert fleet.schedule("refresh_accounts", other).run_requests == []


def test_accounts_that_are_off_or_have_no_token_are_left_out(fleet, monkeypatch):
    monkeypatch.delenv("NO_SUCH_TOKEN", raising=False)
    fleet.accounts(
        {"account_id": "act_1", "status": SWITCHED_OFF},
        {"account_id": "act_2", "token_env": "NO_SUCH_TOKEN"},
        {"account_id": "act_3"},
    )
    asked = [
        r.tags["insights/account_id"]
        for name in ("act_1", "act_2", "act_3")
        for r in fleet.schedule("refresh_accounts", refreshed(name)).run_requests
    ]
    assert set(asked) == {"act_3"}
