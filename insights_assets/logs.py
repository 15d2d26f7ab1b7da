"""Structured logs: one line a step, with account, weeks, counts and durations; text for people, JSON on request.

Belongs here: formats and where they are switched on. Does not belong here: what is logged (beside the work itself).
Lines go to stderr. Secrets are taken out of every line (`graph_api/redaction.py`).
"""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from insights_assets.graph_api.redaction import RedactingFilter, redact
from insights_assets.logged import FIELDS, log_format, log_level


def configure(environment: Mapping[str, str]) -> None:
    """Send this process's log lines to stderr in the format asked for; safe to call again.

    Raises:
        InputError: a variable has a value that is not allowed.
    """
    form, level = log_format(environment), log_level(environment)
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    handler.addFilter(RedactingFilter())
    handler.name = __name__
    root = logging.getLogger()
    root.handlers = [*(h for h in root.handlers if h.name != __name__), handler]
    logging.getLogger("insights_assets").setLevel(level)


class JsonLines(logging.Formatter):
    """A JSON object a line: at (UTC), level, logger, message, then the fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if trace := _trace(self, record):
            line["trace"] = trace
        return redact(json.dumps(line, default=str, ensure_ascii=False))


class TextLines(logging.Formatter):
    """The message, then name=value for each field."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        words = [f"{name}={value}" for name, value in _fields(record).items()]
        line = " ".join([f"{record.levelname}: {record.getMessage()}", *words])
        trace = _trace(self, record)
        return redact(f"{line}\n{trace}" if trace else line)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    found: dict[str, Any] = getattr(record, FIELDS, {})
    return found


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    if record.exc_text:
        return record.exc_text
    return formatter.formatException(record.exc_info) if record.exc_info else ""
