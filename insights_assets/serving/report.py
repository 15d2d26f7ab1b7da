"""The report as one HTML file: no script, and nothing that is fetched from elsewhere."""

import os
import tempfile
from collections.abc import Collection
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from insights_assets.lake.store import Lake
from insights_assets.serving import words
from insights_assets.serving.burnout_pictures import lead_picture
from insights_assets.serving.findings import collect
from insights_assets.serving.forecasts import horizon_picture
from insights_assets.serving.model import AccountFigures, ReportData
from insights_assets.serving.pictures import (
    MAX_ACCOUNTS,
    account_pictures,
    calibration_picture,
    finding_picture,
    striking,
)

MAX_FINDINGS = 15
MAX_RISKS = 10
MAX_ADVICE = 15
MAX_EXPECTED = 40


def write_report(
    lake: Lake, home: Path, *, accounts: Collection[str] | None = None, since: date, until: date, now: datetime
) -> Path:
    """Collect, render and save the report of some accounts and weeks.

    Args:
        lake: where the tables are.
        home: `INSIGHTS_HOME`; the file goes to `reports/` in it.
        accounts: account ids; None for all.
        since: first day; its whole week counts.
        until: last day; its whole week counts.
        now: the instant of the report, with a time zone.

    Returns:
        The file, `reports/report-<date of now>.html`; one of the same day is replaced.
    """
    return save(collect(lake, accounts=accounts, since=since, until=until, now=now), home)


def save(data: ReportData, home: Path) -> Path:
    """Render and write a collected report; a reader sees the old file or the new one, never a half."""
    folder = home / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"report-{data.now.date().isoformat()}.html"
    handle, name = tempfile.mkstemp(prefix=".report-", suffix=".html", dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(render(data))
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    return target


def render(data: ReportData) -> str:
    """The page: the same text for the same data."""
    environment = Environment(
        loader=PackageLoader("insights_assets.serving"),
        autoescape=True,  # names of accounts and ads are foreign text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        money=words.money,
        number=words.number,
        change=words.change,
        share=words.share,
        day=words.day,
        instant=words.instant,
        short=words.short,
        plain=words.plain,
        round_count=words.round_count,
        finding_words=words.finding_words,
        drivers_words=words.drivers_words,
    )
    finding = striking(data)
    return environment.get_template("report.html.j2").render(
        data=data,
        delivered=[a for a in data.accounts if a.main],
        idle=[a for a in data.accounts if not a.main],
        dearer=_dearer(data.accounts),
        groups=[
            (heading, [f for f in data.findings if f.when == when])
            for when, heading in (
                ("newest", "Newest complete week"),
                ("running", "Partial weeks (running, or not read to their end)"),
                ("earlier", "Earlier in the period"),
            )
        ],
        spend=words.spend_by_currency(data.accounts),
        limits=words.limits(data.trust),
        quality=words.quality_words(data.trust),
        account_pictures=account_pictures(data),
        calibration=calibration_picture(data),
        horizons=horizon_picture(data.accuracy),
        max_expected=MAX_EXPECTED,
        lead=lead_picture(data),
        striking=finding_picture(data, finding) if finding else None,
        few=words.FEW_RESULTS,
        max_accounts=MAX_ACCOUNTS,
        max_findings=MAX_FINDINGS,
        max_risks=MAX_RISKS,
        max_advice=MAX_ADVICE,
    )


def _dearer(accounts: tuple[AccountFigures, ...]) -> list[dict[str, object]]:
    """Families whose cost rose in an account's newest complete week, the largest rise first, after it noisy ones."""
    rows: list[tuple[tuple[bool, float], dict[str, object]]] = [
        ((family.week_results < words.FEW_RESULTS, -family.change_pct), {"account": account, "family": family})
        for account in accounts
        for family in account.families
        if family.change_pct is not None and family.change_pct > 0
    ]
    return [row for _, row in sorted(rows, key=lambda r: r[0])]
