"""Features of a week are the same whether it is run alone or with others: the window read is the window needed."""

from datetime import timedelta

import dagster as dg
import pytest

from insights_assets.assets.features import features_ad
from insights_assets.assets.results import results_daily, results_weekly
from insights_assets.definitions import build_defs
from insights_assets.lake.store import Lake
from insights_assets.partitions import range_tags
from insights_assets.settings import load_settings
from insights_assets.tables.features import FEATURES_AD
from insights_assets.tables.insights import INSIGHTS_DAILY, INSIGHTS_WEEKLY_AD
from insights_assets.tables.registry import TABLES
from insights_assets.tables.results import RESULTS_DAILY, RESULTS_WEEKLY
from insights_assets_tests.tables.rows import OBSERVED, WEEK, frame_of, valid_row

WEEKS = [WEEK + timedelta(weeks=n) for n in range(15)]
LAST = WEEKS[-1]
ACTION = {"w1d_click": None, "w7d_click": None, "w28d_click": None, "w1d_view": None}


@pytest.fixture
def lake(tmp_path):
    """An ad that delivers every day of every week, but not on the last week's Monday and Tuesday."""
    made = Lake(str(tmp_path))
    days = [w + timedelta(days=d) for w in WEEKS for d in range(7) if (w, d) not in {(LAST, 0), (LAST, 1)}]
    daily = [valid_row(INSIGHTS_DAILY, week=d - timedelta(days=d.weekday()), date=d) for d in days]
    made.append(INSIGHTS_DAILY, frame_of(INSIGHTS_DAILY, *daily))
    weekly = [valid_row(INSIGHTS_WEEKLY_AD, week=w, impressions=7, spend=7.0) for w in WEEKS]
    made.append(INSIGHTS_WEEKLY_AD, frame_of(INSIGHTS_WEEKLY_AD, *weekly))
    return made


def features_of_last_week(lake, weeks):
    settings = load_settings({"INSIGHTS_HOME": lake.root})
    defs = build_defs(settings, overrides={"lake": lake, "clock": lambda: OBSERVED})
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("account", ["act_1"])
        job = defs.resolve_implicit_global_asset_job_def().get_subset(asset_selection={features_ad.key})
        job.execute_in_process(instance=instance, tags=range_tags(["act_1"], weeks))
    (row,) = lake.read(FEATURES_AD, since=LAST).to_dicts()
    return row


def test_a_pause_at_the_start_of_a_week_is_seen_when_the_week_is_run_alone(lake):
    row = features_of_last_week(lake, [LAST])
    assert (row["active_days"], row["pause_days"], row["has_delivery_gap"]) == (5, 2, True)


def test_pauses_do_not_depend_on_the_weeks_of_the_run(lake):
    names = ("active_days", "pause_days", "has_delivery_gap")
    alone, together = features_of_last_week(lake, [LAST]), features_of_last_week(lake, WEEKS)
    assert {n: alone[n] for n in names} == {n: together[n] for n in names}


@pytest.mark.parametrize("name", ["age_weeks", "cumulative_impressions", "weeks_with_data", "baseline_weeks"])
def test_age_and_sums_do_not_depend_on_the_weeks_of_the_run(lake, name):
    alone, together = features_of_last_week(lake, [LAST]), features_of_last_week(lake, WEEKS)
    assert alone[name] == together[name]


def test_a_step_may_be_called_with_plain_frames():
    action = {"action_type": "omni_purchase", "value": 4.0, **ACTION}
    daily = valid_row(INSIGHTS_DAILY, spend=20.0, actions=[action], optimization_goal="OFFSITE_CONVERSIONS")
    days = frame_of(INSIGHTS_DAILY, daily, {**daily, "date": WEEK + timedelta(days=1), "spend": 10.0})
    context = dg.build_asset_context(resources={"families": {}})
    by_day = results_daily(context, days, TABLES["adsets"].empty()).value
    assert by_day.schema == RESULTS_DAILY.schema
    purchases = by_day.filter(level="ad", result_family="purchase")
    assert purchases.select("results", "spend", "cpr").rows() == [(4.0, 20.0, 5.0), (4.0, 10.0, 2.5)]
    by_week = results_weekly(days, by_day).value
    assert by_week.schema == RESULTS_WEEKLY.schema
    weekly = by_week.filter(level="ad", result_family="purchase")
    assert weekly.select("results", "spend", "cpr").rows() == [(8.0, 30.0, 3.75)]
