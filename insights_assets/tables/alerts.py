"""Alerts with their life cycle, and the outbox of the messages about them."""

from typing import Annotated

import polars as pl

from insights_assets.tables.columns import Instant, count, observed_at, one_of
from insights_assets.tables.model import Table, TableModel, column

SEVERITIES = ("low", "medium", "high", "critical")
STATUSES = ("open", "acknowledged", "snoozed", "resolved")
KINDS = (
    "spend_anomaly",
    "cost_spike",
    "ctr_drop",
    "roas_below_target",
    "high_frequency",
    "audience_exhausted",
    "budget_depleted",
    "burnout_critical",
    "check_failed",
    "sync_failed",
    "slow_sync",
    "rate_limit_storm",
    "error_share",
    "run_failed",
)
Ids = Annotated[pl.List, pl.String()]


class Alerts(TableModel):
    """One alert: a cause on one subject of an account (or of the whole instance), from its opening to its end."""

    alert_id: pl.String = column("Identity: a hash of kind, account and subject key", str_matches=r"^[0-9a-f]{16}$")
    account_id: pl.String = column(
        "Ad account, with its prefix; null when it is about the whole instance",
        str_matches=r"^act_\d+$",
        nullable=True,
    )
    week: pl.Date = column("Monday of the newest week the evidence is about", nullable=True)
    kind: pl.String = one_of("Kind of alert (docs/alerts.md)", KINDS)
    severity: pl.String = one_of("Severity of the newest evidence", SEVERITIES)
    subject_key: pl.String = column("What it is about, as an identity: level and id, table and check, ...")
    subject: pl.String = column("What it is about, in words; may hold foreign text (names of ads)")
    summary: pl.String = column("One sentence: what is the matter; may hold foreign text")
    status: pl.String = one_of("open, acknowledged, snoozed or resolved", STATUSES)
    opened_at: Instant = observed_at("When this episode began")
    last_seen_at: Instant = observed_at("When its cause was last seen, to the hour while its severity stays")
    resolved_at: Instant = observed_at("When its cause was gone", nullable=True)
    snoozed_until: Instant = observed_at("Silent until then", nullable=True)
    acknowledged_by: pl.String = column("Who took it on", nullable=True)
    acknowledged_at: Instant = observed_at("When somebody took it on", nullable=True)
    times_seen: pl.Int64 = count(
        "Looks that saw the cause in this episode: at most one an hour unless its severity changes"
    )
    openings: pl.Int64 = column("Episodes so far, this one included", unit="count", ge=1)
    evidence: pl.String = column("The figures behind it, as JSON")


class AlertOutbox(TableModel):
    """One message to one sink: stored before it is sent, marked once it was taken."""

    message_id: pl.String = column("Identity, sent along as the idempotency key", str_matches=r"^[0-9a-f]{32}$")
    account_id: pl.String = column(
        "Ad account, with its prefix; null when the message is about several, or about none",
        str_matches=r"^act_\d+$",
        nullable=True,
    )
    sink: pl.String = column("Name of the sink in the settings")
    notifications: Ids = column("Identities of the notifications in it")
    payload: pl.String = column("What is told, as JSON; rendered for the sink when it is sent")
    created_at: Instant = observed_at("When it was stored")
    failed_attempts: pl.Int64 = count("Tries that failed")
    next_attempt_at: Instant = observed_at("Not before then; while it is being sent, when the sender counts as dead")
    delivered_at: Instant = observed_at("When the sink took it", nullable=True)
    last_error: pl.String = column("Why the last try failed, redacted", nullable=True)


ALERTS = Table("alerts", "ops", Alerts, ("alert_id",), partitioned=False)
ALERT_OUTBOX = Table("alert_outbox", "ops", AlertOutbox, ("message_id",), partitioned=False)
