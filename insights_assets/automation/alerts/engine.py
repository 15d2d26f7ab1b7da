"""The alerts' one way in: look, bring the table up to date, store what is to be told, deliver it.

Belongs here: the order of the commits. The outbox is written before the table: a crash between the two finds the same
things out again, and their keys are in the outbox already (docs/adr/0015).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from insights_assets import registry
from insights_assets.alert_settings import AlertSettings
from insights_assets.automation.alerts import lake_look, outbox
from insights_assets.automation.alerts.life_cycle import Alert, Notification, Observation, Rules, step
from insights_assets.automation.alerts.sinks import make_sink
from insights_assets.lake.store import Lake
from insights_assets.lake.updating import update
from insights_assets.problems import InputError
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.alerts import ALERTS

SHORTEST_ID = 4
Change = Callable[[Alert], Alert]


@dataclass(frozen=True)
class Changes:
    """What one step did: alerts before and after by id, and what is to be told."""

    before: dict[str, Alert]
    after: dict[str, Alert]
    notifications: tuple[Notification, ...]

    def became(self, status: str) -> list[Alert]:
        """Alerts that have this status now and had another, or none, before."""
        return [
            a
            for i, a in self.after.items()
            if a.status == status and getattr(self.before.get(i), "status", "") != status
        ]


def observe(
    lake: Lake,
    settings: AlertSettings,
    now: datetime,
    *,
    accounts: Collection[str] | None = None,
    records: lake_look.Records | None = None,
) -> Observation:
    """Look at some accounts (None: all of the registry), and at what concerns all together.

    Args:
        lake: the lake.
        settings: thresholds.
        now: the instant (UTC).
        accounts: which accounts.
        records: the records, when they are open already.
    """
    watched = set(registry.select(lake.read(ACCOUNTS), None)["account_id"])
    chosen = watched if accounts is None else accounts
    opened = records or lake_look.Records.open(lake)
    seen = lake_look.look_at_all(opened, settings, now)
    if chosen:
        seen += lake_look.look(opened, settings, chosen, now)
    # Nobody looks at an account that was switched off or taken out: what was open there is over.
    alerts = alerts_of(lake.read(ALERTS))
    left = {a.alert_id for a in alerts if a.account_id is not None and a.account_id not in watched}
    return replace(seen, ended=seen.ended | left)


def apply(lake: Lake, settings: AlertSettings, seen: Observation, now: datetime, *, dry_run: bool = False) -> Changes:
    """Bring the table up to date with what was seen, and store what is to be told; a dry run writes nothing."""
    rules = Rules(cooldown=timedelta(hours=settings.cooldown_h))
    changes: list[Changes] = []

    def change(rows: pl.DataFrame) -> pl.DataFrame:
        before = alerts_of(rows)
        after, told = step(before, seen, now, rules)
        changes[:] = [Changes({a.alert_id: a for a in before}, {a.alert_id: a for a in after}, tuple(told))]
        if not dry_run:
            names = dict(lake.read(ACCOUNTS).select("account_id", "name").iter_rows()) if told else {}
            outbox.store(lake, told, settings.sinks, names, now, digest_over=settings.digest_over)
        return rows_of(after)

    if dry_run:
        change(lake.read(ALERTS))
    else:
        update(lake, ALERTS, change)
    return changes[0]


def deliver(lake: Lake, settings: AlertSettings, now: datetime) -> outbox.Delivery:
    """Send what is due."""
    return outbox.deliver(lake, {sink.name: make_sink(sink) for sink in settings.sinks}, now)


def change_one(lake: Lake, name: str, change: Change) -> Alert:
    """Change one alert, named by its id or an unambiguous beginning of it.

    Raises:
        InputError: there is none, or more than one, or the change refuses it.
    """
    changed: list[Alert] = []

    def apply_to(rows: pl.DataFrame) -> pl.DataFrame:
        alerts = alerts_of(rows)
        chosen = _named(alerts, name)
        changed[:] = [change(chosen)]
        return rows_of([changed[0] if a.alert_id == chosen.alert_id else a for a in alerts])

    update(lake, ALERTS, apply_to)
    return changed[0]


def alerts_of(rows: pl.DataFrame) -> list[Alert]:
    """Rows of the table as alerts."""
    return [Alert(**row) for row in rows.iter_rows(named=True)]


def rows_of(alerts: Sequence[Alert]) -> pl.DataFrame:
    """Alerts as rows of the table."""
    return pl.DataFrame([asdict(a) for a in alerts], schema=ALERTS.schema)


def _named(alerts: Sequence[Alert], name: str) -> Alert:
    found = [a for a in alerts if a.alert_id.startswith(name)] if len(name) >= SHORTEST_ID else []
    if len(found) != 1:
        what = f"{len(found)} alerts have" if found else "No alert has"
        raise InputError(f"{what} an id that begins with {name!r}; `insights alerts list --all` shows the ids.")
    return found[0]
