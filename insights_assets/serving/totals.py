"""Additive daily totals of accounts, for comparing periods: summed while reading, so that ads never meet in memory.

Belongs here: what is read. Reach and frequency do not add over days and ads, so they are not here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from insights_assets.lake.store import Lake
from insights_assets.partitions import monday, today_in
from insights_assets.serving.periods import Span
from insights_assets.serving.trust import Scope
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.operations import SYNC_LOG
from insights_assets.tables.results import RESULTS_DAILY

LEVEL = "ad"
ACCOUNT_DAY = ("account_id", "date")


@dataclass(frozen=True)
class Totals:
    """Daily totals; amounts in the account's currency, major units.

    `delivery`: account_id, date, currency, spend, impressions, inline_link_clicks. `outcome`: account_id, date,
    result_family, currency, spend, results of the ads optimised for the family.
    """

    delivery: pl.DataFrame
    outcome: pl.DataFrame

    def without(self, accounts: Collection[str]) -> "Totals":
        """The totals of the other accounts."""
        kept = ~pl.col("account_id").is_in(sorted(accounts))
        return Totals(self.delivery.filter(kept), self.outcome.filter(kept))

    @property
    def first(self) -> date | None:
        """The first day with delivery."""
        found = self.delivery["date"].min()
        return found if isinstance(found, date) else None


def read_totals(scope: Scope) -> Totals:
    """Sum delivery and results of the scope's days up by account and day."""
    within = pl.col("date").is_between(scope.since, scope.until)
    delivery = scope.lake.rows(
        INSIGHTS_DAILY,
        ("account_id", "date", "currency", "spend", "impressions", "inline_link_clicks"),
        within,
        accounts=scope.accounts,
        since=monday(scope.since),
        until=scope.until,
        then=lambda rows: rows.group_by(*ACCOUNT_DAY).agg(
            pl.col("currency").first(), pl.col("spend", "impressions", "inline_link_clicks").sum()
        ),
    )
    outcome = scope.lake.rows(
        RESULTS_DAILY,
        ("account_id", "date", "result_family", "spend", "results"),
        within,
        # Spend stands in each family's row of an ad: only the family it is optimised for counts.
        pl.col("level") == LEVEL,
        pl.col("is_primary"),
        accounts=scope.accounts,
        since=monday(scope.since),
        until=scope.until,
        then=lambda rows: rows.group_by(*ACCOUNT_DAY, "result_family").agg(pl.col("spend", "results").sum()),
    )
    delivery = delivery.sort(*ACCOUNT_DAY)
    currencies = delivery.group_by("account_id").agg(pl.col("currency").last())
    return Totals(delivery, outcome.join(currencies, on="account_id", how="inner").sort(*ACCOUNT_DAY, "result_family"))


def entity_totals(scope: Scope, span: Span) -> pl.DataFrame:
    """Spend and results of every ad over a span: account_id, entity_id, result_family, spend, results."""
    found = scope.lake.rows(
        RESULTS_DAILY,
        ("account_id", "entity_id", "result_family", "spend", "results"),
        pl.col("date").is_between(span.since, span.until),
        pl.col("level") == LEVEL,
        pl.col("is_primary"),
        accounts=scope.accounts,
        since=monday(span.since),
        until=span.until,
        then=lambda rows: rows.group_by("account_id", "entity_id", "result_family").agg(
            pl.col("spend", "results").sum()
        ),
    )
    return found.sort("spend", "account_id", "entity_id", descending=[True, False, False])


def read_until(lake: Lake, zones: Mapping[str, str], delivery: pl.DataFrame, until: date) -> dict[str, date]:
    """The last day of its own calendar up to which each account was read, as far as is known.

    A day counts when the newest reading of its week came after it ended, or when it has delivery.

    Args:
        lake: with `sync_log`.
        zones: time zone by account.
        delivery: of `Totals`.
        until: the last day asked about.
    """
    log = lake.rows(
        SYNC_LOG,
        ("account_id", "week", "finished_at"),
        pl.col("step") == INSIGHTS_DAILY.name,
        pl.col("status") == "ok",
        accounts=list(zones),
        since=monday(until) - timedelta(weeks=1),
        until=until,
        then=lambda rows: rows.group_by("account_id", "week").agg(pl.col("finished_at").max()),
    )
    seen = dict(delivery.group_by("account_id").agg(pl.col("date").max()).iter_rows())
    for account_id, week, finished_at in log.iter_rows():
        ended = today_in(zones[account_id], finished_at) - timedelta(days=1)
        known = min(ended, week + timedelta(days=6))
        seen[account_id] = max(known, seen.get(account_id, known))
    return seen
