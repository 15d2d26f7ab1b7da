"""When what runs by itself: the hours of every scheduled job, and what the settings change about them.

Belongs here: the table `schedules` of the settings file, typed, with its defaults. Does not belong here: Dagster's
jobs, schedules and sensors (`automation/`), which are made from it. What each does: docs/automation.md.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from insights_assets.problems import InputError

MOST_INITIAL_WEEKS: Final = 53  # one run; 600 ads x 52 weeks took 1,400 MB in one (benchmarks/memory.py)


@dataclass(frozen=True)
class Slot:
    """A stage at a level (None: it has no levels), its cron expression, and how many weeks up to now its runs cover."""

    stage: str
    level: str | None
    cron: str
    weeks: int

    @property
    def name(self) -> str:
        """Of the job and of its schedule."""
        return f"{self.stage}_{self.level}" if self.level else self.stage

    def covers(self, asset: str) -> bool:
        """Whether an asset belongs to the job: `anomalies_ad`, and also a daily one of that stage and level."""
        if self.level is None:
            return asset == self.stage
        step = "(_daily|_weekly)?"
        return re.fullmatch(rf"{self.stage}{step}_{self.level}{step}", asset) is not None


# Staggered, so that no two start together. Recommendations follow the classifications that they read.
SLOTS: Final = (
    Slot("anomalies", "campaign", "5 * * * *", 5),
    Slot("anomalies", "adset", "20 * * * *", 5),
    Slot("anomalies", "ad", "37 */2 * * *", 5),
    Slot("forecasts", "account", "45 3 * * *", 2),
    Slot("forecasts", "campaign", "0 4 * * *", 2),
    Slot("forecasts", "adset", "30 4 * * *", 2),
    Slot("forecasts", "ad", "50 4 * * *", 2),
    Slot("classifications", "campaign", "0 5 * * *", 2),
    Slot("classifications", "adset", "30 5 * * *", 2),
    Slot("classifications", "ad", "0 6 * * *", 2),
    Slot("recommendations", "campaign", "15 5 * * *", 2),
    Slot("recommendations", "adset", "45 5 * * *", 2),
    Slot("recommendations", "ad", "15 6 * * *", 2),
    # Pooled over all accounts, or made from what is: once for the fleet and not in each account's refresh.
    Slot("burnout_predictions", None, "40 6 * * *", 5),
    Slot("ad_lifecycle", None, "52 6 * * *", 5),
    Slot("creative_lifecycle", None, "2 7 * * *", 5),
    Slot("anomaly_patterns", None, "12 7 * * *", 2),
    Slot("prediction_scores", None, "25 7 * * *", 5),
    Slot("recommendation_outcomes", None, "40 7 * * *", 5),
    # They look back half a year or more: a restated day would have each account's refresh make all of it again.
    Slot("goal_drift", None, "50 7 * * *", 2),
    Slot("response_curves", None, "55 7 * * *", 2),
    Slot("yearly_audit", None, "10 8 * * *", 2),
)
# After the fleet's jobs; the year once Meta restates its last day no more.
REPORTS: Final[Mapping[str, str]] = {
    "report_daily": "50 7 * * *",
    "report_weekly": "55 7 * * 1",
    "report_yearly": "0 9 29 1 *",
}
REFRESH: Final = "refresh_accounts"
SENSORS: Final = ("register_accounts", "refresh_restated", "refresh_stale")
MAINTAIN: Final = "maintain"
MAINTAIN_CRON: Final = "10 1 * * 0"
NAMES: Final = (*(s.name for s in SLOTS), *REPORTS, REFRESH, MAINTAIN, *SENSORS)
_TIMED: Final = frozenset({*(s.name for s in SLOTS), *REPORTS, MAINTAIN})
_FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_PART = re.compile(r"(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:/([1-9]\d?))?")


@dataclass(frozen=True)
class Switch:
    """What the settings say of one job or sensor; None leaves the default."""

    enabled: bool | None = None
    cron: str | None = None


@dataclass(frozen=True)
class Timetable:
    """The settings of everything that starts by itself.

    `enabled` switches all of it (None: on, except in mode sandbox); `time_zone` is that of the crons; accounts are
    refreshed between `refresh_from` and `refresh_until` of their own day; a new account is read `initial_weeks` back;
    one that was not read for `stale_after_h` hours is refreshed out of turn.
    """

    enabled: bool | None = None
    time_zone: str = "UTC"
    refresh_from: time = time(3)
    refresh_until: time = time(5)
    initial_weeks: int = 13
    stale_after_h: float = 36.0
    switches: Mapping[str, Switch] = field(default_factory=dict)

    def runs(self, name: str, *, mode: str) -> bool:
        """Whether a job's schedule or a sensor is on."""
        told = self.switches.get(name, Switch()).enabled
        if self.enabled is False:
            return False
        if told is not None:
            return told
        return self.enabled if self.enabled is not None else mode != "sandbox"

    def cron(self, slot: Slot) -> str:
        """The slot's cron expression."""
        return self.switches.get(slot.name, Switch()).cron or slot.cron

    def report_cron(self, name: str) -> str:
        """The cron expression of a report."""
        return self.switches.get(name, Switch()).cron or REPORTS[name]

    @property
    def maintain_cron(self) -> str:
        """That of the weekly care of the lake, in UTC."""
        return self.switches.get(MAINTAIN, Switch()).cron or MAINTAIN_CRON


