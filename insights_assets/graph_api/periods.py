"""Stretches of days: halving them, and how far back they may begin."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from insights_assets.graph_api.errors import GraphApiError, classify

# https://developers.facebook.com/docs/marketing-api/insights: older days are refused with 3018.
MONTHS_KEPT: Final = 37


@dataclass(frozen=True, slots=True)
class Period:
    """Days since to until, both included, counted in the account's time zone."""

    since: date
    until: date

    def halves(self, step: int) -> tuple["Period", "Period"] | None:
        """Two parts that meet on a boundary of the increment, or None when one increment is left.

        Args:
            step: ``time_increment`` in days.
        """
        increments = -(-((self.until - self.since).days + 1) // step)
        if increments <= 1:
            return None
        middle = self.since + timedelta(days=step * (increments // 2))
        return Period(self.since, middle - timedelta(days=1)), Period(middle, self.until)

    def first_increment(self, step: int) -> "Period":
        """The first ``time_increment`` alone."""
        return Period(self.since, min(self.until, self.since + timedelta(days=step - 1)))

    def kept(self, today: date, step: int) -> "Period":
        """The part that Meta still keeps, beginning on a boundary of the increment.

        Args:
            today: Today in the account's time zone.
            step: ``time_increment`` in days.

        Raises:
            GraphApiError: Nothing of it is kept; an empty answer would look like a week without delivery.
        """
        late = (oldest_day(today) - self.since).days
        since = self.since + timedelta(days=step * max(0, -(-late // step)))
        if since > self.until:
            raise _expired(self)
        return Period(since, self.until)

    def parameter(self) -> str:
        """The period as ``time_range``."""
        return json.dumps({"since": self.since.isoformat(), "until": self.until.isoformat()})

    def __str__(self) -> str:
        return f"{self.since} to {self.until}"


def oldest_day(today: date) -> date:
    """The first day that may be asked for: 37 months back, and one day for a server whose day is another.

    Args:
        today: Today in the account's time zone.
    """
    months = today.year * 12 + today.month - 1 - MONTHS_KEPT
    # From the first of the month on: the day after a short month's last stands in for a day it does not have.
    return date(months // 12, months % 12 + 1, 1) + timedelta(days=today.day)


def _expired(period: Period) -> GraphApiError:
    error = classify(None, {"error": {"code": 3018, "message": f"{period} is older than {MONTHS_KEPT} months"}})
    error.attempted = "Asking for insights"
    return error
