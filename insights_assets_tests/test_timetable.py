"""The timetable: no two jobs start together, and the settings change it by words that are checked."""

import tomllib
from datetime import time

import pytest
from dagster._utils.schedules import is_valid_cron_schedule
from hypothesis import given
from hypothesis import strategies as st

from insights_assets.problems import InputError
from insights_assets.settings import SettingsError, load_settings
from insights_assets.timetable import NAMES, SLOTS, Switch, Timetable, parse


def read(text):
    return parse(tomllib.loads(text), "settings.toml")


def test_the_missions_hours():
    hours = {s.name: s.cron for s in SLOTS}
    assert hours["forecasts_campaign"] == "0 4 * * *"
    assert hours["forecasts_adset"] == "30 4 * * *"
    at_five = [hours[f"classifications_{level}"] for level in ("campaign", "adset", "ad")]
    assert at_five == ["0 5 * * *", "30 5 * * *", "0 6 * * *"]
    assert [hours[f"anomalies_{level}"].split()[1] for level in ("campaign", "adset", "ad")] == ["*", "*", "*/2"]


def test_no_two_jobs_start_in_the_same_minute():
    minutes = [tuple(s.cron.split()[:2]) for s in SLOTS]
    hourly = {m for m, h in minutes if h.startswith("*")}
    daily = [(m, h) for m, h in minutes if not h.startswith("*")]
    assert len(set(minutes)) == len(minutes)
    assert len(set(daily)) == len(daily)
    assert not hourly & {m for m, _ in daily}
    assert len(NAMES) == len(set(NAMES))


def test_a_slot_takes_the_daily_sibling_and_not_its_neighbours():
    ad = next(s for s in SLOTS if s.name == "anomalies_ad")
    assert all(ad.covers(n) for n in ("anomalies_ad", "anomalies_daily_ad", "anomalies_ad_daily"))
    assert not any(ad.covers(n) for n in ("anomalies_adset", "features_ad", "anomalies", "anomalies_daily_adset"))


def test_without_settings_it_is_on_but_in_the_sandbox():
    assert all(Timetable().runs(name, mode="live") for name in NAMES)
    assert not any(Timetable().runs(name, mode="sandbox") for name in NAMES)


def test_each_can_be_switched_and_moved():
    told = read('time_zone = "Asia/Tokyo"\n[anomalies_ad]\nenabled = false\n[forecasts_ad]\ncron = "15  */4 * * 1-5"')
    assert told.time_zone == "Asia/Tokyo"
    assert not told.runs("anomalies_ad", mode="live")
    assert told.runs("forecasts_ad", mode="live")
    assert {s.name: told.cron(s) for s in SLOTS if told.cron(s) != s.cron} == {"forecasts_ad": "15 */4 * * 1-5"}


def test_one_switch_for_all_and_single_ones_beside_it():
    assert not read("enabled = false\n[refresh_accounts]\nenabled = true").runs("refresh_accounts", mode="live")
    on = read("enabled = true\n[refresh_stale]\nenabled = false")
    assert on.runs("refresh_accounts", mode="sandbox")
    assert not on.runs("refresh_stale", mode="sandbox")
    assert read("[refresh_stale]\nenabled = true").runs("refresh_stale", mode="sandbox")


def test_times_weeks_and_hours():
    told = read('refresh_from = "02:30"\nrefresh_until = 06:00:00\ninitial_weeks = 4\nstale_after_h = 30')
    assert (told.refresh_from, told.refresh_until) == (time(2, 30), time(6))
    assert (told.initial_weeks, told.stale_after_h) == (4, 30.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('time_zone = "Berlin"', ["time_zone", "'Berlin'", "IANA"]),
        ("time_zone = 3", ["time_zone", "IANA"]),
        ("enabled = 1", ["enabled", "true or false"]),
        ('refresh_from = "3 am"', ["refresh_from", "03:00"]),
        ('refresh_from = "06:00"', ["refresh_until", "after"]),
        ("initial_weeks = 0", ["initial_weeks", "1 to 53"]),
        ("initial_weeks = 2.5", ["initial_weeks", "1 to 53"]),
        ("stale_after_h = true", ["stale_after_h", "672"]),
        ("[anomalies]\nenabled = true", ["anomalies", "anomalies_ad"]),
        ("anomalies_ad = false", ["anomalies_ad", "cron and enabled"]),
        ('[anomalies_ad]\nenabled = "no"', ["anomalies_ad", "true or false"]),
        ('[anomalies_ad]\ncron = "hourly"', ["anomalies_ad", "five cron fields"]),
        ('[refresh_accounts]\ncron = "0 3 * * *"', ["refresh_accounts", "enabled"]),
    ],
)
def test_a_wrong_word_is_one_sentence_with_key_value_and_what_is_allowed(text, words):
    with pytest.raises(InputError) as caught:
        read(text)
    message = str(caught.value)
    assert "schedules." in message
    assert "settings.toml" in message
    assert all(word in message for word in words), message
    assert "\n" not in message


def test_the_settings_file_carries_it(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text('[schedules]\ntime_zone = "Europe/Berlin"\n[schedules.anomalies_ad]\nenabled = false\n')
    settings = load_settings({"INSIGHTS_HOME": str(tmp_path)})
    assert settings.schedules.time_zone == "Europe/Berlin"
    assert settings.schedules.switches == {"anomalies_ad": Switch(enabled=False)}
    assert settings.origins["schedules"] == str(file)
    file.write_text("schedules = 3\n")
    with pytest.raises(SettingsError, match="must be a table"):
        load_settings({"INSIGHTS_HOME": str(tmp_path)})


@given(st.text(alphabet="0123456789*/,- ", max_size=24))
def test_a_cron_that_is_let_through_is_one_for_dagster_too(cron):
    try:
        parse({"anomalies_ad": {"cron": cron}}, "here")
    except InputError:
        return
    assert is_valid_cron_schedule(cron)


@pytest.mark.parametrize("cron", ["* * * * *", "0 0 1 1 0", "5,35 */2 1-15 * 1-5", "0-30/10 3 * * *"])
def test_usual_crons_are_let_through(cron):
    told = parse({"anomalies_ad": {"cron": cron}}, "here")
    assert told.switches["anomalies_ad"].cron == cron
    assert is_valid_cron_schedule(cron)


@pytest.mark.parametrize(
    "cron", ["60 * * * *", "0 24 * * *", "0 0 0 * *", "0 0 * 13 *", "0 0 * * 8", "5-3 * * * *", "* * * *"]
)
def test_impossible_crons_are_refused(cron):
    with pytest.raises(InputError, match="five cron fields"):
        parse({"anomalies_ad": {"cron": cron}}, "here")
