"""Call budgets, blocks, and the four usage headers that tell of them on every answer."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Final

FULL: Final = 100.0
WRITE_POINTS: Final = 3  # a read costs one
_MINUTE_S: Final = 60.0
_LEAST_TOLD_S: Final = 30.0
_LONGEST_TOLD_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Budget:
    """How many calls are allowed: a score that each call raises and time lowers.

    A read costs 1 point and a write 3. Unused, a full score decays to nothing in `window_s`; a call over `calls`
    starts a block. Meta documents 60 points, 300 s and a block of 300 s for development access, 9000 points and a
    block of 60 s for standard access.

    Attributes:
        calls: Points allowed.
        window_s: Seconds in which a full score decays.
        block_s: Seconds that a block lasts.
    """

    calls: float
    window_s: float
    block_s: float


@dataclass
class Block:
    """A time in which all calls of an account, or of the whole app, are refused.

    Attributes:
        fault: Name of the fault it answers with.
        account_id: The account; empty for the app.
        since: When it began, by the server's monotonic clock.
        until: When it ends; calls do not prolong it.
        calls: Calls that came while it lasted; the one that began it is not among them.
    """

    fault: str
    account_id: str
    since: float
    until: float
    calls: int = 0


@dataclass
class Meter:
    """The score of one account or of the app."""

    budget: Budget
    clock: Callable[[], float]
    score: float = 0.0
    at: float = field(init=False)

    def __post_init__(self) -> None:
        self.at = self.clock()

    @property
    def percent(self) -> float:
        """Share of the budget that is used."""
        self._decay()
        return FULL * self.score / self.budget.calls

    def charge(self, points: int) -> bool:
        """Counts a call; False when it is one too many, and the score then begins anew after the block."""
        self._decay()
        if self.score + points > self.budget.calls:
            self.score = 0.0
            return False
        self.score += points
        return True

    def _decay(self) -> None:
        now = self.clock()
        self.score = max(0.0, self.score - (now - self.at) * self.budget.calls / self.budget.window_s)
        self.at = now


@dataclass(frozen=True, slots=True)
class Readings:
    """What the headers say: percentages, and seconds until calls are allowed again."""

    app: float
    account: float
    business: Mapping[str, float]
    wait_s: float = 0.0
    throttle: float = 0.0

    def headers(self, business_id: str) -> dict[str, str]:
        """The four headers."""
        tier = {"ads_api_access_tier": "standard_access"}
        entries = [
            {"type": kind, **_shares(percent), "estimated_time_to_regain_access": minutes(self.wait_s), **tier}
            for kind, percent in self.business.items()
        ]
        account = {"acc_id_util_pct": round(self.account, 2), "reset_time_duration": ceil(self._told), **tier}
        throttle = {"app_id_util_pct": self.throttle / 2, "acc_id_util_pct": self.throttle, **tier}
        values: dict[str, Any] = {
            "X-App-Usage": _shares(self.app),
            "X-Business-Use-Case-Usage": {business_id: entries},
            "X-Ad-Account-Usage": account,
            "X-FB-Ads-Insights-Throttle": throttle,
        }
        return {name: json.dumps(value, separators=(",", ":")) for name, value in values.items()}

    @property
    def _told(self) -> float:
        return min(self.wait_s, _LONGEST_TOLD_S)


def minutes(wait_s: float) -> int:
    """A wait as `estimated_time_to_regain_access` tells it: whole minutes, and 0 for one under half a minute."""
    return 0 if wait_s < _LEAST_TOLD_S else ceil(min(wait_s, _LONGEST_TOLD_S) / _MINUTE_S)


def _shares(percent: float) -> dict[str, int]:
    return {"call_count": int(percent), "total_time": int(percent) // 2, "total_cputime": int(percent) // 2}
