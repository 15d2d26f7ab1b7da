"""What can be started by hand: which steps over which weeks. Pure.

`sync-now` and `refresh` read an account again and compute what follows for it alone; what is pooled over all accounts
(burnout) follows by its own schedule. The others compute one stage of one level anew, from what is stored.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from insights_assets.partitions import FIRST_WEEK, today_in, weeks_covering
from insights_assets.problems import InputError

Level = Literal["campaign", "adset", "ad"]
EVERYTHING: Final = "everything of the account"
SYNC_DAYS: Final = 3
USUAL_DAYS: Final = 28
MOST_WEEKS: Final = 53
REASON_TAG: Final = "insights/reason"
# name -> (path below the account, table of the stage; None: the account is read again)
TRIGGERS: Final[dict[str, tuple[str, str | None]]] = {
    "sync-now": ("sync-now", None),
    "refresh": ("refresh", None),
    "classify": ("classifications/classify", "classifications"),
    "detect": ("anomalies/detect", "anomalies"),
    "generate-recommendations": ("recommendations/generate", "recommendations"),
    "generate-forecasts": ("forecasts/generate", "forecasts"),
}


@dataclass(frozen=True)
class Order:
    """One run: an account, unbroken weeks (Mondays), steps by table name or `EVERYTHING`."""

    run_id: str
    account_id: str
    business_id: str | None
    steps: tuple[str, ...]
    weeks: tuple[date, ...]
    reason: str
    environment: dict[str, str] = field(default_factory=dict, repr=False)

    def plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {**asdict(self), "weeks": [str(week) for week in self.weeks]}

    @classmethod
    def of(cls, values: dict[str, Any]) -> "Order":
        """From what `plain` made."""
        weeks = tuple(date.fromisoformat(week) for week in values["weeks"])
        return cls(**values | {"weeks": weeks, "steps": tuple(values["steps"])})


def steps_of(name: str, level: Level) -> tuple[str, ...]:
    """Steps of a trigger."""
    stage = TRIGGERS[name][1]
    return (EVERYTHING,) if stage is None else (f"{stage}_{level}",)


def weeks_of(
    name: str, since: date | None, until: date | None, *, timezone_name: str, now: datetime, lookback_days: int
) -> Sequence[date]:
    """Weeks of a trigger: those asked for, else the last days in the account's time zone.

    Args:
        name: of the trigger.
        since: first day, or None.
        until: last day, or None.
        timezone_name: the account's.
        now: the instant (UTC).
        lookback_days: what a refresh has to read again, as learnt.

    Raises:
        InputError: there is no such week, or there are too many for one run.
    """
    today = today_in(timezone_name, now)
    days = {"sync-now": SYNC_DAYS, "refresh": lookback_days}.get(name, USUAL_DAYS)
    last = min(until or today, today)
    first = since or last - timedelta(days=days)
    if first > last:
        raise InputError(f"since {first} is after {last}, the last day that can be asked for.")
    if first < FIRST_WEEK:
        raise InputError(f"since {first} is before {FIRST_WEEK}, the first week there are partitions for.")
    weeks = weeks_covering(first, last)
    if len(weeks) > MOST_WEEKS:
        raise InputError(f"{len(weeks)} weeks are too many for one run ({MOST_WEEKS}); `insights backfill` does more.")
    return weeks
