"""Old weeks are read again once a month: a few, drawn by account and month, by the schedule's own time."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights_assets.assets.insights import insights_daily
from insights_assets.automation.tail_audit import due_day, sample, tail_audit
from insights_assets.definitions import build_defs
from insights_assets.lake.store import Lake
from insights_assets.partitions import key, split_key, weeks_covering
from insights_assets.registry import SWITCHED_OFF
from insights_assets.settings import load_settings
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets_tests.tables.rows import frame_of, valid_row

TODAY = date(2026, 11, 20)
ALL = weeks_covering(date(2026, 1, 5), TODAY)
OLD = [w for w in ALL if w + timedelta(days=6) < TODAY - timedelta(days=28)]
ACCOUNT = "act_1"

# Dagster's own tags of a partition with two dimensions; it names them itself when it resolves a request.
pytestmark = pytest.mark.filterwarnings("ignore:Non-compliant tag keys like .'dagster/partition/account'")

accounts = st.integers(1, 10**9).map(lambda n: f"act_{n}")
months = st.dates(date(2026, 1, 1), date(2027, 12, 1))


@given(accounts, months)
def test_two_old_weeks_that_were_read_before_and_never_twice_running(account, month):
    chosen = sample(account, month, ALL, TODAY)
    assert chosen == sorted(set(chosen))
    assert len(chosen) <= 2
    assert set(chosen) <= set(OLD)
    assert chosen == sample(account, month.replace(day=28), reversed(ALL), TODAY)
    following = (month.replace(day=28) + timedelta(days=7)).replace(day=1)
    assert not set(chosen) & set(sample(account, following, ALL, TODAY))


def test_nearly_every_audit_finds_two_and_the_months_reach_nearly_every_week():
    drawn = [sample("act_7", date(2026 + m // 12, m % 12 + 1, 1), ALL, TODAY) for m in range(240)]
    assert all(len(d) == 2 for d in drawn)
    assert {w for d in drawn for w in d} == set(OLD)


def test_the_youngest_week_has_every_day_older_than_28_days():
    drawn = {w for m in range(1, 13) for n in range(40) for w in sample(f"act_{n}", date(2026, m, 1), ALL, TODAY)}
    assert max(drawn) == OLD[-1]
    assert (TODAY - (OLD[-1] + timedelta(days=6))).days in range(29, 36)


def test_what_meta_no_longer_serves_is_left_alone():
    assert sample(ACCOUNT, TODAY, [TODAY - timedelta(days=1500)], TODAY) == []


def test_a_fleet_is_spread_over_the_month():
    days = [due_day(f"act_{n}") for n in range(2800)]
    assert set(days) == set(range(1, 29))
    assert max(days.count(d) for d in range(1, 29)) < 150


READ = [OLD[n] for n in range(0, len(OLD), 4)]


@pytest.fixture(scope="module")
def tick(tmp_path_factory):
    """The schedule evaluated at an instant, on a graph whose accounts have read some weeks."""
    tmp_path = tmp_path_factory.mktemp("audit")
    lake = Lake(str(tmp_path))
    rows = [
        valid_row(ACCOUNTS, account_id=ACCOUNT, business_id="77", timezone_name="Asia/Tokyo"),
        valid_row(ACCOUNTS, account_id="act_2", status=SWITCHED_OFF),
    ]
    lake.overwrite(ACCOUNTS, frame_of(ACCOUNTS, *rows))
    defs = build_defs(load_settings({"INSIGHTS_HOME": str(tmp_path)}), overrides={"lake": lake})
    # A tick opens the instance by its reference, which one in memory lacks.
    with dg.instance_for_test() as instance:
        instance.add_dynamic_partitions("account", [ACCOUNT, "act_2"])
        for account_id in (ACCOUNT, "act_2"):
            for week in READ:
                instance.report_runless_asset_event(
                    dg.AssetMaterialization(insights_daily.key, partition=key(account_id, week))
                )

        def evaluate(at):
            with dg.build_schedule_context(
                instance=instance,
                scheduled_execution_time=at,
                repository_def=defs.get_repository_def(),
                resources={"lake": lake},
            ) as context:
                return tail_audit.evaluate_tick(context)

        yield evaluate


def test_on_its_day_an_account_gets_a_run_for_each_week_of_its_sample(tick):
    at = datetime(2026, 11, due_day(ACCOUNT), 2, 30, tzinfo=UTC)
    requests = tick(at).run_requests
    expected = sample(ACCOUNT, at.date(), READ, at.date())
    assert [split_key(r.partition_key) for r in requests] == [(ACCOUNT, w) for w in expected]
    assert len(requests) == 2
    assert {r.tags["insights/business_id"] for r in requests} == {"77"}
    assert all(r.run_key.startswith("tail_audit:2026-11:act_1|") for r in requests)


def test_a_late_tick_asks_for_the_same_runs(tick):
    at = datetime(2026, 11, due_day(ACCOUNT), 2, 30, tzinfo=UTC)
    assert [r.run_key for r in tick(at).run_requests] == [r.run_key for r in tick(at + timedelta(hours=5)).run_requests]


def test_on_other_days_and_for_accounts_that_are_off_nothing_runs(tick):
    other = next(d for d in range(1, 29) if d != due_day(ACCOUNT))
    result = tick(datetime(2026, 11, other, 2, 30, tzinfo=UTC))
    assert result.run_requests == []
    assert "none with a week older than 28 days" in result.skip_message
    off = tick(datetime(2026, 11, due_day("act_2"), 2, 30, tzinfo=UTC)).run_requests
    assert [r for r in off if r.partition_key.startswith("act_2")] == []
