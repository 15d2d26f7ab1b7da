"""`insights report`: a day, a week or a year as a page, with CSV and Excel beside it."""

import json
from pathlib import Path
from typing import Any

import click

from insights_assets import registry
from insights_assets.automation.alerts import engine
from insights_assets.automation.report_publishing import send
from insights_assets.lake.store import Lake
from insights_assets.problems import PartlyFailedError
from insights_assets.serving.digest import lines, title
from insights_assets.serving.editions import make_edition
from insights_assets.serving.periods import KINDS
from insights_assets.serving.report import FOLDER, write_report
from insights_assets.settings import Settings, load_settings
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.registry import TABLES


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.option(
    "--date",
    "day",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    help="A day of the period; left out: yesterday, the last whole week, this year so far.",
)
@click.option("--account", "--accounts", "names", multiple=True, help="Account ids, repeated or by comma; else all.")
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), help="Folder; reports/ in the home when left out."
)
@click.option("--send", "sending", is_flag=True, help="Tell the sinks that ask for this kind of report, once.")
@click.option("--json", "as_json", is_flag=True, help="Files, days and figures as JSON.")
def report(kind: str, day: Any, names: tuple[str, ...], output: Path | None, *, sending: bool, as_json: bool) -> None:
    """Write the report of a day, a week or a year."""
    settings = load_settings()
    lake, now = Lake(settings.lake), settings.now()
    chosen = None
    if names:
        wanted = [name for given in names for name in given.split(",")]
        chosen = registry.select(lake.read(ACCOUNTS), wanted, enabled_only=False)["account_id"].to_list()
    edition = make_edition(lake, kind, now=now, day=day.date() if day else None, accounts=chosen)
    files = write_report(edition, output or settings.home / FOLDER)
    told = {"kind": kind, "title": title(edition.period), "since": str(edition.period.span.since)}
    told |= {"until": str(edition.period.span.until), "html": str(files.html), "csv": str(files.csv)}
    if as_json:
        click.echo(json.dumps({**told, "xlsx": str(files.xlsx), "lines": lines(edition)}, ensure_ascii=False))
    else:
        for line in [title(edition.period), *lines(edition), f"Report: {files.html} (and .csv, .xlsx)"]:
            click.echo(line)
    if sending:
        lake.ensure(TABLES.values())
        send(lake, settings.alerts.sinks, edition, files, now)
        _deliver(lake, settings, quiet=as_json)


def _deliver(lake: Lake, settings: Settings, *, quiet: bool) -> None:
    """Send what is due; a sink that is down gets it from the sensor later."""
    delivery = engine.deliver(lake, settings.alerts, settings.now())
    if not quiet:
        click.echo(f"{delivery.delivered} messages sent, {delivery.waiting} waiting.")
    for name, problem in (delivery.problems or {}).items():
        click.echo(f"Sink {name}: {problem} It is tried again at a later tick.", err=True)
    if delivery.problems:
        raise PartlyFailedError
