"""Log lines: fields by name, JSON on request, one a step whatever it covers, and never a secret."""

import json
import logging
from datetime import date, timedelta

import pytest

from insights_assets import logs
from insights_assets.graph_api import redaction
from insights_assets.lake import sync_log
from insights_assets.lake.store import Lake
from insights_assets.logged import told
from insights_assets.problems import InputError
from insights_assets.settings import SettingsError, load_settings
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets_tests.tables.rows import OBSERVED, WEEK

LOGGER = logging.getLogger("insights_assets.lake.sync_log")
SECRET = "EAAB-top-secret-token"


@pytest.fixture(autouse=True)
def _own_logging(monkeypatch):
    monkeypatch.setattr(redaction, "_secrets", set())
    package, root = logging.getLogger("insights_assets"), logging.getLogger()
    level, handlers = package.level, root.handlers
    yield
    package.setLevel(level)
    root.handlers = handlers


def lines(capsys):
    return capsys.readouterr().err.splitlines()


def test_json_has_a_line_a_record_with_its_fields(capsys):
    logs.configure({"INSIGHTS_LOG_FORMAT": "json"})
    LOGGER.info("step %s", "ok", extra=told(account_id="act_1", week=date(2026, 3, 2), rows=7, error_type=None))
    (line,) = map(json.loads, lines(capsys))
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "insights_assets.lake.sync_log",
        "message": "step ok",
        "account_id": "act_1",
        "week": "2026-03-02",
        "rows": 7,
    }


def test_text_shows_only_what_is_wrong_unless_more_is_asked_for(capsys):
    logs.configure({})
    LOGGER.info("step ok")
    LOGGER.warning("step failed", extra=told(account_id="act_1", attempts=3))
    assert lines(capsys) == ["WARNING: step failed account_id=act_1 attempts=3"]
    logs.configure({"INSIGHTS_LOG_LEVEL": "INFO"})
    LOGGER.info("step ok")
    assert lines(capsys) == ["INFO: step ok"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_secret_never_shows_in_message_fields_or_trace(capsys, form):
    redaction.register_secret(SECRET)
    logs.configure({"INSIGHTS_LOG_FORMAT": form})
    refused = ValueError(f"refused {SECRET}")
    shown = told(message=f"access_token={SECRET}", url=f"?t={SECRET}")
    LOGGER.error("asked with %s", SECRET, extra=shown, exc_info=refused)
    told_lines = lines(capsys)
    assert "ValueError: refused" in "".join(told_lines)
    assert SECRET not in "".join(told_lines)
    assert len(told_lines) == 1 or form == "text"


def test_a_run_of_a_step_is_one_line_with_account_weeks_counts_and_duration(capsys, tmp_path):
    logs.configure({"INSIGHTS_LOG_FORMAT": "json"})
    lake, weeks = Lake(str(tmp_path)), [WEEK, WEEK + timedelta(weeks=1)]
    common = {"run_id": "run-1", "now": OBSERVED, "duration_s": 2.5}
    own = [("act_1", w) for w in weeks]
    sync_log.append(lake, INSIGHTS_DAILY, own, requests=4, rows={own[0]: 10, own[1]: 5}, **common)
    fleet = [(f"act_{n}", WEEK) for n in range(3)]
    failed = {"status": "failed", "error_type": "network", "message": "No answer.", "attempts": 5}
    sync_log.append(lake, INSIGHTS_DAILY, fleet, outcome=failed, **common)
    one, many = map(json.loads, lines(capsys))
    for line in (one, many):
        del line["at"], line["logger"]
    assert one == {
        "level": "INFO",
        "message": "step ok",
        "account_id": "act_1",
        "week": "2026-03-02",
        "last_week": "2026-03-09",
        "partitions": 2,
        "rows": 15,
        "step": "insights_daily",
        "requests": 4,
        "duration_s": 2.5,
        "attempts": 1,
        "run_id": "run-1",
    }
    assert (many["level"], many["accounts"], many["partitions"], many["error_type"]) == ("WARNING", 3, 3, "network")
    assert "account_id" not in many


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [("INSIGHTS_LOG_FORMAT", "xml", "text, json"), ("INSIGHTS_LOG_LEVEL", "loud", "DEBUG, INFO")],
)
def test_a_wrong_value_is_one_sentence(name, value, allowed, tmp_path):
    with pytest.raises(InputError, match=allowed):
        logs.configure({name: value})
    with pytest.raises(SettingsError, match=f"{name} is '{value}'"):
        load_settings({"INSIGHTS_HOME": str(tmp_path), name: value})
