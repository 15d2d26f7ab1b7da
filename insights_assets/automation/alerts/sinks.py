"""Sinks: where messages go. Each takes a message or raises one sentence that holds no secret.

A webhook's address is a secret itself: it is read when it is needed, never stored, and registered for redaction.
"""

import hashlib
import hmac
import json
import logging
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from insights_assets.automation.alerts.messages import Message, as_json, as_slack
from insights_assets.automation.alerts.wording import one_line
from insights_assets.graph_api.redaction import guard_http_logs, redact, register_secret
from insights_assets.problems import FailedError
from insights_assets.sink_settings import LOOPBACK, Secret, SinkSettings

TIMEOUT_S = 5.0
SUBJECT_LENGTH = 200
_ABSENT = "\nThe page is no longer at hand, or too large to attach.\n"
LARGEST_PAGE = 10_000_000  # bytes; base64 makes 13.7 MB of it, and 20 to 25 MB is the usual limit of a mail server
_logger = logging.getLogger("insights_assets.alerts")


class DeliveryError(FailedError):
    """A sink did not take a message; one sentence, without any secret."""


class Sink(Protocol):
    """Somewhere a message can go."""

    def send(self, message: Message, now: datetime) -> None:
        """Deliver a message.

        Raises:
            DeliveryError, MissingSecretError: it was not taken, or nobody knows whether it was.
        """


class LogSink:
    """The process's log, a line each."""

    def send(self, message: Message, now: datetime) -> None:
        """Write the message at level WARNING."""
        del now
        for text in message.text.splitlines():
            _logger.warning("%s", redact(text))


@dataclass(frozen=True)
class WebhookSink:
    """A JSON POST.

    The header `Idempotency-Key` is the message's id: a receiver that remembers it drops the rare repetition. With a
    secret, `X-Insights-Signature` is `sha256=` and the HMAC-SHA256 of `X-Insights-Timestamp`, a dot and the body.
    """

    url: Secret
    secret: Secret | None = None
    shape: Callable[[Message], dict[str, Any]] = as_json

    def send(self, message: Message, now: datetime) -> None:
        """Post the message; any 2xx status counts as taken."""
        body = json.dumps(self.shape(message), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.message_id}
        if self.secret is not None:
            stamp = str(int(now.timestamp()))
            signature = hmac.new(self.secret.read().encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
            headers |= {"X-Insights-Timestamp": stamp, "X-Insights-Signature": f"sha256={signature}"}
        url = _checked(self.url.read())
        try:
            # A redirect would carry the message, and the address, to somebody else.
            reply = httpx.post(url, content=body, headers=headers, timeout=TIMEOUT_S, follow_redirects=False)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DeliveryError(f"The webhook could not be reached ({type(error).__name__}).") from None
        if not reply.is_success:
            raise DeliveryError(f"The webhook answered with HTTP {reply.status_code}.")


@dataclass(frozen=True)
class SmtpSink:
    """A mail over SMTP: TLS from the start, by STARTTLS (refused when the server has none), or none."""

    settings: SinkSettings
    context: ssl.SSLContext | None = None

    def send(self, message: Message, now: datetime) -> None:
        """Send one mail to all recipients; a refused one fails the message only when all are refused."""
        del now
        try:
            with self._connect() as server:
                if self.settings.tls == "starttls":
                    server.starttls(context=self._tls())
                if self.settings.username is not None and self.settings.password is not None:
                    password = self.settings.password.read()
                    register_secret(password)
                    server.login(self.settings.username, password)
                server.send_message(self._mail(message))
        except (smtplib.SMTPException, OSError) as error:
            code = getattr(error, "smtp_code", None)
            told = type(error).__name__ + (f" {code}" if code else "")
            raise DeliveryError(f"The mail server {self.settings.host} did not take the message ({told}).") from None

    def _connect(self) -> smtplib.SMTP:
        host, port = self.settings.host, self.settings.port
        if self.settings.tls == "implicit":
            return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=self._tls())
        return smtplib.SMTP(host, port, timeout=TIMEOUT_S)

    def _tls(self) -> ssl.SSLContext:
        return self.context or ssl.create_default_context()

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        # Names of ads are in the title: a line break in a header would start a header of their own.
        mail["Subject"] = one_line(f"[insights] {message.title}", SUBJECT_LENGTH)
        mail["From"] = self.settings.sender
        mail["To"] = ", ".join(self.settings.recipients)
        mail["Date"] = format_datetime(message.created_at)
        mail["Message-ID"] = f"<{message.message_id}@{self.settings.sender.partition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        page = _page(message)
        absent = message.report is not None and page is None
        mail.set_content(message.text + "\n" + (_ABSENT if absent else ""))
        if page is not None:
            mail.add_attachment(page.read_text(encoding="utf-8"), subtype="html", filename=page.name, cte="base64")
        return mail


def make_sink(settings: SinkSettings) -> Sink:
    """The sink that the settings describe."""
    if settings.type == "log":
        return LogSink()
    if settings.type == "smtp":
        return SmtpSink(settings)
    guard_http_logs()
    return WebhookSink(settings.url, settings.secret, as_slack if settings.type == "slack" else as_json)


def _page(message: Message) -> Path | None:
    """The page of a report, if it is still there and not beyond what mail servers take."""
    if message.report is None:
        return None
    page = Path(message.report["file"])
    return page if page.is_file() and page.stat().st_size <= LARGEST_PAGE else None


def _checked(url: str) -> str:
    """The address, registered for redaction; in the clear only to this machine."""
    register_secret(url)
    parts = urlsplit(url)
    register_secret(parts.path)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise DeliveryError("The webhook's address must start with https:// (http:// only to this machine).")
    return url
