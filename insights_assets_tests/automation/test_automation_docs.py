"""docs/automation.md names every schedule and sensor, with its hours and defaults."""

import re
import tomllib
from pathlib import Path

import pytest

from insights_assets.definitions import build_defs
from insights_assets.settings import load_settings
from insights_assets.timetable import NAMES, SENSORS, SLOTS, Timetable, parse

DOCUMENT = (Path(__file__).parents[2] / "docs" / "automation.md").read_text(encoding="utf-8")
ROWS = {row[0].strip(): [cell.strip() for cell in row[1:]] for row in
        (line.strip("|").split("|") for line in DOCUMENT.splitlines() if line.startswith("| `"))}  # fmt: skip


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    home = str(tmp_path_factory.mktemp("home"))
    return build_defs(load_settings({"INSIGHTS_HOME": home, "INSIGHTS_MODE": "live"})).get_repository_def()


def test_the_slots_are_those_of_the_timetable():
    for slot in SLOTS:
        cron, weeks, _ = ROWS[f"`{slot.name}`"]
        assert (cron, int(weeks)) == (f"`{slot.cron}`", slot.weeks)


def test_every_schedule_has_its_cron(repository):
    for schedule in repository.schedule_defs:
        assert ROWS[f"`{schedule.name}`"][0] == f"`{schedule.cron_schedule}`"


def test_every_sensor_has_its_interval(repository):
    assert {*SENSORS, "resume_blocked_accounts"} <= {s.name for s in repository.sensor_defs}
    for name in (*SENSORS, "resume_blocked_accounts"):
        every = repository.get_sensor_def(name).minimum_interval_seconds
        assert ROWS[f"`{name}`"][0] == f"{every} s"


def test_it_names_nothing_else(repository):
    known = {s.name for s in (*repository.schedule_defs, *repository.sensor_defs)} | set(NAMES)
    assert {re.sub(r"[` ]", "", name) for name in ROWS} <= known


def test_the_example_of_the_settings_can_be_read_and_shows_the_defaults():
    example = re.search(r"```toml\n(.*?)```", DOCUMENT, flags=re.DOTALL)
    assert example is not None
    told = parse(tomllib.loads(example[1])["schedules"], "docs")
    plain = Timetable()
    for name in ("refresh_from", "refresh_until", "initial_weeks", "stale_after_h"):
        assert getattr(told, name) == getattr(plain, name)
