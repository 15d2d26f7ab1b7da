"""sync_metrics, by hand: days of the account, runs counted once, shares as ratios of sums."""

from datetime import UTC, date, datetime, timedelta

import pytest

from insights_assets.lake.catalog import query
from insights_assets.lake.store import Lake
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.operations import SYNC_LOG
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
WEEKS = [WEEK + timedelta(weeks=n) for n in range(2)]


@pytest.fixture
def metrics(tmp_path):
    """A function that writes log lines and returns the view's rows by day."""
    lake = Lake(str(tmp_path))
    account = valid_row(ACCOUNTS, account_id="act_1", timezone_name="America/Los_Angeles")
    lake.overwrite(ACCOUNTS, frame_of(ACCOUNTS, account))

    def ask(*steps):
        rows = [
            valid_row(
                SYNC_LOG,
                **{"account_id": "act_1", "retry_after": None, "requests": 0, "duration_s": 0.0, "week": w, **step},
            )
            for step in steps
            for w in step.pop("weeks", WEEKS)
        ]
        lake.append(SYNC_LOG, frame_of(SYNC_LOG, *rows))
        return {row["day"]: row for row in query(lake, "FROM sync_metrics ORDER BY day").to_dicts()}

    return ask


def step(name, run="r1", minutes=0, **more):
    return {"step": name, "run_id": run, "finished_at": NOON + timedelta(minutes=minutes), **more}


def failed(kind, **more):
    return {"status": "failed", "error_type": kind, "rows": 0, "requests": 2, "duration_s": 1.0, **more}


def test_a_day_with_two_syncs(metrics):
    (day,) = metrics(
        step("ads", rows=10, requests=3, duration_s=4.0),
        step("insights_daily", rows=100, requests=7, duration_s=16.0),
        step("results_daily", rows=50),
        step("ads", "r2", 30, rows=10, requests=3, duration_s=5.0),
    ).values()
    assert day == {
        "account_id": "act_1",
        "day": date(2026, 3, 10),
        "syncs": 2,
        "sync_duration_median_s": 12.5,  # of 20 and 5
        "sync_duration_max_s": 20.0,
        "steps_run": 4,
        "steps_failed": 0,
        "error_share": 0.0,
        "rate_limit_hits": 0,
        "rate_limit_hits_per_hour": 0,
        "api_calls": 13,  # once a run, not once a week
        "rows_stored": 240,  # two weeks of 10, 100 and 10; what is computed does not count
        "rows_per_second": 240 / 25,
        "partitions": 6,
        "coverage": 1.0,
    }


def test_failures_blocks_by_the_hour_and_what_landed_in_the_end(metrics):
    (day,) = metrics(
        step("ads", "r1", 0, **failed("rate_limited")),
        step("adsets", "r1", 10, **failed("rate_limited")),
        step("ads", "r2", 70, **failed("rate_limited")),
        step("ads", "r3", 90, rows=5, requests=2, duration_s=1.0),
        step("campaigns", "r3", 91, **failed("network"), weeks=WEEKS[:1]),
    ).values()
    assert (day["steps_run"], day["steps_failed"], day["error_share"]) == (5, 4, 0.8)
    assert (day["rate_limit_hits"], day["rate_limit_hits_per_hour"]) == (3, 2)
    # Two weeks of ads landed at last; two of adsets and one of campaigns did not.
    assert (day["partitions"], day["coverage"]) == (5, 0.4)


def test_days_are_the_accounts_own(metrics):
    # 6:30 UTC is still the evening before in Los Angeles.
    found = metrics(step("ads", "r1", -330, requests=1, duration_s=1.0), step("ads", "r2", requests=1, duration_s=2.0))
    assert {day: row["sync_duration_max_s"] for day, row in found.items()} == {
        date(2026, 3, 9): 1.0,
        date(2026, 3, 10): 2.0,
    }


def test_computing_alone_has_no_sync_and_no_speed(metrics):
    (day,) = metrics(step("results_daily", rows=50)).values()
    assert (day["syncs"], day["rows_stored"], day["api_calls"]) == (0, 0, 0)
    assert day["sync_duration_median_s"] is day["rows_per_second"] is None
