"""The alerts as a page: ``python -m insights_assets.automation.alerts.kind_docs`` writes `docs/alerts.md`."""

from dataclasses import fields
from pathlib import Path
from typing import Final

from insights_assets.alert_settings import OF_THE_INSTANCE, AlertSettings, Thresholds
from insights_assets.automation.alerts.kinds import KINDS, Kind

PATH: Final = Path(__file__).parents[3] / "docs" / "alerts.md"

THRESHOLDS: Final = {
    "target_roas": "value of purchases over spend; 0: not watched",
    "roas_weeks": "complete weeks in the ratio",
    "roas_min_spend": "least spend in these weeks, in the account's currency",
    "roas_chance": "chance of so few purchases on target above which nothing is said",
    "frequency": "impressions a person in a week, of an ad set",
    "frequency_min_impressions": "least impressions of the ad set in the week",
    "budget_share": "part of a lifetime budget",
    "finding_severity": "least severity of a finding: low, medium, high, critical",
    "sync_failures": "failures in a row of one step on one week",
    "slow_sync_factor": "times the median of the earlier runs",
    "slow_sync_min_s": "seconds; faster is never slow",
    "rate_limit_blocks": "blocked steps in an hour",
    "error_share": "part of the steps of a day",
    "error_min_steps": "fewer steps than that say nothing",
}

_INTRODUCTION: Final = """\
# Alerts

The tables are made from `insights_assets/automation/alerts/kinds.py` by `python -m
insights_assets.automation.alerts.kind_docs`; a test holds page and code together.

An alert is a cause on a subject of an account: the same kind, account and subject are the same alert, however often
it is seen. The sensor `alerts` looks every minute at the accounts with something new (fifty a tick); `insights
alerts run` looks at all of them at once. Both read the newest judged, complete week of each account: an account that
is not synced keeps its alerts.

- **open**: told once when it opens, again when it becomes more severe.
- **acknowledged** (`insights alerts ack ID`): somebody is on it; silent, unless it becomes more severe, until its
  cause is gone.
- **snoozed** (`insights alerts snooze ID --hours 48`): silent; told again when the time is over and the cause is not.
- **resolved**: by itself, when a look finds no cause. Coming back within `cooldown_h` hours it is the same episode,
  as it was, and nobody is told; later it is a new episode. The end itself is not told.

`insights alerts list`, the view `alerts` and the sensor's page in the UI show what is open; an id may be shortened to
what is unambiguous. `insights alerts run --dry-run` says what would open, resolve and be told, and writes and sends
nothing.

## Settings

In the settings file (`INSIGHTS_SETTINGS`); everything may be left out. Without `[alerts.sinks]` alerts go to the log
only.

```toml
[alerts]
cooldown_h = 24
digest_over = 3                        # more notifications in one tick become one message

[alerts.thresholds]
finding_severity = "high"

[alerts.accounts.act_123]              # what differs for one account
target_roas = 2.5

[alerts.sinks.team]
type = "slack"                         # a Slack-compatible incoming webhook
url_env = "TEAM_WEBHOOK"               # the variable's name; or url_file = "/run/secrets/hook"
min_severity = "high"                  # default medium
reports = ["daily", "weekly"]          # reports it gets too (daily, weekly, yearly); default none

[alerts.sinks.tickets]
type = "webhook"                       # JSON POST
url_env = "TICKETS_URL"
secret_env = "TICKETS_SECRET"          # optional: X-Insights-Signature

[alerts.sinks.mail]
type = "smtp"
host = "smtp.example.org"
tls = "starttls"                       # or implicit, none; ports 587, 465, 25
username = "ads"
password_file = "/run/secrets/smtp"
sender = "ads@example.org"
recipients = ["team@example.org"]

[alerts.sinks.log]
type = "log"
```

A secret stands in an environment variable or a file, never in the settings file, and a webhook's address is one.
Webhooks must be https, except on this machine.

A message is stored (table `alert_outbox`) before it is sent, and marked once it was taken. A sink that does not take
one rests for 1, 2, 4, ... minutes, at most 6 hours, and then gets everything in order; the others go on. **At least
once**: a process that dies between the sink's yes and the mark sends that message again after 5 minutes, with the
same `Idempotency-Key` (webhook) or `Message-ID` (mail); Slack has no such key, so there a rare double is seen.

A report's message is its summary in ten lines (webhook: `report.lines`, no alerts); a mail has the page attached, up to
10 MB. The same report of the same days goes to a sink once, however often it is made again.

A webhook's body is `{id, created_at, title, count, alerts: [{event, alert_id, account_id, account_name, kind,
severity, subject, summary, week, opened_at, evidence}]}`; `event` is opened, escalated or snooze_over. With a secret,
`X-Insights-Signature` is `sha256=` and the HMAC-SHA256 (hex) of `X-Insights-Timestamp`, a dot and the body; refuse
old timestamps.
"""


def as_markdown() -> str:
    """The page, ending in a line break."""
    default = AlertSettings().thresholds
    rows = [
        f"| `{f.name}` | {getattr(default, f.name)} | {'no' if f.name in OF_THE_INSTANCE else 'yes'} "
        f"| {THRESHOLDS[f.name]} |"
        for f in fields(Thresholds)
    ]
    thresholds = "\n".join(["| threshold | default | by account | meaning |", "|---|---|---|---|", *rows])
    kinds = "\n".join(_section(kind) for kind in KINDS.values())
    return f"{_INTRODUCTION}\n{thresholds}\n\n## Kinds\n\n{kinds}"


def _section(kind: Kind) -> str:
    lines = [
        f"### {kind.name}",
        "",
        kind.meaning,
        "",
        "| | |",
        "|---|---|",
        f"| about | {kind.subject} |",
        f"| opens | {kind.opens} |",
    ]
    if kind.findings:
        lines.append(f"| findings | {', '.join(kind.findings)} |")
    lines += [f"| severity | {kind.severity} |", f"| ends | {kind.ends} |", f"| what to do | {kind.advice} |", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    PATH.write_text(as_markdown(), encoding="utf-8")
