"""Messages: notifications of one tick grouped for a sink, or a report, and how a sink shows them.

Subjects and summaries hold foreign text (names of ads). Each form escapes for its reader: JSON by itself, Slack its
three control characters, a mail no line break in a header.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from insights_assets.automation.alerts.life_cycle import Notification
from insights_assets.automation.alerts.wording import one_line
from insights_assets.graph_api.redaction import redact
from insights_assets.tables.alerts import SEVERITIES

LARGEST_DIGEST = 100  # alerts in one message; the rest is counted and stands in the table
_HAPPENED = {"opened": "", "escalated": "now worse: ", "snooze_over": "snooze over: "}


@dataclass(frozen=True)
class Group:
    """What becomes one message: keys of its notifications, their one account, the facts as JSON, redacted."""

    keys: Sequence[str]
    account_id: str | None
    payload: str


@dataclass(frozen=True)
class Message:
    """One message: `message_id` is its idempotency key, `alerts` the facts, `count` how many alerts it is about.

    A message about a report has no alerts: `report` is title, lines and file.
    """

    message_id: str
    created_at: datetime
    count: int
    alerts: tuple[Mapping[str, Any], ...]
    report: Mapping[str, Any] | None = None

    @property
    def title(self) -> str:
        """One line."""
        if self.report is not None:
            return str(self.report["title"])
        if self.count == 1:
            return line(self.alerts[0])
        worst = self.alerts[0]["severity"]
        number = sum(alert["severity"] == worst for alert in self.alerts)
        return f"{self.count} alerts, {number} of them {worst}"

    @property
    def text(self) -> str:
        """Title and, of several alerts or a report, a line each."""
        if self.report is not None:
            return "\n".join([self.title, *(f"- {one_line(text, 700)}" for text in self.report["lines"])])
        if self.count == 1:
            return self.title
        lines = [self.title, *(f"- {line(alert)}" for alert in self.alerts)]
        if self.count > len(self.alerts):
            lines.append(f"and {self.count - len(self.alerts)} more: insights alerts list")
        return "\n".join(lines)


def line(alert: Mapping[str, Any]) -> str:
    """One alert on one line."""
    account = alert["account_name"] or alert["account_id"] or "all accounts"
    text = f"[{alert['severity']}] {_HAPPENED[alert['event']]}{account}: {alert['summary']} ({alert['alert_id']})"
    return one_line(text, 700)


def group(notifications: Sequence[Notification], names: Mapping[str, str], *, digest_over: int) -> list[Group]:
    """Group the notifications of one tick for one sink: one message each, or one digest when there are many.

    Args:
        notifications: what is to be told.
        names: account names by id.
        digest_over: with more than so many, one message tells them all.

    Returns:
        One for each message.
    """
    ordered = sorted(
        notifications, key=lambda n: (-SEVERITIES.index(n.alert.severity), n.alert.opened_at, n.alert.alert_id)
    )
    groups = [ordered] if len(ordered) > digest_over else [[each] for each in ordered]
    return [
        Group(
            keys=[n.key for n in some],
            account_id=some[0].alert.account_id if len({n.alert.account_id for n in some}) == 1 else None,
            payload=_payload(some, names),
        )
        for some in groups
        if some
    ]


def of_report(identity: str, title: str, lines: Sequence[str], file: Path) -> Group:
    """A report as what becomes one message.

    Args:
        identity: of the report, the same when it is made again.
        title: one line.
        lines: what it says in short; may hold foreign text.
        file: the page, attached where a sink can.
    """
    told = {"title": title, "lines": list(lines), "file": str(file.absolute())}
    return Group([identity], None, redact(json.dumps({"count": 0, "alerts": [], "report": told}, ensure_ascii=False)))


def message_id(sink: str, keys: Sequence[str]) -> str:
    """The identity of a message: the same for the same notifications to the same sink."""
    return hashlib.sha256("\x1f".join((sink, *sorted(keys))).encode()).hexdigest()[:32]


def read(identity: str, created_at: datetime, payload: str) -> Message:
    """A stored message."""
    content = json.loads(payload)
    return Message(identity, created_at, content["count"], tuple(content["alerts"]), content.get("report"))


def as_json(message: Message) -> dict[str, Any]:
    """What a webhook gets."""
    report = {} if message.report is None else {"report": {"lines": message.report["lines"]}}
    return {
        "id": message.message_id,
        "created_at": message.created_at.isoformat(),
        "title": message.title,
        "count": message.count,
        "alerts": list(message.alerts),
        **report,
    }


def as_slack(message: Message) -> dict[str, Any]:
    """What a Slack-compatible webhook gets: plain text, no markup, no previews of links in names.

    Slack wants exactly these three characters escaped; with them no mention (`<!channel>`) can come out of a name:
    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    text = message.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # Slack cuts above 40,000 characters.
    return {"text": text[:30_000], "mrkdwn": False, "link_names": False, "unfurl_links": False, "unfurl_media": False}


def _payload(notifications: Sequence[Notification], names: Mapping[str, str]) -> str:
    facts = [
        {
            "event": n.event,
            "alert_id": n.alert.alert_id,
            "account_id": n.alert.account_id,
            "account_name": names.get(n.alert.account_id or ""),
            "kind": n.alert.kind,
            "severity": n.alert.severity,
            "subject": n.alert.subject,
            "summary": n.alert.summary,
            "week": n.alert.week.isoformat() if n.alert.week else None,
            "opened_at": n.alert.opened_at.isoformat(),
            "evidence": json.loads(n.alert.evidence),
        }
        for n in notifications[:LARGEST_DIGEST]
    ]
    return redact(json.dumps({"count": len(notifications), "alerts": facts}, ensure_ascii=False))