def parse(value: Any, where: str) -> Timetable:
    """Read the table `schedules` of the settings file.

    Args:
        value: the table as TOML gives it.
        where: how to name it in an error.

    Raises:
        InputError: one sentence with the key, its value and what is allowed.
    """
    if not isinstance(value, dict):
        raise InputError(f"{where} is {value!r}; it must be a table ([schedules]).")
    given: dict[str, Any] = {}
    switches: dict[str, Switch] = {}
    for key, told in value.items():
        name = f"schedules.{key} ({where})"
        if key in _READERS:
            given[key] = _READERS[key](told, name)
        elif key in NAMES:
            switches[key] = _switch(key, told, name)
        else:
            raise InputError(f"{name} is not known; allowed are {', '.join([*_READERS, *NAMES])}.")
    made = Timetable(**given, switches=switches)
    if made.refresh_from >= made.refresh_until:
        raise InputError(f"schedules.refresh_until ({where}) is {made.refresh_until}; it must be after refresh_from.")
    return made


def _switch(key: str, told: Any, name: str) -> Switch:
    allowed = {"enabled", "cron"} if key in _TIMED else {"enabled"}
    if not isinstance(told, dict) or not set(told) <= allowed:
        raise InputError(f"{name} is {told!r}; it must be a table with {' and '.join(sorted(allowed))}.")
    enabled, cron = told.get("enabled"), told.get("cron")
    return Switch(
        None if enabled is None else _boolean(enabled, f"{name} enabled"),
        None if cron is None else _cron(cron, f"{name} cron"),
    )


def _boolean(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"{name} is {value!r}; it must be true or false.")
    return value


def _cron(value: Any, name: str) -> str:
    fields = value.split() if isinstance(value, str) else []
    if len(fields) != len(_FIELDS) or not all(map(_fits, fields, _FIELDS)):
        raise InputError(f"{name} is {value!r}; write five cron fields in numbers, such as '30 4 * * *'.")
    return " ".join(fields)


def _fits(text: str, bounds: tuple[int, int]) -> bool:
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            return False
        first, last = (int(n) if n else None for n in match.groups()[:2])
        if first is not None and not bounds[0] <= first <= (bounds[1] if last is None else last) <= bounds[1]:
            return False
    return True


def _zone(value: Any, name: str) -> str:
    try:
        return str(ZoneInfo(value))
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        raise InputError(f"{name} is {value!r}; write an IANA time zone such as 'Europe/Berlin'.") from error


def _clock(value: Any, name: str) -> time:
    try:
        return value if isinstance(value, time) else time.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} is {value!r}; write a time of day such as '03:00'.") from error


def _weeks(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_INITIAL_WEEKS:
        raise InputError(f"{name} is {value!r}; it must be a whole number from 1 to {MOST_INITIAL_WEEKS}.")
    return value


def _hours(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 1 <= value <= 24 * 28:
        raise InputError(f"{name} is {value!r}; it must be hours, from 1 to 672.")
    return float(value)


_READERS: Final = {
    "enabled": _boolean,
    "time_zone": _zone,
    "refresh_from": _clock,
    "refresh_until": _clock,
    "initial_weeks": _weeks,
    "stale_after_h": _hours,
}
