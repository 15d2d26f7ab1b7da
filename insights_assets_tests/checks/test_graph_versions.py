"""The pinned Graph version: a warning within 90 days of its end, an error after it, by the injected clock."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from insights_assets.automation.version_watch import job, schedule
from insights_assets.checks.graph_versions import VERSIONS, judge_version
from insights_assets.definitions import build_defs
from insights_assets.environment import NEWEST_GRAPH_VERSION
from insights_assets.settings import load_settings

ENDS = VERSIONS["v26.0"].expires
ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN


@pytest.mark.parametrize(
    ("days_before", "passed", "severity"),
    [(91, True, ERROR), (90, False, WARN), (0, False, WARN), (-1, False, ERROR)],
)
def test_a_version_is_warned_of_ninety_days_ahead_and_fails_after_its_last_day(days_before, passed, severity):
    verdict = judge_version("v26.0", ENDS - timedelta(days=days_before))
    assert (verdict.passed, verdict.severity, verdict.days_left) == (passed, severity, days_before)
    assert str(ENDS) in verdict.sentence
    assert "estimate" in verdict.sentence


@pytest.mark.parametrize(
    ("name", "passed"), [("v21.0", False), ("v24.0", False), ("v22.0", False), ("v19.0", False), ("v27.0", True)]
)
def test_expired_unlisted_and_future_versions(name, passed):
    verdict = judge_version(name, date(2026, 11, 21))
    assert verdict.passed is passed
    assert name in verdict.sentence


def test_the_versions_are_in_order_and_announced_dates_are_no_estimates():
    ends = [v.expires for v in VERSIONS.values()]
    assert ends == sorted(ends)
    assert [v.name for v in VERSIONS.values() if v.is_estimate] == ["v25.0", "v26.0"]
    assert NEWEST_GRAPH_VERSION in VERSIONS
    assert list(VERSIONS) == sorted(VERSIONS)


@pytest.mark.parametrize(("now", "passed"), [(ENDS - timedelta(days=200), True), (ENDS + timedelta(days=1), False)])
def test_the_daily_job_runs_the_check_alone_by_the_injected_clock(tmp_path, now, passed):
    settings = load_settings({"INSIGHTS_HOME": str(tmp_path), "META_GRAPH_VERSION": "v26.0"})
    moment = datetime(now.year, now.month, now.day, tzinfo=UTC)
    defs = build_defs(settings, overrides={"clock": lambda: moment})
    with dg.DagsterInstance.ephemeral() as instance:
        result = defs.resolve_job_def(job.name).execute_in_process(instance=instance)
    (evaluation,) = result.get_asset_check_evaluations()
    assert (evaluation.check_name, evaluation.passed) == ("graph_version", passed)
    assert evaluation.metadata["version"].value == "v26.0"
    assert result.get_asset_materialization_events() == []
    assert schedule.job_name == job.name
