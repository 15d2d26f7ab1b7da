"""The simulated world: its entities, and `World`, which makes each account on first use and keeps it."""

import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl

from insights_assets.sandbox.catalog import Goal, Market

if TYPE_CHECKING:
    from insights_assets.sandbox.delivery import Facts
    from insights_assets.sandbox.labels import Planted

DEFAULT_START = date(2025, 1, 6)
# Every account is generated out to one fixed horizon, so a later "now" can never change what an earlier one saw.
HORIZON_DAYS = 3 * 366


@dataclass(frozen=True, slots=True)
class Account:
    """An ad account; `id` carries the `act_` prefix and `account_id` does not."""

    id: str
    account_id: str
    name: str
    business_id: str
    business_name: str
    market: Market
    account_status: int
    size: float
    slots: int
    quiet: bool

    @property
    def zone(self) -> ZoneInfo:
        """The account's time zone."""
        return ZoneInfo(self.market.zone)


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign; days count from the world's start and `end` is the first day without it."""

    id: str
    name: str
    objective: str
    created: int
    end: int | None
    end_status: str
    cbo: bool


@dataclass(frozen=True, slots=True)
class AdSet:
    """An ad set; `budget_steps` are (first day, factor on the base budget) in day order."""

    id: str
    campaign: Campaign
    name: str
    goal: Goal
    country: str
    audience_name: str
    created: int
    budget_steps: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Creative:
    """A creative of one of the types in `catalog.CREATIVE_TYPES`."""

    id: str
    name: str
    kind: str
    page_id: str
    post_id: str


@dataclass(frozen=True, slots=True)
class Ad:
    """An ad and the constants its delivery is drawn from; `end` is the first day without delivery."""

    id: str
    name: str
    adset: AdSet
    creative: Creative
    start: int
    end: int
    end_status: str
    pauses: tuple[tuple[int, int], ...]
    budget_usd: float
    cpm_usd: float
    ctr: float
    rate: float
    audience: float
    fatigue_rate: float
    fatigue_from: float
    quality: float


@dataclass(frozen=True)
class AccountWorld:
    """All that exists in one account over the whole horizon."""

    account: Account
    start: date
    seed: int
    campaigns: tuple[Campaign, ...]
    adsets: tuple[AdSet, ...]
    ads: tuple[Ad, ...]
    creatives: tuple[Creative, ...]

    @cached_property
    def _delivery(self) -> "tuple[Facts, tuple[Planted, ...]]":
        from insights_assets.sandbox.delivery import deliver  # noqa: PLC0415  delivery imports this module

        return deliver(self)

    @property
    def facts(self) -> "Facts":
        """Final daily facts of every ad."""
        return self._delivery[0]

    @property
    def planted(self) -> "tuple[Planted, ...]":
        """The anomalies planted in the facts."""
        return self._delivery[1]

    def day_of(self, day: date) -> int:
        """Days from the world's start to `day`."""
        return (day - self.start).days

    def date_of(self, day: int) -> date:
        """The calendar date of a day number."""
        return self.start + timedelta(days=day)

    def today(self, now: datetime) -> int:
        """Number of the day that `now` falls on in the account's zone."""
        return self.day_of(now.astimezone(self.account.zone).date())


class World:
    """A seeded set of ad accounts, the same in every process.

    The truth of a calendar day depends only on the seed and the other arguments, never on the clock; what the API
    reports of it depends on `now` as well, because young days are restated.

    Args:
        seed: Changes everything.
        accounts: How many ad accounts the token sees.
        start: First day with data.
        ads_per_account: Least and most ads that run at the same time in an account.
        scenario: "default", or "quiet" for a world without anomalies and fatigue.
    """

    def __init__(
        self,
        seed: int = 7,
        accounts: int = 10,
        start: date = DEFAULT_START,
        ads_per_account: tuple[int, int] = (12, 40),
        *,
        scenario: str = "default",
    ) -> None:
        from insights_assets.sandbox.generation import make_accounts  # noqa: PLC0415  generation imports this module

        self.seed = seed
        self.start = start
        self.accounts: tuple[Account, ...] = make_accounts(
            seed, accounts, ads_per_account, all_quiet=scenario == "quiet"
        )
        self._by_id = {account.id: account for account in self.accounts}
        self._made: dict[str, AccountWorld] = {}
        self._lock = threading.Lock()

    def account(self, account_id: str) -> AccountWorld:
        """All of one account; made on first use.

        Args:
            account_id: With or without the `act_` prefix.

        Raises:
            KeyError: No such account.
        """
        from insights_assets.sandbox.generation import make_account_world  # noqa: PLC0415

        key = account_id if account_id.startswith("act_") else f"act_{account_id}"
        with self._lock:
            if key not in self._made:
                made = make_account_world(self._by_id[key], self.start, self.seed)
                _ = made.facts
                self._made[key] = made
            return self._made[key]

    def labels(self, account_id: str) -> pl.DataFrame:
        """The planted anomalies of an account, one row per entity and week."""
        from insights_assets.sandbox.labels import label_frame  # noqa: PLC0415

        return label_frame(self.account(account_id))

    def truth_daily(self, account_id: str, since: date, until: date, now: datetime | None = None) -> pl.DataFrame:
        """What the API reports per ad and day, as of `now`; the final numbers when `now` is None."""
        from insights_assets.sandbox.truth import truth_daily  # noqa: PLC0415

        return truth_daily(self.account(account_id), since, until, now)


def utc_now() -> datetime:
    """The machine's clock, aware."""
    return datetime.now(UTC)
