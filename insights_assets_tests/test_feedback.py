"""`insights feedback` and what it makes stale."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from insights_assets import feedback
from insights_assets.cli import main
from insights_assets.lake.store import Lake
from insights_assets.problems import InputError
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.classification_feedback import CLASSIFICATION_FEEDBACK
from insights_assets.tables.entities import ADS
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

NOW = datetime(2026, 3, 12, 6, tzinfo=UTC)
AD = feedback.Subject("act_1", "ad", "1")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = Lake(str(tmp_path / "lake"))
    made.overwrite(ACCOUNTS, frame_of(ACCOUNTS, valid_row(ACCOUNTS, timezone_name="Asia/Tokyo")))
    made.replace(ADS, frame_of(ADS, valid_row(ADS)), [("act_1", WEEK)])
    return made


@pytest.fixture
def run(lake: Lake, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("INSIGHTS_HOME", str(Path(lake.root).parent))
    monkeypatch.setenv("INSIGHTS_NOW", "2026-03-15T20:00:00+00:00")  # Monday in Tokyo
    return lambda *words: CliRunner().invoke(main, ["feedback", *words])


def test_a_tier_is_given_listed_and_taken_back(run, lake):
    done = run("add", "1", "ad", "1", "low", "--note", "stock is out")
    assert done.output == "ad 1 of act_1 is LOW from the week of 2026-03-16 on.\n"
    (row,) = json.loads(run("list", "--json").output)
    assert (row["tier"], row["week"], row["until"], row["note"]) == ("LOW", "2026-03-16", None, "stock is out")
    assert run("remove", "act_1", "ad", "1").output == "1 taken back.\n"
    assert run("list").output.startswith("Nothing was said yet")
    assert run("remove", "act_1", "ad", "1").output == "Nothing was said of it.\n"
    assert lake.read(CLASSIFICATION_FEEDBACK)["removed_at"].null_count() == 0
    assert "LOW" in run("list", "--all").output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", "2", "ad", "1", "LOW"), "Unknown account act_2"),
        (("add", "1", "ad", "9", "LOW"), "There is no ad 9 in act_1"),
        (("add", "1", "campaign", "1", "LOW"), "There is no campaign 1 in act_1"),
        (("add", "1", "ad", "1", "BEST"), "Invalid value for"),
        (("add", "1", "ad", "1", "LOW", "--until", "2026-03-01"), "lies before the first"),
        (("add", "1", "ad", "1", "LOW", "--from", "soon"), "Invalid value for '--from'"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_stored(run, lake, words, told):
    done = run(*words)
    assert done.exit_code == 2
    assert told in done.output
    assert lake.read(CLASSIFICATION_FEEDBACK).is_empty()


def test_the_same_week_is_replaced_another_one_added(lake):
    feedback.add(lake, AD, "LOW", WEEK, NOW)
    feedback.add(lake, AD, "MODERATE", WEEK + timedelta(days=3), NOW)
    feedback.add(lake, AD, "HIGH_PERFORMER", WEEK + timedelta(weeks=2), NOW, until=WEEK + timedelta(weeks=3))
    rows = lake.read(CLASSIFICATION_FEEDBACK)
    assert rows.select("week", "tier", "until").rows() == [
        (WEEK, "MODERATE", None),
        (WEEK + timedelta(weeks=2), "HIGH_PERFORMER", WEEK + timedelta(weeks=3)),
    ]
    assert feedback.remove(lake, AD, NOW, since=WEEK) == 1
    assert lake.read(CLASSIFICATION_FEEDBACK)["removed_at"].to_list() == [NOW, None]


def test_what_is_said_makes_its_weeks_stale_and_those_that_look_back_on_them(lake):
    feedback.add(lake, AD, "LOW", WEEK, NOW)
    weeks = [WEEK - timedelta(weeks=1), WEEK, WEEK + timedelta(weeks=1)]
    changed = feedback.changed_at(lake, ["act_1"], weeks)
    assert changed == {(feedback.STEP, "act_1", week): NOW for week in weeks[1:]}
    later = NOW + timedelta(days=1)
    feedback.remove(lake, AD, later)
    assert set(feedback.changed_at(lake, ["act_1"], weeks).values()) == {later}
    assert feedback.changed_at(lake, ["act_1"], []) == {}
    assert feedback.ABOVE["classifications_ad"] == ((feedback.STEP, 4),)


def test_an_unknown_entity_is_an_input_error(lake):
    with pytest.raises(InputError):
        feedback.add(lake, feedback.Subject("act_1", "adset", "1"), "LOW", date(2026, 3, 2), NOW)
