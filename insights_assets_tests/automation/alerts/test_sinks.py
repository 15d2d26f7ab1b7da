"""Each sink against a real receiver on this machine: what arrives, what a refusal becomes, and what never shows."""

import hashlib
import hmac
import json
import logging
import ssl
from datetime import timedelta
from email import message_from_bytes
from email.policy import default as modern

import pytest

from insights_assets.automation.alerts import engine, messages
from insights_assets.automation.alerts.messages import Message
from insights_assets.automation.alerts.sinks import DeliveryError, LogSink, SmtpSink, make_sink
from insights_assets.graph_api.redaction import redact
from insights_assets.sink_settings import MissingSecretError, parse_sink
from insights_assets.tables.alerts import ALERT_OUTBOX
from insights_assets_tests.automation.alerts.receivers import CERTIFICATE, mail_receiver, web_receiver
from insights_assets_tests.automation.alerts.worlds import NOW, Observation, look, registered, settings, signal, stepped

EVIL = "Sale\r\nBcc: all@example.org <!channel> & <https://evil.example|click> *bold* \u202e日本"
PASSWORD = "a-password-nobody-may-see"


@pytest.fixture
def message():
    seen = look(signal(1, summary=f"ctr drop of ad {EVIL}.", evidence={"ctr": 0.4}), signal(2, severity="critical"))
    (group,) = messages.group(stepped([], seen)[1], {"act_1": EVIL}, digest_over=1)
    return messages.read(messages.message_id("a", group.keys), NOW, group.payload)


@pytest.fixture
def alone(message):
    return Message(message.message_id, NOW, 1, message.alerts[1:])


def hook(monkeypatch, url, **more):
    monkeypatch.setenv("HOOK_URL", url)
    return make_sink(parse_sink("hook", {"type": "webhook", "url_env": "HOOK_URL", **more}, "sinks.hook"))


def test_a_webhook_gets_json_with_an_idempotency_key_and_a_signature(monkeypatch, message):
    monkeypatch.setenv("HOOK_SECRET", "shared-secret-of-the-hook")
    with web_receiver() as server:
        hook(monkeypatch, server.url("/hook"), secret_env="HOOK_SECRET").send(message, NOW)
    ((path, headers, body),) = server.requests
    told = json.loads(body)
    assert path == "/hook"
    assert headers["Idempotency-Key"] == told["id"] == message.message_id
    assert [a["severity"] for a in told["alerts"]] == ["critical", "high"]
    assert told["alerts"][1]["evidence"] == {"ctr": 0.4}
    signed = f"{headers['X-Insights-Timestamp']}.".encode() + body
    expected = hmac.new(b"shared-secret-of-the-hook", signed, hashlib.sha256).hexdigest()
    assert headers["X-Insights-Signature"] == f"sha256={expected}"
    assert int(headers["X-Insights-Timestamp"]) == int(NOW.timestamp())


@pytest.mark.parametrize("status", [302, 400, 500])
def test_any_other_answer_than_2xx_is_a_refusal_and_a_redirect_is_not_followed(monkeypatch, message, status):
    with web_receiver() as server:
        server.statuses = [status]
        with pytest.raises(DeliveryError, match=f"HTTP {status}"):
            hook(
                monkeypatch,
                server.url("/hook"),
            ).send(message, NOW)
    assert len(server.requests) == 1


def test_an_unreachable_webhook_shows_its_address_nowhere(monkeypatch, message, caplog):
    secret_path = "/services/T000/B000/secretsecret"
    with caplog.at_level(logging.DEBUG), pytest.raises(DeliveryError) as refused:
        hook(monkeypatch, f"http://127.0.0.1:9{secret_path}").send(message, NOW)
    assert "ConnectError" in str(refused.value)
    assert "secretsecret" not in str(refused.value) + caplog.text
    assert refused.value.__suppress_context__
    assert "secretsecret" not in redact(f"GET {secret_path}")


@pytest.mark.parametrize("url", ["http://hooks.example.org/x", "ftp://127.0.0.1/x", "hooks.example.org"])
def test_a_webhook_in_the_clear_is_refused_without_repeating_it(monkeypatch, message, url):
    with pytest.raises(DeliveryError, match="https://") as refused:
        hook(monkeypatch, url).send(message, NOW)
    assert url not in str(refused.value)


def test_a_secret_that_is_not_there_is_named_by_its_place(monkeypatch, message, tmp_path):
    monkeypatch.delenv("HOOK_URL", raising=False)
    with pytest.raises(MissingSecretError, match="HOOK_URL is not set"):
        make_sink(parse_sink("hook", {"type": "slack", "url_env": "HOOK_URL"}, "s")).send(message, NOW)
    with pytest.raises(MissingSecretError, match="cannot be read"):
        make_sink(parse_sink("hook", {"type": "slack", "url_file": str(tmp_path / "no")}, "s")).send(message, NOW)


