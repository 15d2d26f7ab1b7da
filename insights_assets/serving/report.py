"""The report: one HTML file without a script or anything fetched from elsewhere, CSV and Excel beside it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from insights_assets.serving import digest, words
from insights_assets.serving.advice import varied
from insights_assets.serving.burnout_pictures import lead_picture
from insights_assets.serving.comparison import Block, Comparison, shortened
from insights_assets.serving.editions import EVERY, Edition
from insights_assets.serving.files import replacing
from insights_assets.serving.forecasts import horizon_picture
from insights_assets.serving.model import AccountFigures
from insights_assets.serving.periods import UNITS
from insights_assets.serving.pictures import (
    MAX_ACCOUNTS,
    account_pictures,
    calibration_picture,
    finding_picture,
    striking,
)
from insights_assets.serving.sheets import comparison_table, sheets
from insights_assets.serving.tabular import write_csv, write_xlsx
from insights_assets.serving.trend_pictures import pareto_picture, trend_picture

FOLDER = "reports"
"""Where reports go, in `INSIGHTS_HOME`."""
MOST = {"blocks": 24, "findings": 15, "risks": 10, "advice": 15, "expected": 40, "accounts": 40, "failures": 15}
"""Rows of each table of the page. What is beyond is counted, and the views have it."""
ADVICE_OF_A_KIND = 4
HEADINGS = (
    ("day", "On the day"),
    ("newest", "Newest complete week"),
    ("running", "Partial weeks (running, or not read to their end)"),
    ("earlier", "Earlier in the period"),
)


@dataclass(frozen=True)
class ReportFiles:
    """Where a report was written."""

    html: Path
    csv: Path
    xlsx: Path


def write_report(edition: Edition, folder: Path) -> ReportFiles:
    """Write a report's three files; those of an earlier edition of the same period and accounts are replaced."""
    name = f"report-{edition.period.kind}-{edition.period.key}{_chosen(edition)}"
    files = ReportFiles(*(folder / f"{name}.{end}" for end in ("html", "csv", "xlsx")))
    page = render(edition)
    with replacing(files.csv) as new, new.open("wb") as file:
        write_csv(file, [comparison_table(edition)])
    with replacing(files.xlsx) as new:
        write_xlsx(new, {title: [rows] for title, rows in sheets(edition).items()})
    with replacing(files.html) as new:
        new.write_text(page, encoding="utf-8")
    return files


def render(edition: Edition) -> str:
    """The page: the same text for the same data."""
    data, comparison = edition.data, shortened(edition.comparison, MOST["accounts"])
    finding = striking(data) if edition.period.kind == "weekly" else None
    delivered = sorted((a for a in data.accounts if a.main), key=_trouble)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            edition=edition,
            data=data,
            title=digest.title(edition.period),
            unit=UNITS[edition.period.kind],
            comparison=comparison,
            account_rows=_account_rows(comparison),
            compared_accounts=sum(b.family is None for b in edition.comparison.accounts),
            courses=[
                (
                    c,
                    trend_picture(
                        c.steps, EVERY[edition.period.kind], currency=c.currency, family=c.family, partial=c.partial
                    ),
                    pareto_picture(c.spread, currency=c.currency, family=c.family) if c.spread else None,
                )
                for c in edition.courses
            ],
            advice=varied(data.advice, MOST["advice"], ADVICE_OF_A_KIND),
            delivered=delivered,
            idle=[a for a in data.accounts if not a.main],
            stale=[a for a in data.accounts if a.is_stale],
            dearer=_dearer(data.accounts),
            groups=[(heading, [f for f in data.findings if f.when == when]) for when, heading in _headings(edition)],
            delivery_blocks=[b for b in edition.comparison.totals if b.family is None],
            family_blocks=[b for b in edition.comparison.totals if b.family is not None],
            lacks=digest.comparison_limits(edition.comparison, edition.names),
            limits=words.limits(data.trust),
            quality=words.quality_words(data.trust),
            account_pictures=account_pictures(data) if edition.period.kind == "weekly" else [],
            calibration=calibration_picture(data),
            horizons=horizon_picture(data.accuracy),
            lead=lead_picture(data),
            striking=finding_picture(data, finding) if finding else None,
            few=words.FEW_RESULTS,
            max_accounts=MAX_ACCOUNTS,
            most=MOST,
        )
    )


def _environment() -> Environment:
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
        metric_value_of=lambda value, metric, currency: words.metric_value(metric, value, currency),
        finding_words=words.finding_words,
        drivers_words=words.drivers_words,
        baseline_words=digest.baseline_words,
    )
    environment.globals["METRIC_WORDS"] = words.METRIC_WORDS
    return environment


def _headings(edition: Edition) -> tuple[tuple[str, str], ...]:
    """A day's report has one group of findings, the others the groups of weeks."""
    return HEADINGS[:1] if edition.period.kind == "daily" else HEADINGS[1:]


def _account_rows(comparison: Comparison) -> list[tuple[Block, Block | None]]:
    """The block of each account, and that of its result family with the most spend."""
    families: dict[str | None, Block] = {}
    for block in comparison.accounts:
        if block.family is not None:
            families.setdefault(block.account_id, block)
    return [(b, families.get(b.account_id)) for b in comparison.accounts if b.family is None]


def _trouble(account: AccountFigures) -> tuple[int, int, str, str]:
    """Accounts in which something is to be seen come first: only so many have a place."""
    failed = account.failed_checks + account.failed_steps
    return (-failed, -sum(n for _, n in account.findings) - account.high_risk_ads, account.name, account.account_id)


def _dearer(accounts: tuple[AccountFigures, ...]) -> list[dict[str, object]]:
    """Families whose cost rose in an account's newest complete week, the largest rise first, after it noisy ones."""
    rows: list[tuple[tuple[bool, float], dict[str, object]]] = [
        ((family.week_results < words.FEW_RESULTS, -family.change_pct), {"account": account, "family": family})
        for account in accounts
        for family in account.families
        if family.change_pct is not None and family.change_pct > 0
    ]
    return [row for _, row in sorted(rows, key=lambda r: r[0])]


def _chosen(edition: Edition) -> str:
    """What tells the file of some accounts from that of all."""
    if edition.chosen is None:
        return ""
    if len(edition.chosen) == 1:
        return f"-{edition.chosen[0]}"
    mark = hashlib.sha256(",".join(edition.chosen).encode()).hexdigest()[:8]
    return f"-{len(edition.chosen)}-accounts-{mark}"
