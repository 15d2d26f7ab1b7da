"""What the tests of the alerts share: signals, alerts of a look, a lake with registered accounts, a sink that fakes."""

from datetime import UTC, date, datetime, timedelta

from insights_assets.alert_settings import AlertSettings
from insights_assets.automation.alerts.life_cycle import Observation, Rules, Signal, step
from insights_assets.automation.alerts.sinks import DeliveryError
from insights_assets.lake.store import Lake
from insights_assets.sink_settings import SinkSettings
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets_tests.tables.rows import frame_of, valid_row

NOW = datetime(2026, 3, 11, 6, tzinfo=UTC)  # a Wednesday
RUNNING = date(2026, 3, 9)
NEWEST = date(2026, 3, 2)  # the newest complete week
RULES = Rules()
HOUR = timedelta(hours=1)
ACCOUNT = "act_1"


def signal(n=1, *, severity="high", kind="ctr_drop", account=ACCOUNT, **more):
    given = {"subject": f"ad {n}", "summary": f"Something about ad {n}.", **more}
    return Signal(kind, account, f"ad:{n}", severity=severity, **given)


def look(*signals, kinds=("ctr_drop",), accounts=(ACCOUNT,)):
    """A look at these kinds and accounts that found exactly the signals."""
    return Observation(tuple(signals), frozenset((k, a) for k in kinds for a in accounts))


def stepped(alerts, seen, now=NOW):
    return step(alerts, seen, now, RULES)


def registered(path, *accounts, **more):
    """A lake whose registry has these accounts."""
    lake = Lake(str(path))
    rows = [
        valid_row(ACCOUNTS, account_id=a, name=f"Name of {a}", timezone_name="Europe/Berlin", **more) for a in accounts
    ]
    lake.overwrite(ACCOUNTS, frame_of(ACCOUNTS, *rows))
    return lake


def settings(*names, **more):
    """Settings with log sinks of these names; a test hands its own sinks to the outbox by these names."""
    return AlertSettings(sinks=tuple(SinkSettings(name, "log", "low") for name in names), **more)


class Mailbox:
    """A sink in memory; `down` makes it refuse."""

    def __init__(self):
        self.taken = []
        self.asked = 0
        self.down = False

    def send(self, message, now):
        assert now.tzinfo is not None
        self.asked += 1
        if self.down:
            raise DeliveryError("The mailbox is shut.")
        self.taken.append(message)
