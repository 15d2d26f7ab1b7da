"""Columns that many tables share: one spelling, one description, one range each."""

from collections.abc import Iterable
from typing import Annotated, Any

import polars as pl

from insights_assets.tables.model import column

Instant = Annotated[pl.Datetime, "us", "UTC"]
ACTION_TYPE = pl.Struct(
    {
        "action_type": pl.String,
        "value": pl.Float64,
        "w1d_click": pl.Float64,
        "w7d_click": pl.Float64,
        "w28d_click": pl.Float64,
        "w1d_view": pl.Float64,
    }
)
Actions = Annotated[pl.List, ACTION_TYPE]

MONEY = "account currency, major units"
PERCENT = "percent"
LARGEST = 1e15  # above any amount in any currency; refuses infinity
LEVELS = ("campaign", "adset", "ad")
FAMILIES = (
    "messages",
    "leadgen_form",
    "website_lead",
    "purchase",
    "registration",
    "click",
    "video_view",
    "app_install",
    "custom",
)


def account_id() -> Any:
    """The partition's account, always with its prefix."""
    return column("Ad account, with its prefix", str_matches=r"^act_\d+$")


def week() -> Any:
    """The partition's week."""
    return column("Monday of the week, in the ad account's time zone")


def level() -> Any:
    """campaign, adset or ad."""
    return column("campaign, adset or ad", isin=LEVELS)


def identifier(description: str, **checks: Any) -> Any:
    """A Meta object id: digits as a string."""
    return column(description, str_length={"min_value": 1}, **checks)


def money(description: str, **checks: Any) -> Any:
    """An amount that cannot be negative."""
    return column(description, unit=MONEY, ge=0, le=LARGEST, **checks)


def count(description: str, **checks: Any) -> Any:
    """A number of things that cannot be negative."""
    return column(description, unit="count", ge=0, **checks)


def percent(description: str, **checks: Any) -> Any:
    """A ratio in percent; signed, so give `ge=0` where it is a share."""
    return column(description, unit=PERCENT, **checks)


def one_of(description: str, values: Iterable[str], **checks: Any) -> Any:
    """A word out of a closed list."""
    return column(description, isin=tuple(values), **checks)


def family() -> Any:
    """A result family."""
    return one_of("Result family", FAMILIES)


def observed_at(description: str = "When it was read from the API", **checks: Any) -> Any:
    """An instant in UTC."""
    return column(description, unit="UTC instant", **checks)
