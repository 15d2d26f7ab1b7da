"""The life of an alert: opened, seen again, acknowledged, snoozed, resolved, reopened. Pure: no clock, no I/O.

Identity is kind, account and subject key, so the same cause seen twice is one alert. An alert resolves only when a look
at its kind and account found no cause: what nobody looked at stays as it is. Compare
https://prometheus.io/docs/alerting/latest/alertmanager/
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

from insights_assets.problems import InputError
from insights_assets.tables.alerts import SEVERITIES

Event = Literal["opened", "escalated", "snooze_over"]
Scope = tuple[str, str | None]  # kind and account
# New figures behind the same severity are stored at most this often: a commit a tick would be 1,440 a day.
SEEN_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class Signal:
    """A cause that is there now. `subject_key` is what makes it the same cause next time."""

    kind: str
    account_id: str | None
    subject_key: str
    subject: str
    severity: str
    summary: str
    week: date | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def alert_id(self) -> str:
        """The identity of its alert."""
        words = "\x1f".join((self.kind, self.account_id or "", self.subject_key))
        return hashlib.sha256(words.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Observation:
    """What a look found, and where it looked.

    `looked` are kinds and accounts whose causes are all among the signals; `ended` are alerts whose end was seen.
    """

    signals: tuple[Signal, ...] = ()
    looked: frozenset[Scope] = frozenset()
    ended: frozenset[str] = frozenset()

    def __add__(self, other: "Observation") -> "Observation":
        """Both together."""
        return Observation(self.signals + other.signals, self.looked | other.looked, self.ended | other.ended)


@dataclass(frozen=True)
class Alert:
    """A row of the table `alerts`."""

    alert_id: str
    account_id: str | None
    week: date | None
    kind: str
    severity: str
    subject_key: str
    subject: str
    summary: str
    status: str
    opened_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None
    snoozed_until: datetime | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    times_seen: int
    openings: int
    evidence: str


@dataclass(frozen=True)
class Notification:
    """Something to tell about an alert; `key` is the same when the same thing is found out again."""

    event: Event
    alert: Alert

    @property
    def key(self) -> str:
        """Identity: the alert, its episode and what happened in it."""
        detail = {
            "opened": "",
            "escalated": self.alert.severity,
            "snooze_over": self.alert.snoozed_until.isoformat() if self.alert.snoozed_until else "",
        }[self.event]
        words = "\x1f".join((self.alert.alert_id, str(self.alert.openings), self.event, detail))
        return hashlib.sha256(words.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Rules:
    """`cooldown` after its end an alert that comes back is the same episode, and nobody is told."""

    cooldown: timedelta = timedelta(hours=24)


def step(
    alerts: Iterable[Alert], seen: Observation, now: datetime, rules: Rules
) -> tuple[list[Alert], list[Notification]]:
    """Bring the alerts up to date with what was seen.

    Args:
        alerts: all alerts, resolved ones too.
        seen: what a look found.
        now: the instant (UTC).
        rules: how long a cool-down is.

    Returns:
        All alerts, and what is to be told. The same look at the same instant again changes nothing and tells nothing.
    """
    signals = _worst(seen.signals)
    told: list[Notification] = []
    after: dict[str, Alert] = {}
    for alert in alerts:
        signal = signals.pop(alert.alert_id, None)
        if signal is not None:
            after[alert.alert_id] = _seen(alert, signal, now, rules, told)
        elif alert.status != "resolved" and (
            (alert.kind, alert.account_id) in seen.looked or alert.alert_id in seen.ended
        ):
            after[alert.alert_id] = replace(alert, status="resolved", resolved_at=now)
        else:
            after[alert.alert_id] = _awake(alert, now, told)
    for signal in signals.values():
        after[signal.alert_id] = _opened(signal, now, openings=1)
        told.append(Notification("opened", after[signal.alert_id]))
    return list(after.values()), told


def acknowledge(alert: Alert, by: str, now: datetime) -> Alert:
    """Take an alert on: it stays open and silent until its cause is gone.

    Raises:
        InputError: it is resolved already.
    """
    _refuse_resolved(alert)
    return replace(alert, status="acknowledged", acknowledged_by=by, acknowledged_at=now, snoozed_until=None)


def snooze(alert: Alert, until: datetime, now: datetime) -> Alert:
    """Say nothing about an alert until an instant; then, with its cause still there, it is told again.

    Raises:
        InputError: it is resolved already, or the instant is not in the future.
    """
    _refuse_resolved(alert)
    if until <= now:
        raise InputError(f"An alert can be snoozed until a later time than now, not until {until.isoformat()}.")
    return replace(alert, status="snoozed", snoozed_until=until, acknowledged_by=None, acknowledged_at=None)


def _refuse_resolved(alert: Alert) -> None:
    if alert.status == "resolved":
        raise InputError(f"Alert {alert.alert_id} is resolved already; nothing is left to do.")


def _worst(signals: Iterable[Signal]) -> dict[str, Signal]:
    """One signal an alert: the most severe, then the newest."""
    chosen: dict[str, Signal] = {}
    for signal in sorted(signals, key=_weight):
        chosen[signal.alert_id] = signal
    return chosen


def _weight(signal: Signal) -> tuple[int, date, str]:
    return SEVERITIES.index(signal.severity), signal.week or date.min, _json(signal.evidence)


def _seen(alert: Alert, signal: Signal, now: datetime, rules: Rules, told: list[Notification]) -> Alert:
    if alert.status == "resolved":
        if alert.resolved_at is None or now - alert.resolved_at >= rules.cooldown:
            opened = _opened(signal, now, openings=alert.openings + 1)
            told.append(Notification("opened", opened))
            return opened
        # Back within the cool-down: the same episode, as it was before.
        status = "snoozed" if alert.snoozed_until else "acknowledged" if alert.acknowledged_by else "open"
        alert = replace(alert, status=status, resolved_at=None)
    alert = _awake(alert, now, told)
    if signal.severity == alert.severity and now - alert.last_seen_at < SEEN_EVERY:
        return alert
    worse = SEVERITIES.index(signal.severity) > SEVERITIES.index(alert.severity)
    alert = replace(alert, **_shown(signal), last_seen_at=now, times_seen=alert.times_seen + (now > alert.last_seen_at))
    if worse and alert.status != "snoozed":
        told.append(Notification("escalated", alert))
    return alert


def _awake(alert: Alert, now: datetime, told: list[Notification]) -> Alert:
    """End a snooze whose time is over."""
    if alert.status != "snoozed" or alert.snoozed_until is None or now < alert.snoozed_until:
        return alert
    told.append(Notification("snooze_over", replace(alert, status="open")))
    return replace(alert, status="open", snoozed_until=None)


def _opened(signal: Signal, now: datetime, *, openings: int) -> Alert:
    return Alert(
        alert_id=signal.alert_id,
        account_id=signal.account_id,
        kind=signal.kind,
        subject_key=signal.subject_key,
        **_shown(signal),
        status="open",
        opened_at=now,
        last_seen_at=now,
        resolved_at=None,
        snoozed_until=None,
        acknowledged_by=None,
        acknowledged_at=None,
        times_seen=1,
        openings=openings,
    )


def _shown(signal: Signal) -> dict[str, Any]:
    """What an alert takes over from its newest evidence."""
    return {
        "week": signal.week,
        "severity": signal.severity,
        "subject": signal.subject,
        "summary": signal.summary,
        "evidence": _json(signal.evidence),
    }


def _json(evidence: Mapping[str, Any]) -> str:
    return json.dumps(_finite(evidence), sort_keys=True, default=str, ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    """NaN and infinity as null: JSON has no such numbers, and a webhook's receiver would refuse them."""
    if isinstance(value, Mapping):
        return {key: _finite(own) for key, own in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(own) for own in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
