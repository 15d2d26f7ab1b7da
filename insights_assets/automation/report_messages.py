"""Reports as messages: stored in the outbox of the alerts for each sink that asks for them, and sent by its sensor.

Belongs here: who gets which report. Does not belong here: how a sink shows it (`alerts/messages.py`).
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from insights_assets.automation.alerts import messages, outbox
from insights_assets.lake.store import Lake
from insights_assets.serving.digest import lines, title
from insights_assets.serving.editions import Edition
from insights_assets.serving.report import ReportFiles
from insights_assets.sink_settings import SinkSettings


def send(lake: Lake, sinks: Sequence[SinkSettings], edition: Edition, files: ReportFiles, now: datetime) -> int:
    """Store a report's message for each sink that asks for its kind; one that got this period's gets no other.

    Returns:
        Messages stored.
    """
    group = messages.of_report(_identity(edition), title(edition.period), lines(edition), files.html)
    wanted = [sink.name for sink in sinks if edition.period.kind in sink.reports]
    return outbox.store_once(lake, wanted, group, now)


def _identity(edition: Edition) -> str:
    """Of a report: kind, period and accounts. The period so far is another one the next day."""
    found, chosen = edition.period, ",".join(edition.chosen or ["all"])
    days = f"{found.span.since}..{found.span.until}"
    return f"report|{found.kind}|{days}|{hashlib.sha256(chosen.encode()).hexdigest()[:16]}"
