"""The outbox: a message is stored before it is sent, sent in order, tried again later, and marked once it was taken.

At least once, not exactly once: a process that dies between the sink's yes and the mark sends the message again, after
the claim has run out. Its idempotency key is the same then (`Idempotency-Key`, `Message-ID`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from insights_assets.automation.alerts import messages
from insights_assets.automation.alerts.life_cycle import Notification
from insights_assets.automation.alerts.sinks import Sink
from insights_assets.graph_api.redaction import redact
from insights_assets.lake.store import Lake
from insights_assets.lake.updating import update
from insights_assets.problems import FailedError
from insights_assets.sink_settings import SinkSettings
from insights_assets.tables.alerts import ALERT_OUTBOX, SEVERITIES

CLAIM = timedelta(minutes=5)  # a sender that has not marked its messages by then counts as dead
BATCH = 5  # messages a sink gets in one tick: five timeouts of 5 s are the longest a tick may hang
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
KEPT = timedelta(days=90)  # delivered messages


@dataclass(frozen=True)
class Delivery:
    """What a tick sent, and why a sink took nothing."""

    delivered: int = 0
    waiting: int = 0
    problems: Mapping[str, str] | None = None


def store(
    lake: Lake,
    notifications: Sequence[Notification],
    sinks: Sequence[SinkSettings],
    names: Mapping[str, str],
    now: datetime,
    *,
    digest_over: int,
) -> None:
    """Store the messages for each sink; what is in the outbox already is not stored again."""

    def add(rows: pl.DataFrame) -> pl.DataFrame:
        known = {(sink, key) for sink, keys in rows.select("sink", "notifications").iter_rows() for key in keys}
        fresh = [
            _row(sink.name, each, now)
            for sink in sinks
            for each in messages.group(
                [n for n in notifications if _wanted(n, sink) and (sink.name, n.key) not in known],
                names,
                digest_over=digest_over,
            )
        ]
        old = pl.col("delivered_at") < now - KEPT
        kept = rows.filter(~old.fill_null(value=False)) if fresh else rows
        return pl.concat([kept, pl.DataFrame(fresh, schema=ALERT_OUTBOX.schema)])

    if notifications:
        update(lake, ALERT_OUTBOX, add)


def store_once(lake: Lake, sinks: Sequence[str], group: messages.Group, now: datetime) -> int:
    """Store one message for each sink, unless it is in the outbox already; returns how many were stored."""
    stored: list[dict[str, Any]] = []

    def add(rows: pl.DataFrame) -> pl.DataFrame:
        known = set(rows["message_id"])
        stored[:] = [row for row in (_row(sink, group, now) for sink in sinks) if row["message_id"] not in known]
        return pl.concat([rows, pl.DataFrame(stored, schema=ALERT_OUTBOX.schema)]) if stored else rows

    if sinks:
        update(lake, ALERT_OUTBOX, add)
    return len(stored)


def deliver(lake: Lake, sinks: Mapping[str, Sink], now: datetime) -> Delivery:
    """Send what is due, oldest first, each sink by itself: one that is down holds up nobody else.

    A message for a sink that is no longer in the settings waits until it is back.
    """
    delivered, problems = 0, {}
    waiting = lake.read(ALERT_OUTBOX).filter(pl.col("delivered_at").is_null())
    for name in sorted(set(waiting["sink"]) & set(sinks)):
        for row in _claim(lake, name, now):
            message = messages.read(row["message_id"], row["created_at"], row["payload"])
            try:
                sinks[name].send(message, now)
            except FailedError as error:
                problems[name] = redact(str(error))
                _postpone(lake, name, row, problems[name], now)
                break
            _mark(lake, row["message_id"], delivered_at=now, last_error=None)
            delivered += 1
    return Delivery(delivered, waiting.height - delivered, problems)


def _claim(lake: Lake, sink: str, now: datetime) -> list[dict[str, Any]]:
    """Take the oldest messages of a sink; nothing while its first one waits or is being sent by another process."""
    claimed: list[dict[str, Any]] = []

    def claim(rows: pl.DataFrame) -> pl.DataFrame:
        claimed.clear()
        queue = rows.filter(pl.col("sink") == sink, pl.col("delivered_at").is_null()).sort("created_at", "message_id")
        if queue.is_empty() or queue["next_attempt_at"][0] > now:
            return rows
        claimed.extend(queue.head(BATCH).to_dicts())
        taken = pl.col("message_id").is_in([row["message_id"] for row in claimed])
        return rows.with_columns(_where(taken, "next_attempt_at", now + CLAIM))

    update(lake, ALERT_OUTBOX, claim)
    return claimed


def _postpone(lake: Lake, sink: str, row: Mapping[str, Any], problem: str, now: datetime) -> None:
    """Let the sink rest: 1, 2, 4, ... minutes after the last failure, at most 6 hours."""
    attempts = row["failed_attempts"] + 1
    pause = min(FIRST_PAUSE * 2 ** min(row["failed_attempts"], 16), LONGEST_PAUSE)
    this, undelivered = pl.col("message_id") == row["message_id"], pl.col("delivered_at").is_null()
    update(
        lake,
        ALERT_OUTBOX,
        lambda rows: rows.with_columns(
            _where(this, "failed_attempts", attempts),
            _where(this, "last_error", problem),
            _where((pl.col("sink") == sink) & undelivered, "next_attempt_at", now + pause),
        ),
    )


def _mark(lake: Lake, message_id: str, **values: Any) -> None:
    this = pl.col("message_id") == message_id
    update(lake, ALERT_OUTBOX, lambda rows: rows.with_columns(_where(this, c, v) for c, v in values.items()))


def _where(condition: pl.Expr, name: str, value: Any) -> pl.Expr:
    literal = pl.lit(value, dtype=ALERT_OUTBOX.schema[name])
    return pl.when(condition).then(literal).otherwise(pl.col(name)).alias(name)


def _wanted(notification: Notification, sink: SinkSettings) -> bool:
    return SEVERITIES.index(notification.alert.severity) >= SEVERITIES.index(sink.min_severity)


def _row(sink: str, group: messages.Group, now: datetime) -> dict[str, Any]:
    return {
        "message_id": messages.message_id(sink, group.keys),
        "account_id": group.account_id,
        "sink": sink,
        "notifications": list(group.keys),
        "payload": group.payload,
        "created_at": now,
        "failed_attempts": 0,
        "next_attempt_at": now,
        "delivered_at": None,
        "last_error": None,
    }
