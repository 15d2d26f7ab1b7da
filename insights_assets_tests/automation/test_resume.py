"""Blocked accounts are resumed once their time has come, once each, and with what depends on them."""

from datetime import timedelta

import dagster as dg
import pytest

from insights_assets.automation.resume import due
from insights_assets.definitions import build_defs
from insights_assets.lake.store import Lake
from insights_assets.settings import load_settings
from insights_assets.tables.operations import SYNC_LOG
from insights_assets_tests.tables.rows import OBSERVED, WEEK, frame_of, valid_row

NOW = OBSERVED
WEEKS = [WEEK + timedelta(weeks=n) for n in range(4)]


def line(account="act_1", week=WEEK, step="insights_daily", *, blocked_min=None, minutes_ago=60, **changes):
    """A row of the log; `blocked_min` minutes from now the account may be asked again."""
    row = {"status": "ok", "retry_after": None, "finished_at": NOW - timedelta(minutes=minutes_ago)}
    if blocked_min is not None:
        row |= {"status": "failed", "error_type": "rate_limited", "retry_after": NOW + timedelta(minutes=blocked_min)}
    return valid_row(SYNC_LOG, account_id=account, week=week, step=step, **{**row, **changes})


def found(*rows):
    return [(r.account_id, r.weeks, r.steps) for r in due(frame_of(SYNC_LOG, *rows), NOW)]


def test_an_account_is_due_when_its_time_has_come_and_not_before():
    assert found(line(blocked_min=0)) == [("act_1", (WEEK,), ("insights_daily",))]
    assert found(line(blocked_min=1)) == []


def test_a_success_since_then_closes_the_block_and_an_earlier_one_does_not():
    blocked = line(blocked_min=-30)
    assert found(blocked, line(minutes_ago=5)) == []
    assert len(found(blocked, line(minutes_ago=90))) == 1


def test_a_failure_without_an_end_is_not_resumed_by_itself():
    dead = line(status="failed", error_type="token_invalid")
    assert found(dead) == []
    assert found(line(blocked_min=-30), {**dead, "finished_at": NOW - timedelta(minutes=5)}) == []


def test_weeks_of_an_account_are_joined_into_stretches():
    rows = [line(week=w, blocked_min=-1) for w in (WEEKS[0], WEEKS[1], WEEKS[3])]
    rows += [line("act_2", week=WEEKS[1], step=s, blocked_min=-1) for s in ("ads", "campaigns")]
    assert found(*rows) == [
        ("act_1", (WEEKS[0], WEEKS[1]), ("insights_daily",)),
        ("act_1", (WEEKS[3],), ("insights_daily",)),
        ("act_2", (WEEKS[1],), ("ads", "campaigns")),
    ]


@pytest.fixture
def tick(tmp_path):
    """A function that evaluates the sensor of the code location on a log with these rows."""
    lake = Lake(str(tmp_path / "lake"))
    settings = load_settings({"INSIGHTS_HOME": str(tmp_path)})
    defs = build_defs(settings, overrides={"lake": lake, "clock": lambda: NOW})
    sensor = defs.resolve_sensor_def("resume_blocked_accounts")

    def evaluate(*rows):
        lake.append(SYNC_LOG, frame_of(SYNC_LOG, *rows))
        with dg.DagsterInstance.ephemeral() as instance, dg.build_sensor_context(instance=instance) as context:
            return sensor.evaluate_tick(context)

    return evaluate


def test_a_tick_asks_for_the_blocked_step_and_everything_downstream_of_it(tick):
    (request,) = tick(line(week=WEEKS[0], blocked_min=-1), line(week=WEEKS[1], blocked_min=-1)).run_requests
    assert request.tags["dagster/asset_partition_range_start"] == f"act_1|{WEEKS[0]}"
    assert request.tags["dagster/asset_partition_range_end"] == f"act_1|{WEEKS[1]}"
    names = {k.path[-1] for k in request.asset_selection}
    assert {"insights_daily", "results_daily", "features_ad", "anomalies_ad", "burnout_predictions"} <= names
    assert not names & {"ads", "campaigns", "insights_weekly_ad"}


def test_the_same_block_has_the_same_run_key_and_a_later_one_another(tick):
    first = tick(line(blocked_min=-30, minutes_ago=90)).run_requests[0].run_key
    again = tick().run_requests[0].run_key
    later = tick(line(blocked_min=-1, minutes_ago=20)).run_requests[0].run_key
    assert first == again != later


def test_nothing_due_is_said(tick):
    result = tick(line(blocked_min=10))
    assert result.run_requests == []
    assert "No blocked account" in result.skip_message
