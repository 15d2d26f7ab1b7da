"""`insights alerts`: what is open, and what a person decides about it."""

import getpass
import json
from datetime import datetime, timedelta

import click
import polars as pl

from insights_assets.automation.alerts import engine
from insights_assets.automation.alerts.life_cycle import Alert, acknowledge, snooze
from insights_assets.automation.alerts.wording import one_line
from insights_assets.commands.printing import print_table
from insights_assets.lake.store import Lake
from insights_assets.problems import InputError, PartlyFailedError
from insights_assets.registry import prefixed
from insights_assets.settings import load_settings
from insights_assets.tables.alerts import ALERTS, KINDS, SEVERITIES, STATUSES
from insights_assets.tables.registry import TABLES

as_json_option = click.option("--json", "as_json", is_flag=True, help="As JSON.")
_LONGEST_SNOOZE_H = 24 * 366


@click.group()
def alerts() -> None:
    """Alerts: what is open, acknowledge, snooze, run."""


@alerts.command("list")
@click.option("--all", "everything", is_flag=True, help="Resolved ones too.")
@click.option("--status", type=click.Choice(STATUSES))
@click.option("--kind", type=click.Choice(KINDS))
@click.option("--account", help="Account id.")
@as_json_option
def list_(everything: bool, status: str | None, kind: str | None, account: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Show the alerts, the most severe and newest first; without resolved ones."""
    found = engine.alerts_of(Lake(load_settings().lake).read(ALERTS))
    wanted = prefixed(account) if account else None
    chosen = [
        alert
        for alert in found
        if (everything or status == "resolved" or alert.status != "resolved")
        and status in (None, alert.status)
        and kind in (None, alert.kind)
        and wanted in (None, alert.account_id)
    ]
    chosen.sort(key=lambda a: (SEVERITIES.index(a.severity), a.opened_at), reverse=True)
    if as_json:
        click.echo(json.dumps([_plain(alert) for alert in chosen], ensure_ascii=False))
    elif chosen:
        print_table(pl.DataFrame([_row(alert) for alert in chosen]))
    else:
        click.echo("No alert is open." if not everything else "There are no alerts.")


@alerts.command()
@click.argument("alert_ids", nargs=-1, required=True)
@click.option("--by", help="Who takes it on; your user name when left out.")
@as_json_option
def ack(alert_ids: tuple[str, ...], by: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Acknowledge alerts: they stay open and silent until their cause is gone."""
    settings = load_settings()
    who, now = one_line(by or getpass.getuser(), 100), settings.now()
    _change(alert_ids, lambda alert: acknowledge(alert, who, now), as_json=as_json)


@alerts.command("snooze")
@click.argument("alert_ids", nargs=-1, required=True)
@click.option("--hours", type=click.FloatRange(0, _LONGEST_SNOOZE_H, min_open=True), default=24.0, show_default=True)
@as_json_option
def snooze_(alert_ids: tuple[str, ...], hours: float, as_json: bool) -> None:  # noqa: FBT001
    """Snooze alerts: silent for some hours; told again then if their cause is still there."""
    now = load_settings().now()
    _change(alert_ids, lambda alert: snooze(alert, now + timedelta(hours=hours), now), as_json=as_json)


@alerts.command()
@click.option("--dry-run", is_flag=True, help="Say what would open, resolve and be told; write and send nothing.")
@as_json_option
def run(dry_run: bool, as_json: bool) -> None:  # noqa: FBT001
    """Look at all accounts now, bring the alerts up to date, deliver what is due.

    Failed runs and checks without partitions are known to Dagster alone: those its sensor looks at.
    """
    settings = load_settings()
    lake, now = Lake(settings.lake), settings.now()
    if not dry_run:
        lake.ensure(TABLES.values())
    seen = engine.observe(lake, settings.alerts, now)
    changes = engine.apply(lake, settings.alerts, seen, now, dry_run=dry_run)
    opened, resolved = changes.became("open"), changes.became("resolved")
    report = {
        "dry_run": dry_run,
        "opened": [_plain(alert) for alert in opened],
        "resolved": [_plain(alert) for alert in resolved],
        "notifications": [{"event": n.event, "alert_id": n.alert.alert_id} for n in changes.notifications],
    }
    delivery = None if dry_run else engine.deliver(lake, settings.alerts, now)
    if delivery is not None:
        report |= {"delivered": delivery.delivered, "undelivered": delivery.waiting, "problems": delivery.problems}
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        would = "would be " if dry_run else ""
        if opened:
            print_table(pl.DataFrame([_row(alert) for alert in opened]))
        click.echo(
            f"{len(opened)} alerts {would}opened, {len(resolved)} {would}resolved; "
            f"{len(changes.notifications)} notifications."
        )
        if delivery is not None:
            click.echo(f"{delivery.delivered} messages sent, {delivery.waiting} waiting.")
    for name, problem in (delivery.problems or {}).items() if delivery else ():
        click.echo(f"Sink {name}: {problem} It is tried again at a later tick.", err=True)
    if delivery and delivery.problems:
        raise PartlyFailedError


def _change(names: tuple[str, ...], change: engine.Change, *, as_json: bool) -> None:
    lake = Lake(load_settings().lake)
    changed, refused = [], []
    for name in names:
        try:
            changed.append(engine.change_one(lake, name, change))
        except InputError as error:
            if len(names) == 1:
                raise
            refused.append(str(error))
    if as_json:
        click.echo(json.dumps([_plain(alert) for alert in changed], ensure_ascii=False))
    elif changed:
        print_table(pl.DataFrame([_row(alert) for alert in changed]))
    for sentence in refused:
        click.echo(sentence, err=True)
    if refused:
        raise PartlyFailedError


def _row(alert: Alert) -> dict[str, str]:
    return {
        "alert": alert.alert_id,
        "severity": alert.severity,
        "status": alert.status,
        "opened": f"{alert.opened_at:%Y-%m-%d %H:%M}",
        "account": alert.account_id or "",
        "kind": alert.kind,
        "what": one_line(alert.summary),
    }


def _plain(alert: Alert) -> dict[str, object]:
    values = {name: getattr(alert, name) for name in ALERTS.schema}
    told = {
        n: v.isoformat() if isinstance(v, datetime) else str(v) if n == "week" and v else v for n, v in values.items()
    }
    return told | {"evidence": json.loads(alert.evidence)}
