"""Causes in the system's own records, by hand-made rows."""

from datetime import timedelta

import pytest

from insights_assets.alert_settings import AlertSettings, Thresholds
from insights_assets.automation.alerts import operation_look
from insights_assets.tables.operations import CHECK_RESULTS, SYNC_LOG
from insights_assets_tests.automation.alerts.worlds import ACCOUNT, HOUR, NEWEST, NOW
from insights_assets_tests.tables.rows import frame_of, valid_row

SETTINGS = AlertSettings()


def run(hours_ago, status="ok", error=None, **changes):
    row = {"status": status, "error_type": error, "finished_at": NOW - hours_ago * HOUR, "run_id": f"r{hours_ago}"}
    row |= {"week": NEWEST, "step": "insights_daily", "message": "It broke.", "retry_after": None}
    return valid_row(SYNC_LOG, **{**row, **changes})


def failed(hours_ago, error="network", **changes):
    return run(hours_ago, "failed", error, **changes)


def failures(*rows, settings=SETTINGS):
    return operation_look.failed_syncs(frame_of(SYNC_LOG, *rows), settings, NOW)


def test_twice_in_a_row_opens_and_once_does_not():
    assert failures(failed(1)).signals == ()
    (signal,) = failures(failed(2), failed(1)).signals
    assert (signal.subject_key, signal.severity) == ("network", "high")
    assert signal.evidence["failures_in_a_row"] == 2
    assert signal.summary == "act_1 cannot be read (network): It broke."


def test_a_success_in_between_or_since_starts_the_count_anew():
    assert failures(failed(3), run(2), failed(1)).signals == ()
    assert failures(failed(3), failed(2), run(1)).signals == ()
    other_week = run(1, week=NEWEST - timedelta(weeks=1))
    assert len(failures(failed(3), failed(2), other_week).signals) == 1


def test_what_no_repetition_heals_opens_at_once():
    (signal,) = failures(failed(1, "token_invalid")).signals
    assert signal.severity == "critical"
    assert failures(failed(2, "rate_limited"), failed(1, "rate_limited")).signals[0].severity == "medium"


def test_steps_and_weeks_of_an_account_are_one_alert():
    rows = [
        failed(h, step=s, week=NEWEST - timedelta(weeks=w)) for h in (2, 1) for s in ("ads", "adsets") for w in (0, 1)
    ]
    (signal,) = failures(*rows).signals
    assert (signal.evidence["steps"], signal.evidence["weeks"], signal.week) == (["ads", "adsets"], 2, NEWEST)


def test_an_account_without_runs_in_the_window_keeps_what_it_has():
    assert failures(failed(24 * 8), failed(24 * 9)) == operation_look.Observation()
    assert failures(run(1)).looked == {("sync_failed", ACCOUNT)}


def test_how_often_is_a_setting_of_each_account():
    own = AlertSettings(accounts={ACCOUNT: Thresholds(sync_failures=3)})
    assert failures(failed(2), failed(1), settings=own).signals == ()
    assert len(failures(failed(3), failed(2), failed(1), settings=own).signals) == 1


def timed(*durations, weeks=2):
    """Runs of two raw steps over some weeks, oldest first; the log repeats a step's duration in each week's row."""
    rows = [
        run(len(durations) - n, duration_s=d / 2, step=s, week=NEWEST - timedelta(weeks=w))
        for n, d in enumerate(durations)
        for s in ("ads", "insights_daily")
        for w in range(weeks)
    ]
    derived = run(0, duration_s=9999.0, step="results_daily")
    return operation_look.slow_syncs(frame_of(SYNC_LOG, *rows, derived), SETTINGS, NOW)


def test_a_run_twice_as_slow_as_the_median_of_its_like_is_slow():
    (signal,) = timed(100.0, 110.0, 90.0, 100.0, 200.0).signals
    assert (signal.evidence["duration_s"], signal.evidence["usual_s"], signal.severity) == (200.0, 100.0, "low")
    assert timed(100.0, 110.0, 90.0, 100.0, 199.0).signals == ()
    assert timed(100.0, 110.0, 90.0, 100.0, 400.0).signals[0].severity == "medium"
    assert timed(10.0, 10.0, 10.0, 10.0, 59.0).signals == ()


def test_three_earlier_runs_are_no_comparison():
    seen = timed(100.0, 100.0, 100.0, 900.0)
    assert (seen.signals, seen.looked) == ((), frozenset())
    assert timed(100.0, 100.0, 100.0, 100.0, 100.0).looked == {("slow_sync", ACCOUNT)}


def test_a_longer_range_of_weeks_is_compared_with_its_like_only():
    short = [run(30 - n, duration_s=50.0, run_id=f"s{n}") for n in range(5)]
    long = [run(1, duration_s=900.0, run_id="l", week=NEWEST - timedelta(weeks=w)) for w in range(13)]
    assert operation_look.slow_syncs(frame_of(SYNC_LOG, *short, *long), SETTINGS, NOW).signals == ()


def test_red_checks_are_one_alert_a_check_and_account():
    def red(week=NEWEST, **changes):
        given = {"week": week, "passed": False, "table_name": "ads", "check_name": "schema", "failing_rows": 2}
        return valid_row(CHECK_RESULTS, **{**given, "reason": "bad\nrow", **changes})

    rows = [red(), red(NEWEST - timedelta(weeks=1)), red(check_name="totals", severity="WARN"), red(account_id="act_2")]
    seen = operation_look.checks(frame_of(CHECK_RESULTS, *rows), [ACCOUNT, "act_2", "act_3"])
    told = {(s.account_id, s.subject_key): s for s in seen.signals}
    assert set(told) == {(ACCOUNT, "ads:schema"), (ACCOUNT, "ads:totals"), ("act_2", "ads:schema")}
    schema = told[ACCOUNT, "ads:schema"]
    assert (schema.severity, schema.week, schema.evidence["failing_rows"]) == ("high", NEWEST, 4)
    assert schema.summary == "Check schema of ads failed in 2 weeks: bad row"
    assert told[ACCOUNT, "ads:totals"].severity == "low"
    assert ("check_failed", "act_3") in seen.looked


@pytest.mark.parametrize(
    ("blocked", "accounts", "severity"), [(9, 9, None), (10, 1, "high"), (10, 9, "high"), (10, 10, "critical")]
)
def test_a_storm_is_ten_blocked_steps_in_an_hour(blocked, accounts, severity):
    seen = operation_look.rate_limits(blocked, [f"act_{n}" for n in range(accounts)], SETTINGS.thresholds)
    assert [s.severity for s in seen.signals] == ([severity] if severity else [])
    assert seen.looked == {("rate_limit_storm", None)}


@pytest.mark.parametrize(
    ("failed_steps", "ended", "severity"),
    [(0, 0, None), (19, 19, None), (1, 20, None), (2, 20, "medium"), (4, 20, "medium"), (5, 20, "high")],
)
def test_the_error_share_is_of_all_ended_steps(failed_steps, ended, severity):
    seen = operation_look.errors(failed_steps, ended, SETTINGS.thresholds)
    assert [s.severity for s in seen.signals] == ([severity] if severity else [])
