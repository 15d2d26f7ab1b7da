"""Reports by themselves: a tick names the period, the asset writes and shows it, each sink that asks gets it once."""

from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default as modern

import dagster as dg
import pytest

from insights_assets.alert_settings import AlertSettings
from insights_assets.automation.alerts import engine
from insights_assets.automation.report_publishing import send
from insights_assets.automation.reports import REPORT_ASSETS, day_of, report_jobs, report_schedule
from insights_assets.problems import InputError
from insights_assets.serving.editions import make_edition
from insights_assets.serving.report import write_report
from insights_assets.settings import load_settings
from insights_assets.sink_settings import parse_sink
from insights_assets.tables.alerts import ALERT_OUTBOX
from insights_assets.timetable import Timetable, parse
from insights_assets_tests.automation.alerts.receivers import mail_receiver, web_receiver
from insights_assets_tests.serving import small_lake as small

NOW = small.NOW


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return small.full(tmp_path_factory.mktemp("lake"))


@pytest.fixture(scope="module")
def edition(lake):
    return make_edition(lake, "daily", now=NOW)


@pytest.fixture(scope="module")
def files(edition, tmp_path_factory):
    return write_report(edition, tmp_path_factory.mktemp("reports"))


@pytest.fixture
def outbox(tmp_path):
    """A lake of its own: what one test sends, no other has sent."""
    return small.build(tmp_path / "outbox")


def test_a_tick_is_about_the_period_before_it_however_late_it_runs():
    monday = datetime(2026, 3, 9, 7, 55, tzinfo=UTC)
    assert day_of("report_daily", monday) == date(2026, 3, 8)
    assert day_of("report_weekly", monday) == date(2026, 3, 2)
    assert day_of("report_yearly", monday) == date(2025, 12, 31)


def test_a_schedule_asks_once_for_each_period_and_follows_the_settings():
    told = parse({"report_weekly": {"cron": "0 9 * * 2"}, "report_daily": {"enabled": False}}, "here")
    schedule = report_schedule("report_weekly", report_jobs()["report_weekly"], told, mode="live")
    assert schedule.cron_schedule == "0 9 * * 2"
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    off = report_schedule("report_daily", report_jobs()["report_daily"], told, mode="live")
    assert off.default_status == dg.DefaultScheduleStatus.STOPPED
    with dg.build_schedule_context(scheduled_execution_time=datetime(2026, 3, 10, 9, tzinfo=UTC)) as context:
        (request,) = schedule.evaluate_tick(context).run_requests
    assert request.run_key == "report_weekly|2026-03-03"
    assert request.run_config == {"ops": {"reports__report_weekly": {"config": {"date": "2026-03-03"}}}}
    with pytest.raises(InputError, match="report_weekly"):
        parse({"report_weekly": {"hour": 3}}, "here")
    assert Timetable().report_cron("report_daily") == "50 7 * * *"


def test_the_asset_writes_the_files_and_shows_the_summary(lake, tmp_path):
    settings = load_settings({"INSIGHTS_HOME": str(tmp_path)})
    resources = {"lake": lake, "clock": lambda: NOW, "settings": settings}
    ready = {k: dg.ResourceDefinition.hardcoded_resource(v) for k, v in resources.items()}
    config = dg.RunConfig({"reports__report_weekly": {"config": {"date": "2026-02-25"}}})
    with dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize([REPORT_ASSETS["weekly"]], resources=ready, run_config=config, instance=instance)
    metadata = done.asset_materializations_for_node("reports__report_weekly")[0].metadata
    page = tmp_path / "reports" / "report-weekly-2026-02-23.html"
    assert metadata["html"].value == str(page)
    assert page.is_file()
    assert "Weekly report, 23 Feb 2026 to 1 Mar 2026" in metadata["summary"].value
    assert "EUR: spend" in metadata["summary"].value
    assert metadata["messages"].value == 0


def mail_sink(port, *reports):
    told = {"type": "smtp", "host": "127.0.0.1", "port": port, "tls": "none", "sender": "a@example.org"}
    return parse_sink("mail", {**told, "recipients": ["b@example.org"], "reports": list(reports)}, "sinks.mail")


def test_a_mail_has_the_page_attached_and_a_second_edition_is_not_sent(outbox, edition, files):
    with mail_receiver() as receiver:
        chosen = AlertSettings(sinks=(mail_sink(receiver.port, "daily"),))
        assert send(outbox, chosen.sinks, edition, files, NOW) == 1
        assert engine.deliver(outbox, chosen, NOW).delivered == 1
        assert send(outbox, chosen.sinks, edition, files, NOW + timedelta(hours=1)) == 0
        assert engine.deliver(outbox, chosen, NOW + timedelta(hours=1)).delivered == 0
    (got,) = receiver.mails
    mail = message_from_bytes(got["data"], policy=modern)
    assert mail["Subject"] == "[insights] Daily report, 10 Mar 2026"
    body, page = mail.iter_parts()
    assert "EUR: spend" in body.get_content()
    assert (page.get_content_type(), page.get_filename()) == ("text/html", "report-daily-2026-03-10.html")
    # Mail ends its lines in its own way.
    assert page.get_content().splitlines() == files.html.read_text(encoding="utf-8").splitlines()


def test_a_sink_that_is_down_gets_it_later_and_once(outbox, edition, files, monkeypatch):
    with web_receiver() as server:
        monkeypatch.setenv("HOOK_URL", server.url("/hook"))
        told = {"type": "slack", "url_env": "HOOK_URL", "reports": ["daily"]}
        chosen = AlertSettings(sinks=(parse_sink("hook", told, "sinks.hook"),))
        server.statuses = [503]
        send(outbox, chosen.sinks, edition, files, NOW)
        assert engine.deliver(outbox, chosen, NOW).delivered == 0
        assert engine.deliver(outbox, chosen, NOW + timedelta(minutes=2)).delivered == 1
        assert engine.deliver(outbox, chosen, NOW + timedelta(hours=9)).delivered == 0
    first, second = server.requests
    assert first[1]["Idempotency-Key"] == second[1]["Idempotency-Key"]
    assert b"Daily report, 10 Mar 2026" in second[2]
    assert b"<script>" not in second[2]
    assert outbox.read(ALERT_OUTBOX)["delivered_at"].null_count() == 0


def test_only_sinks_that_ask_get_a_report_and_one_without_its_page_says_so(outbox, edition, files, tmp_path):
    with mail_receiver() as receiver:
        silent, other = mail_sink(receiver.port), mail_sink(receiver.port, "weekly", "yearly")
        assert send(outbox, (silent, other), edition, files, NOW) == 0
        gone = files.__class__(tmp_path / "gone.html", files.csv, files.xlsx)
        chosen = AlertSettings(sinks=(mail_sink(receiver.port, "daily"),))
        send(outbox, chosen.sinks, edition, gone, NOW)
        assert engine.deliver(outbox, chosen, NOW).delivered == 1
    (got,) = receiver.mails
    assert b"no longer at hand" in got["data"]


@pytest.mark.parametrize("wrong", ["daily", ["hourly"], [1]])
def test_a_wrong_kind_is_one_sentence(wrong):
    with pytest.raises(InputError, match=r"reports of sinks\.s .*daily, weekly, yearly"):
        parse_sink("s", {"type": "log", "reports": wrong}, "sinks.s")
