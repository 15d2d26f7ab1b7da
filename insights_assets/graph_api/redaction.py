"""Keeping credentials out of logs, exceptions and reprs.

A secret is known by its shape (a parameter, a Bearer header) and, once registered, by its value wherever it appears.
"""

import logging
import re
from typing import Final
from urllib.parse import quote, quote_plus

MASK: Final = "[redacted]"

_SHAPES: Final = (
    # access_token=..., "appsecret_proof": "..." and their URL-encoded forms.
    re.compile(
        r"(?i)((?:access_token|appsecret_proof|client_secret|fb_exchange_token)(?:[\"'\s]*[=:]|%3D)[\"'\s]*)"
        r"(?!\[redacted\])[^\s&\"',)}]+",
    ),
    re.compile(r"(?i)(\bbearer\s+)(?!\[redacted\])[^\s\"',)}]+"),
)

# Shorter values ("a", "1234") would blank ordinary words and ids; no real token is this short.
_SHORTEST_SECRET: Final = 6

_secrets: set[str] = set()


def register_secret(value: str | None) -> None:
    """Remembers a value that must never be shown.

    Args:
        value: A token, an app secret or a proof; None and very short values are ignored.
    """
    if value is None:
        return
    for form in (value, value.strip(), quote(value.strip()), quote_plus(value.strip())):
        if len(form) >= _SHORTEST_SECRET:
            _secrets.add(form)


def redact(text: str) -> str:
    """Returns the text with every credential replaced by ``[redacted]``.

    Args:
        text: Anything about to be logged, raised or stored.
    """
    # The longest first: a secret that contains another must not leave its tail behind.
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    for shape in _SHAPES:
        text = shape.sub(rf"\1{MASK}", text)
    return text


class RedactingFilter(logging.Filter):
    """Redacts a log record's message, arguments and traceback text in place; never drops a record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrites the record.

        Args:
            record: The record on its way to the handlers.

        Returns:
            Always True.
        """
        record.msg = redact(record.getMessage())
        record.args = None
        if record.exc_info and record.exc_info[0] is not None:
            # Formatted here, so that no later formatter renders the exception unredacted.
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        return True


# The HTTP library logs each request's URL, and a GET carries appsecret_proof in its query.
_HTTP_LOGGERS: Final = ("httpx", "httpcore", "httpcore.connection", "httpcore.http11", "httpcore.http2")


def guard_http_logs() -> None:
    """Puts one redacting filter on each logger of the HTTP library; safe to call again."""
    for name in _HTTP_LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(existing, RedactingFilter) for existing in logger.filters):
            logger.addFilter(RedactingFilter())
