"""The simulated world: its entities, and `World`, which makes each account on first use and keeps it."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from insights_assets.sandbox.objects import Account, Ad, AdSet, Campaign, Creative
from insights_assets.sandbox.videos import videos_of

if TYPE_CHECKING:
    from insights_assets.sandbox.delivery import Facts
    from insights_assets.sandbox.labels import Planted

DEFAULT_START = date(2025, 1, 6)
# Every account is generated out to one fixed horizon, so a later "now" can never change what an earlier one saw.
HORIZON_DAYS = 3 * 366
# An account of 50 ads holds about 10 MB; one that was dropped is made again, the same, in 0.1 s.
ACCOUNTS_KEPT = 48


@dataclass(frozen=True)
class AccountDays:
    """An account and its days, counted from the world's start."""

    account: Account
    start: date

    def day_of(self, day: date) -> int:
        """Days from the world's start to `day`."""
        return (day - self.start).days

    def date_of(self, day: int) -> date:
        """The calendar date of a day number."""
        return self.start + timedelta(days=day)

    def today(self, now: datetime) -> int:
        """Number of the day that `now` falls on in the account's zone."""
        return self.day_of(now.astimezone(self.account.zone).date())


@dataclass(frozen=True)
class AccountWorld(AccountDays):
    """All that exists in one account over the whole horizon."""

    seed: int
    campaigns: tuple[Campaign, ...]
    adsets: tuple[AdSet, ...]
    ads: tuple[Ad, ...]
    creatives: tuple[Creative, ...]
    horizon_days: int = HORIZON_DAYS

    @cached_property
    def _delivery(self) -> "tuple[Facts, tuple[Planted, ...]]":
        from insights_assets.sandbox.delivery import deliver  # noqa: PLC0415  delivery imports this module

        return deliver(self)

    def share_facts(self, other: "AccountWorld") -> None:
        """Takes the facts of the same account, which differs in nothing that they depend on."""
        self.__dict__["_delivery"] = other._delivery  # noqa: SLF001  the same class

    @property
    def facts(self) -> "Facts":
        """Final daily facts of every ad."""
        return self._delivery[0]

    @property
    def planted(self) -> "tuple[Planted, ...]":
        """The anomalies planted in the facts."""
        return self._delivery[1]


class World:
    """A seeded set of ad accounts, the same in every process.

    The truth of a calendar day depends only on the seed and the other arguments, never on the clock; what the API
    reports of it depends on `now` as well, because young days are restated.

    Args:
        seed: Changes everything.
        accounts: How many ad accounts the token sees.
        start: First day with data.
        ads_per_account: Least and most ads that run at the same time in an account; a number is exactly that many in
            every account, the small one included.
        weeks: How many weeks exist; a shorter world is another world, and costs less to make.
        scenario: "default", or "quiet" for a world without anomalies and fatigue.
    """

    def __init__(
        self,
        seed: int = 7,
        accounts: int = 10,
        start: date = DEFAULT_START,
        ads_per_account: tuple[int, int] | int = (12, 40),
        *,
        weeks: int | None = None,
        scenario: str = "default",
    ) -> None:
        from insights_assets.sandbox.generation import make_accounts  # noqa: PLC0415  generation imports this module

        self.seed = seed
        self.start = start
        self.horizon_days = HORIZON_DAYS if weeks is None else weeks * 7
        self.accounts: tuple[Account, ...] = make_accounts(
            seed, accounts, ads_per_account, all_quiet=scenario == "quiet"
        )
        self._by_id = {account.id: account for account in self.accounts}
        self._made: OrderedDict[str, AccountWorld] = OrderedDict()
        self._owners: dict[str, str] = {}
        self._indexed: set[str] = set()
        self._lock = threading.Lock()

    def days(self, account_id: str) -> AccountDays:
        """An account and its calendar, without making what is in it.

        Raises:
            KeyError: No such account.
        """
        return AccountDays(self._by_id[_prefixed(account_id)], self.start)

    def account(self, account_id: str) -> AccountWorld:
        """All of one account; made on first use, its facts when they are first asked for.

        Args:
            account_id: With or without the `act_` prefix.

        Raises:
            KeyError: No such account.
        """
        from insights_assets.sandbox.generation import make_account_world  # noqa: PLC0415

        key = _prefixed(account_id)
        with self._lock:
            made = self._made.get(key)
            if made is None:
                made = make_account_world(self._by_id[key], self.start, self.seed, self.horizon_days)
                self._made[key] = made
                self._indexed.add(key)
                for group in (made.campaigns, made.adsets, made.ads, made.creatives):
                    self._owners.update((item.id, key) for item in group)
                self._owners.update((video.id, key) for item in made.creatives for video in videos_of(item))
            self._made.move_to_end(key)
            if len(self._made) > ACCOUNTS_KEPT:
                self._made.popitem(last=False)
        return made

    def owner_of(self, object_id: str) -> str | None:
        """The id of the account that a campaign, ad set, ad, creative or video is in."""
        for account in self.accounts:
            if object_id in self._owners:
                break
            if account.id not in self._indexed:
                self.account(account.id)
        return self._owners.get(object_id)

    def labels(self, account_id: str) -> pl.DataFrame:
        """The planted anomalies of an account, one row per entity and week."""
        from insights_assets.sandbox.labels import label_frame  # noqa: PLC0415

        return label_frame(self.account(account_id))

    def truth_daily(self, account_id: str, since: date, until: date, now: datetime | None = None) -> pl.DataFrame:
        """What the API reports per ad and day, as of `now`; the final numbers when `now` is None."""
        from insights_assets.sandbox.truth import truth_daily  # noqa: PLC0415

        return truth_daily(self.account(account_id), since, until, now)


def _prefixed(account_id: str) -> str:
    return account_id if account_id.startswith("act_") else f"act_{account_id}"


def utc_now() -> datetime:
    """The machine's clock, aware."""
    return datetime.now(UTC)
