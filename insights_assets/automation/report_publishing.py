"""A report made, written, and told: a message in the outbox of the alerts for each sink that asks for it.

Belongs here: who gets which report. Does not belong here: what it says (`serving/`), how a sink shows it
(`alerts/messages.py`).
"""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import dagster as dg

from insights_assets.automation.alerts import messages, outbox
from insights_assets.lake.store import Lake
from insights_assets.serving.digest import lines, markdown, title
from insights_assets.serving.editions import Edition, make_edition
from insights_assets.serving.report import FOLDER, ReportFiles, write_report
from insights_assets.settings import Settings
from insights_assets.sink_settings import SinkSettings


def publish(
    lake: Lake, settings: Settings, kind: str, *, now: datetime, day: date | None
) -> dict[str, int | dg.MetadataValue[Any]]:
    """Make a report of all accounts, write its files and store its messages.

    Args:
        lake: the lake.
        settings: with the home that holds reports, and the sinks.
        kind: daily, weekly or yearly.
        now: the clock.
        day: of the period; the newest when None.

    Returns:
        Metadata of the report's asset.
    """
    edition = make_edition(lake, kind, now=now, day=day)
    files = write_report(edition, settings.home / FOLDER)
    return {
        "summary": dg.MetadataValue.md(markdown(edition)),
        **{end: dg.MetadataValue.path(path) for end, path in vars(files).items()},
        "messages": send(lake, settings.alerts.sinks, edition, files, now),
    }


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
