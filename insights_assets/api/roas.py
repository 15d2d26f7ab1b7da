"""Return on ad spend of any days: of one account's entities, and of all accounts that a caller may see.

Ratios are of sums, by the one definition of `analytics/roas.py`. Over accounts, currencies stay apart unless one is
named to convert to by dated rates. A year of 1,000 accounts is 18 million rows, so DuckDB adds them up by day first.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from insights_assets.analytics.currency import Rates
from insights_assets.analytics.roas import DEFAULT_DAYS, roas
from insights_assets.api.paging import last_day
from insights_assets.lake.catalog import open_catalog, select
from insights_assets.lake.store import Lake
from insights_assets.problems import InputError
from insights_assets.tables.revenue_daily import purchases_in, revenue_in

_EARLIEST: Final = date(1970, 1, 1)
LEVELS: Final = {"account": "account_id", "campaign": "campaign_id", "adset": "adset_id", "ad": "entity_id"}
FIGURES: Final = (
    "currency",
    "spend",
    "purchases",
    "revenue",
    "roas",
    "cost_per_purchase",
    "offline_conversions",
    "offline_revenue",
)


@dataclass(frozen=True)
class Days:
    """Which days (the newest 7 when none is named), attribution window, offline sales or not, and the currency."""

    since: date | None = None
    until: date | None = None
    window: str = "default"
    offline: bool = False
    to: str | None = None

    def within(self, newest: date | None) -> tuple[date, date]:
        """First and last day, when `newest` is the newest that there is.

        Raises:
            InputError: the period ends before it begins.
        """
        until = last_day(self.since, self.until, newest or _EARLIEST)
        since = self.since or date.fromordinal(max(1, until.toordinal() - DEFAULT_DAYS + 1))
        if since > until:
            raise InputError(f"since {since} is after until {until}; swap them.")
        return since, until


def of_entities(facts: pl.DataFrame, level: str, days: Days, rates: Rates | None) -> tuple[pl.DataFrame, date, date]:
    """A row for each entity of a level of one account.

    Args:
        facts: rows of `revenue_daily`. Offline sales known of a campaign or the account only are in the levels above.
        level: account, campaign, adset or ad.
        days: what is asked for.
        rates: dated rates.

    Returns:
        entity_id and the figures; the first and the last day.

    Raises:
        CurrencyError: a rate is missing.
        InputError: the period ends before it begins.
    """
    name = LEVELS[level]
    newest: date | None = facts.select(pl.col("date").max()).item()
    own = facts.filter(pl.col("level") == "ad") if level == "ad" else facts.filter(pl.col(name).is_not_null())
    since, until = days.within(newest)
    return _figures(own, since, until, days, (name,), rates).rename({name: "entity_id"}), since, until


def blended(
    lake: Lake, accounts: Collection[str] | None, days: Days, rates: Rates | None
) -> tuple[pl.DataFrame, date, date]:
    """All accounts in one row a currency, or in one row when a currency is named to convert to.

    Args:
        lake: where the facts are.
        accounts: those that count; None for all.
        days: what is asked for; the newest day is that of any of the accounts.
        rates: dated rates.

    Returns:
        currency and the figures; the first and the last day.

    Raises:
        CurrencyError: a rate is missing.
        InputError: the period ends before it begins.
    """
    bought, earned = purchases_in(days.window), revenue_in(days.window)
    with open_catalog(lake, views={"revenue_daily"}, accounts=accounts) as connection:
        newest: date | None = select(connection, "SELECT max(date) FROM revenue_daily").item()
        since, until = days.within(newest)
        # Days of which no value is known stay apart: their spend is no part of the ratio.
        facts = select(
            connection,
            f"SELECT date, currency, sum(spend) AS spend, sum({bought}) AS {bought}, sum({earned}) AS {earned}, "  # noqa: S608 - our own names
            "sum(offline_conversions) AS offline_conversions, sum(offline_revenue) AS offline_revenue "
            f"FROM revenue_daily WHERE date BETWEEN ? AND ? GROUP BY date, currency, {earned} IS NULL",
            [since, until],
        )
    by = ("currency",) if days.to is None else ()
    return _figures(facts, since, until, days, by, rates).select(FIGURES), since, until


def _figures(
    facts: pl.DataFrame, since: date, until: date, days: Days, by: tuple[str, ...], rates: Rates | None
) -> pl.DataFrame:
    return roas(facts, until, since=since, window=days.window, offline=days.offline, by=by, to=days.to, rates=rates)
