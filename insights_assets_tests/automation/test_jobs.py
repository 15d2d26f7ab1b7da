"""Jobs take the assets of their stage and level that the graph has, and the refresh takes the rest."""

import dagster as dg

from insights_assets.automation.jobs import fleet_jobs, refresh_steps, steps_of
from insights_assets.definitions import PARTITIONED_ASSETS, build_defs
from insights_assets.lineage import lineage_of
from insights_assets.partitions import account_weeks
from insights_assets.settings import load_settings
from insights_assets.timetable import REPORTS, SLOTS, Timetable, parse

# Each job runs the one asset that it is named after.
TODAY = {slot.name: {slot.name} for slot in SLOTS}
NAMES = {a.key.path[-1] for a in PARTITIONED_ASSETS}


def asset(name):
    @dg.asset(key=["findings", name], partitions_def=account_weeks)
    def made():
        """Nothing."""

    return made


def test_todays_jobs_and_their_assets():
    assert {slot.name: set(steps_of(slot, PARTITIONED_ASSETS)) for slot in fleet_jobs(PARTITIONED_ASSETS)} == TODAY


def test_an_asset_that_joins_the_graph_joins_its_job():
    joined = [asset(n) for n in ("anomalies_adset", "anomalies_daily_adset", "forecasts_account", "features_adset")]
    found = {slot.name: set(steps_of(slot, joined)) for slot in fleet_jobs(joined)}
    assert found == {
        "anomalies_adset": {"anomalies_adset", "anomalies_daily_adset"},
        "forecasts_account": {"forecasts_account"},
    }
    assert refresh_steps(joined, Timetable(), mode="live") == ("features_adset",)


def test_no_asset_is_in_two_jobs_and_staleness_knows_the_inputs_of_each():
    for name in NAMES:
        assert sum(slot.covers(name) for slot in SLOTS) <= 1, name
    for steps in TODAY.values():
        assert steps <= set(lineage_of(PARTITIONED_ASSETS).above)


def test_the_refresh_takes_what_no_schedule_takes():
    of_jobs = set().union(*TODAY.values())
    assert set(refresh_steps(PARTITIONED_ASSETS, Timetable(), mode="live")) == NAMES - of_jobs
    # In the sandbox nothing is scheduled, and a schedule that is off takes nothing.
    assert set(refresh_steps(PARTITIONED_ASSETS, Timetable(), mode="sandbox")) == NAMES
    off = parse({"anomalies_ad": {"enabled": False}}, "here")
    assert set(refresh_steps(PARTITIONED_ASSETS, off, mode="live")) == NAMES - of_jobs | {"anomalies_ad"}


def statuses(folder, mode, text=""):
    (folder / "settings.toml").write_text(text, encoding="utf-8")
    defs = build_defs(load_settings({"INSIGHTS_HOME": str(folder), "INSIGHTS_MODE": mode}))
    repository = defs.get_repository_def()
    found = {s.name: s.default_status.value for s in (*repository.schedule_defs, *repository.sensor_defs)}
    return repository, found


def test_live_everything_of_the_timetable_is_on_and_each_can_be_switched_off(tmp_path):
    _, live = statuses(tmp_path, "live")
    on = {name for name, status in live.items() if status == "RUNNING"}
    sensors = {"register_accounts", "refresh_restated", "refresh_stale"}
    # What repairs and what tells is no matter of the timetable.
    always = {"resume_blocked_accounts", "alerts", "alert_on_run_failure"}
    assert on == {*TODAY, *REPORTS, "refresh_accounts", "maintain", *sensors, *always}
    _, sandbox = statuses(tmp_path, "sandbox")
    assert {name for name, status in sandbox.items() if status == "RUNNING"} == always
    for name in on - always:
        _, told = statuses(tmp_path, "live", f"[schedules.{name}]\nenabled = false\n")
        assert {n for n in on if told[n] != "RUNNING"} == {name}


def test_the_settings_move_a_schedule(tmp_path):
    text = '[schedules]\ntime_zone = "Asia/Tokyo"\n[schedules.anomalies_ad]\ncron = "7 7 * * *"\n'
    repository, _ = statuses(tmp_path, "live", text)
    moved = repository.get_schedule_def("anomalies_ad")
    assert (moved.cron_schedule, moved.execution_timezone) == ("7 7 * * *", "Asia/Tokyo")
    # An account's morning is its own, whatever the zone of the others.
    assert repository.get_schedule_def("refresh_accounts").execution_timezone == "UTC"
