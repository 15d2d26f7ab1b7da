"""`insights alerts` as a user meets it."""

import json
import logging

import pytest
from click.testing import CliRunner

from insights_assets.automation.alerts import engine
from insights_assets.automation.alerts.life_cycle import Observation
from insights_assets.cli import main
from insights_assets.lake.catalog import query
from insights_assets.settings import load_settings
from insights_assets.tables.operations import SYNC_LOG
from insights_assets_tests.automation.alerts.worlds import ACCOUNT, HOUR, NEWEST, NOW, registered, signal
from insights_assets_tests.tables.rows import frame_of, valid_row


@pytest.fixture
def lake(tmp_path, monkeypatch):
    monkeypatch.setenv("INSIGHTS_HOME", str(tmp_path))
    monkeypatch.setenv("INSIGHTS_NOW", NOW.isoformat())
    return registered(tmp_path / "lake", ACCOUNT, "act_2")


@pytest.fixture
def two(lake):
    """Two open alerts; their ids."""
    seen = Observation((signal(1, summary="Ad [bold]one[/]\n."), signal(2, severity="critical", account="act_2")))
    engine.apply(lake, load_settings().alerts, seen, NOW - HOUR)
    return [s.alert_id for s in seen.signals]


def insights(*arguments, code=0):
    done = CliRunner().invoke(main, ["alerts", *arguments])
    assert done.exit_code == code, done.output + str(done.exception)
    return done


def listed(*arguments):
    return {a["alert_id"]: a for a in json.loads(insights("list", "--json", *arguments).stdout)}


def test_a_list_has_the_worst_first_and_filters(two):
    assert list(listed()) == two[::-1]
    assert list(listed("--account", "2")) == [two[1]]
    assert listed("--kind", "slow_sync") == {} == listed("--status", "snoozed")
    told = insights("list").stdout
    assert "Ad [bold]one[/] ." in " ".join(told.split())


def test_acknowledge_and_snooze_by_the_beginning_of_an_id(lake, two):
    assert json.loads(insights("ack", two[0][:8], "--by", "kim", "--json").stdout)[0]["acknowledged_by"] == "kim"
    insights("snooze", two[1], "--hours", "48")
    found = listed()
    assert found[two[0]]["status"] == "acknowledged"
    assert (found[two[1]]["status"], found[two[1]]["snoozed_until"]) == ("snoozed", "2026-03-13T06:00:00+00:00")
    rows = query(lake, "SELECT status FROM alerts ORDER BY status")["status"]
    assert rows.to_list() == ["acknowledged", "snoozed"]


@pytest.mark.parametrize("name", ["ffff", "a", ""])
def test_an_id_that_is_no_ones_is_one_sentence(two, name):
    assert two
    assert "No alert has an id that begins with" in insights("ack", name, code=2).stderr


def test_of_several_the_good_ones_are_changed_and_the_others_named(two):
    done = insights("ack", two[0], "ffff", code=3)
    assert "ffff" in done.stderr
    assert listed()[two[0]]["status"] == "acknowledged"


def test_a_run_opens_and_tells_and_a_dry_one_only_says_so(lake, caplog):
    row = valid_row(
        SYNC_LOG, account_id=ACCOUNT, week=NEWEST, status="failed", error_type="permission", retry_after=None
    )
    lake.append(SYNC_LOG, frame_of(SYNC_LOG, {**row, "finished_at": NOW - HOUR}))
    with caplog.at_level(logging.WARNING, logger="insights_assets.alerts"):
        dry = json.loads(insights("run", "--dry-run", "--json").stdout)
        assert (dry["dry_run"], [a["kind"] for a in dry["opened"]]) == (True, ["sync_failed"])
        assert listed() == {}
        assert caplog.records == []
        assert "1 alerts would be opened" in insights("run", "--dry-run").stdout
        done = json.loads(insights("run", "--json").stdout)
        assert (done["delivered"], len(done["notifications"])) == (1, 1)
        assert "Name of act_1" in caplog.text
    assert json.loads(insights("run", "--json").stdout)["opened"] == []
    assert [a["kind"] for a in listed().values()] == ["sync_failed"]


def test_a_sink_that_is_down_is_one_sentence_and_exit_code_3(lake, two, tmp_path):
    (tmp_path / "settings.toml").write_text(
        '[alerts.sinks.team]\ntype = "slack"\nurl_env = "NO_SUCH_HOOK"\n', encoding="utf-8"
    )
    engine.apply(lake, load_settings().alerts, Observation((signal(7),)), NOW)
    done = insights("run", code=3)
    assert "Sink team: The environment variable NO_SUCH_HOOK is not set" in done.stderr
    assert two


def test_an_empty_lake_has_no_alerts(tmp_path, monkeypatch):
    monkeypatch.setenv("INSIGHTS_HOME", str(tmp_path))
    assert insights("list").stdout == "No alert is open.\n"
    assert insights("run", "--dry-run").stdout.startswith("0 alerts would be opened")
    assert not (tmp_path / "lake").exists()
