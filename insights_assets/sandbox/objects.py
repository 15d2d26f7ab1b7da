"""The objects of an ad account: what there is, and the constants its delivery is drawn from."""

from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from insights_assets.sandbox.catalog import Goal, Market


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
class Video:
    """A video of a creative: in the account's library, a page's (read by its id alone), or deleted since."""

    id: str
    creative: Creative
    home: Literal["library", "page", "deleted"] = "library"


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
