"""The table `maintenance` of the settings file: when files are joined, and how long what is superseded is kept.

Belongs here: names, defaults and limits. Does not belong here: the work (`lake/`, `instance/retention.py`).
"""

from dataclasses import dataclass
from typing import Any, Final

from insights_assets import setting_values
from insights_assets.problems import InputError

# A reader holds a snapshot for as long as it reads; the longest, a backfill's run over a fleet, takes hours.
LEAST_FILE_HOURS: Final = 24
# The daily refresh makes a run superseded within days; what failed last week should still be there to be read.
LEAST_RUN_DAYS: Final = 14
LEAST_ROW_DAYS: Final = 30


@dataclass(frozen=True)
class MaintenanceSettings:
    """What `insights maintain` does; days of 0 keep for ever.

    Attributes:
        compact_from_files: small files of an account in a table from which on they are joined.
        keep_files_h: hours for which a file that no table names any more is kept, 24 at least.
        keep_runs_days: days for which Dagster's finished runs are kept with their events, 14 at least.
        keep_quarantine_days: days for which refused rows are kept, 30 at least.
        keep_alerts_days: days for which resolved alerts and delivered messages are kept, 30 at least.
        checked_accounts: accounts whose keys are read, in each table, to see that none is there twice.
    """

    compact_from_files: int = 8
    keep_files_h: int = 168
    keep_runs_days: int = 0
    keep_quarantine_days: int = 365
    keep_alerts_days: int = 365
    checked_accounts: int = 20


_LEAST: Final = {
    "compact_from_files": 2,
    "keep_files_h": LEAST_FILE_HOURS,
    "keep_runs_days": LEAST_RUN_DAYS,
    "keep_quarantine_days": LEAST_ROW_DAYS,
    "keep_alerts_days": LEAST_ROW_DAYS,
    "checked_accounts": 0,
}
_FOR_EVER: Final = ("keep_runs_days", "keep_quarantine_days", "keep_alerts_days")


def parse(value: Any, where: str) -> MaintenanceSettings:
    """Read the table.

    Args:
        value: the table as TOML gives it.
        where: how to name it in an error.

    Raises:
        InputError: one sentence with the key, its value and what is allowed.
    """
    given = setting_values.table(value, where)
    setting_values.known(given, tuple(_LEAST), where)
    return MaintenanceSettings(**{name: _whole(name, told, where) for name, told in given.items()})


def _whole(name: str, told: Any, where: str) -> int:
    number = setting_values.integer(told, f"maintenance.{name} ({where})")
    least, ever = _LEAST[name], name in _FOR_EVER
    if number < least and not (ever and number == 0):
        rule = f"{least} or more" + (", or 0 to keep for ever" if ever else "")
        raise InputError(f"maintenance.{name} ({where}) is {number}; it must be {rule}.")
    return number
