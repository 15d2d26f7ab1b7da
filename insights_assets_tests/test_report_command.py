"""`insights report` and `insights export` as a user meets them, on a small lake."""

import json

import openpyxl
import polars as pl
import pytest
from click.testing import CliRunner

from insights_assets.cli import main
from insights_assets_tests.automation.alerts.receivers import web_receiver
from insights_assets_tests.serving import small_lake as small


@pytest.fixture
def home(tmp_path, monkeypatch):
    lake = small.full(tmp_path / "lake")
    known = {"INSIGHTS_HOME": tmp_path, "INSIGHTS_LAKE": lake.root, "INSIGHTS_NOW": small.NOW.isoformat()}
    for name, value in {**known, "INSIGHTS_MODE": "sandbox"}.items():
        monkeypatch.setenv(name, str(value))
    return tmp_path


def run(*arguments):
    done = CliRunner().invoke(main, arguments)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_a_report_says_what_it_wrote_and_foreign_names_are_text_everywhere(home):
    done = run("report", "weekly", "--output", str(home / "out"), "--account", "act_1,2", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["since"], told["until"], told["title"]) == (
        "2026-03-02",
        "2026-03-08",
        "Weekly report, 2 Mar 2026 to 8 Mar 2026",
    )
    rows = pl.read_csv(told["csv"])
    assert rows.filter(pl.col("account_id") == "act_1")["account_name"][0] == small.SCRIPT
    whole = rows.filter(pl.col("account_id").is_null(), pl.col("result_family") == "purchase")
    assert (whole["spend"][0], whole["cpr"][0]) == (721, 10.3)
    book = openpyxl.load_workbook(told["xlsx"])
    assert book.sheetnames[:3] == ["About", "Comparison", "Findings"]
    assert not [c for sheet in book for row in sheet.iter_rows() for c in row if c.data_type == "f"]
    plain = run("report", "daily")
    assert plain.stdout.splitlines()[0] == "Daily report, 10 Mar 2026"
    assert (home / "reports" / "report-daily-2026-03-10.html").is_file()


def test_a_report_is_sent_when_asked_and_a_sink_that_is_down_is_said(home, monkeypatch):
    with web_receiver() as server:
        monkeypatch.setenv("HOOK_URL", server.url("/hook"))
        (home / "settings.toml").write_text(
            '[alerts.sinks.hook]\ntype = "webhook"\nurl_env = "HOOK_URL"\nreports = ["weekly"]\n', encoding="utf-8"
        )
        server.statuses = [500]
        refused = run("report", "weekly", "--send")
        assert (refused.exit_code, refused.stderr.splitlines()) == (
            3,
            ["Sink hook: The webhook answered with HTTP 500. It is tried again at a later tick."],
        )
    told = json.loads(server.requests[0][2])
    assert told["title"] == "Weekly report, 2 Mar 2026 to 8 Mar 2026"
    assert told["alerts"] == []
    assert any(line.startswith("EUR: spend 721.00 EUR") for line in told["report"]["lines"])


def test_an_export_goes_to_standard_output_or_a_file(home, monkeypatch):
    monkeypatch.chdir(home)
    done = run("export", "features", "--accounts", "act_1", "--since", "2026-03-02")
    assert [line.split(",")[0] for line in done.stdout.splitlines()] == ["account_id", "act_1", "act_1"]
    assert run("export", "features", "--format", "xlsx").stdout == "13 rows: features.xlsx\n"
    assert openpyxl.load_workbook("features.xlsx")["features"].max_row == 14
    assert run("export", "ads", "--format", "parquet", "--output", "a.parquet").exit_code == 0
    assert set(pl.read_parquet("a.parquet")["name"]) == {small.SCRIPT}