def test_slack_gets_plain_text_in_which_no_name_can_mention_or_link(message, tmp_path):
    with web_receiver() as server:
        (tmp_path / "url").write_text(server.url("/services/T0/B0/x") + "\n", encoding="utf-8")
        sink = make_sink(parse_sink("s", {"type": "slack", "url_file": str(tmp_path / "url")}, "sinks.s"))
        sink.send(message, NOW)
    told = json.loads(server.requests[0][2])
    assert "<" not in told["text"]
    assert "&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;" in told["text"]
    assert told["mrkdwn"] is told["link_names"] is told["unfurl_links"] is False
    assert len(told["text"].splitlines()) == 3


def mail(receiver, **more):
    given = {"type": "smtp", "host": "127.0.0.1", "port": receiver.port, "tls": receiver.tls}
    given |= {"sender": "ads@example.org", "recipients": ["kim@example.org", "bo@example.org"], **more}
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
    return SmtpSink(parse_sink("mail", given, "sinks.mail"), trusting)


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
def test_a_mail_arrives_by_each_way_and_the_log_in_is_encrypted_where_it_should_be(monkeypatch, message, tls):
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    with mail_receiver(tls=tls) as receiver:
        mail(receiver, username="ads", password_env="MAIL_PASSWORD").send(message, NOW)
    ((secure, _),) = receiver.logins
    assert secure == receiver.mails[0]["secure"] == (tls != "none")
    got = message_from_bytes(receiver.mails[0]["data"], policy=modern)
    assert got["To"] == "kim@example.org, bo@example.org"
    assert got["Message-ID"] == f"<{message.message_id}@example.org>"
    assert got["Subject"] == "[insights] 2 alerts, 1 of them critical"
    assert "日本" in got.get_content()


def test_a_name_cannot_add_a_header_or_a_recipient(alone):
    with mail_receiver() as receiver:
        mail(receiver).send(alone, NOW)
    (got,) = receiver.mails
    headers = message_from_bytes(got["data"], policy=modern)
    assert headers["Bcc"] is None
    assert "Bcc: all@example.org" in headers["Subject"]
    assert len(got["to"]) == 2
    assert set(headers.keys()) == {
        *("Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted"),
        *("Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
    }


def test_a_server_without_starttls_gets_no_mail_in_the_clear(monkeypatch, message):
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    with mail_receiver() as receiver:
        sink = mail(receiver, tls="starttls", username="ads", password_env="MAIL_PASSWORD")
        with pytest.raises(DeliveryError, match="SMTPNotSupportedError"):
            sink.send(message, NOW)
    assert receiver.mails == receiver.logins == []


def test_a_server_that_nobody_vouches_for_is_refused(message):
    with mail_receiver(tls="implicit") as receiver:
        sink = SmtpSink(mail(receiver).settings)
        with pytest.raises(DeliveryError, match="SSLCertVerificationError"):
            sink.send(message, NOW)


def test_a_refused_mail_is_told_by_its_code_only(message):
    with mail_receiver() as receiver:
        receiver.refuse = b"554 no, and access_token=abc\r\n"
        with pytest.raises(DeliveryError, match="SMTPDataError 554") as refused:
            mail(receiver).send(message, NOW)
    assert "access_token" not in str(refused.value)


def test_the_log_gets_a_line_each_and_no_forged_one(message, caplog):
    with caplog.at_level(logging.WARNING, logger="insights_assets.alerts"):
        LogSink().send(message, NOW)
    assert len(caplog.records) == 3
    assert all("\n" not in r.getMessage() and "\r" not in r.getMessage() for r in caplog.records)


def test_from_a_signal_to_a_real_receiver_and_back_after_it_was_down(monkeypatch, tmp_path):
    lake = registered(tmp_path, "act_1")
    with web_receiver() as server:
        monkeypatch.setenv("HOOK_URL", server.url("/services/secretsecretsecret"))
        sink = parse_sink("hook", {"type": "webhook", "url_env": "HOOK_URL"}, "sinks.hook")
        chosen = settings().__class__(sinks=(sink,))
        server.statuses = [503]
        seen = Observation((signal(1),))
        engine.apply(lake, chosen, seen, NOW)
        first = engine.deliver(lake, chosen, NOW)
        assert (first.delivered, first.waiting) == (0, 1)
        assert engine.deliver(lake, chosen, NOW + timedelta(minutes=1)).delivered == 1
        engine.apply(lake, chosen, seen, NOW + timedelta(minutes=2))
        assert engine.deliver(lake, chosen, NOW + timedelta(hours=9)).delivered == 0
    keys = {headers["Idempotency-Key"] for _, headers, _ in server.requests}
    assert (len(server.requests), len(keys)) == (2, 1)
    assert lake.read(ALERT_OUTBOX)["failed_attempts"].to_list() == [1]
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert files
    assert not [p for p in files if b"secretsecretsecret" in p.read_bytes()]
