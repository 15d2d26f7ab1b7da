"""One tick: at most so many accounts, those with something new first come first served, then what is to be sent.

Belongs here: what a tick remembers. Does not belong here: Dagster (`sensors.py`).
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from insights_assets import registry
from insights_assets.alert_settings import AlertSettings
from insights_assets.automation.alerts import engine, lake_look
from insights_assets.automation.alerts.life_cycle import Observation
from insights_assets.lake.store import Lake
from insights_assets.tables.accounts import ACCOUNTS

# 50 accounts of a lake of 1,000 cost about 1 s of CPU (benchmarks/alerts.py); a fleet is through in twenty ticks.
ACCOUNTS_A_TICK = 50


@dataclass(frozen=True)
class Position:
    """What was seen so far: versions of the records, accounts that wait, the thresholds that held."""

    versions: lake_look.Versions = field(default_factory=dict)
    waiting: Sequence[str] = ()
    thresholds: str = ""

    @classmethod
    def read(cls, cursor: str | None) -> "Position":
        """A sensor's cursor; one that is missing or of another making starts from nothing."""
        try:
            return cls(**json.loads(cursor or "{}"))
        except (ValueError, TypeError):
            return cls()

    def write(self) -> str:
        """The cursor."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Tick:
    """What a tick did, in figures and in a sentence."""

    position: Position
    looked_at: int
    opened: int
    resolved: int
    delivered: int
    undelivered: int
    problems: Sequence[str]

    @property
    def sentence(self) -> str:
        """For the sensor's page."""
        said = (
            f"{self.looked_at} accounts looked at, {len(self.position.waiting)} waiting; {self.opened} alerts opened, "
        )
        said += f"{self.resolved} resolved; {self.delivered} messages sent, {self.undelivered} waiting."
        return " ".join([said, *self.problems])


def tick(
    lake: Lake,
    settings: AlertSettings,
    now: datetime,
    position: Position,
    *,
    also: Observation | None = None,
    batch: int = ACCOUNTS_A_TICK,
) -> Tick:
    """Look at the accounts with something new, bring the alerts up to date, deliver.

    Args:
        lake: the lake.
        settings: thresholds and sinks.
        now: the instant (UTC).
        position: what the last tick left.
        also: what was seen elsewhere (Dagster's own records).
        batch: at most so many accounts.
    """
    judged_by = hashlib.sha256(repr((settings.thresholds, sorted(settings.accounts.items()))).encode()).hexdigest()[:16]
    records = lake_look.Records.open(lake)
    fresh = records.changed(position.versions)
    if judged_by != position.thresholds:
        fresh |= set(registry.select(lake.read(ACCOUNTS), None)["account_id"])
    queue = list(dict.fromkeys([*position.waiting, *sorted(fresh)]))
    seen = engine.observe(lake, settings, now, accounts=queue[:batch], records=records)
    changes = engine.apply(lake, settings, seen + (also or Observation()), now)
    delivery = engine.deliver(lake, settings, now)
    return Tick(
        position=Position(records.versions(), queue[batch:], judged_by),
        looked_at=len(queue[:batch]),
        opened=len(changes.became("open")),
        resolved=len(changes.became("resolved")),
        delivered=delivery.delivered,
        undelivered=delivery.waiting,
        problems=[f"Sink {name}: {problem}" for name, problem in (delivery.problems or {}).items()],
    )
