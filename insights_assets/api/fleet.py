"""Questions over all accounts that a caller may see: the overview and the list of accounts. Pure.

Amounts are added within a currency only, ratios are ratios of sums, and results are added within a family only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal

import polars as pl

from insights_assets.api.figures import ADDITIVE, RATIOS, changes, costs, ratios, sums, total
from insights_assets.api.paging import last_day
from insights_assets.api.rollup import Rollup
from insights_assets.tables.alerts import SEVERITIES

USUAL_WEEKS: Final = 4
WEEK: Final = timedelta(weeks=1)
NEWEST_ALERTS: Final = 5
TopBy = Literal["spend", "results", "cpr", "roas"]
# Cost is best when low; without results there is none, so such a campaign is never best.
_BEST: Final[Mapping[str, bool]] = {"spend": True, "results": True, "cpr": False, "roas": True}


@dataclass(frozen=True)
class Span:
    """Mondays of the first and the last week of a period, and of the equally long one before it."""

    since: date
    until: date

    @property
    def weeks(self) -> int:
        """How many weeks."""
        return (self.until - self.since).days // 7 + 1

    @property
    def before(self) -> "Span":
        """The weeks just before."""
        return Span(self.since - timedelta(weeks=self.weeks), self.since - timedelta(weeks=1))


def span(rollup: Rollup, since: date | None, until: date | None) -> Span:
    """The period asked for (Mondays); the newest 4 weeks that there are when none is."""
    newest = max(rollup.weeks, default=date(1970, 1, 5))
    until = last_day(since, until, newest)
    return Span(since or until - timedelta(weeks=USUAL_WEEKS - 1), until)


def with_spend(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of the rollup as `figures` take results: the spend beside, all of them primary."""
    return rows.filter(pl.col("result_family").is_not_null()).with_columns(pl.lit(value=True).alias("is_primary"))


def totals(rows: pl.DataFrame, before: pl.DataFrame) -> list[dict[str, Any]]:
    """Figures by currency, the largest spend first, each with its change against the period before."""
    out = []
    spent = rows.group_by("currency").agg(pl.col("spend").sum()).sort("spend", "currency", descending=[True, False])
    for currency in spent["currency"]:
        own, past = (part.filter(pl.col("currency") == currency) for part in (rows, before))
        now, then = (total(part, with_spend(part)) for part in (own, past))
        previous = {name: then[name] for name in (*ADDITIVE, *RATIOS, "families")}
        names = (*ADDITIVE, *RATIOS)
        out.append({"currency": currency, **now, "previous": previous, "change": changes(now, then, names)})
    return out


def top_campaigns(rows: pl.DataFrame, by: TopBy, most: int) -> pl.DataFrame:
    """The best campaigns of each currency.

    Returns:
        account_id, campaign_id, currency, result_family (the one that took most of its spend), spend, results, cpr, ...
    """
    keys = ["account_id", "campaign_id", "currency"]
    spent = rows.group_by(keys).agg(sums()).with_columns(ratios())
    bought = (
        with_spend(rows)
        .group_by(*keys, "result_family")
        .agg(pl.col("spend").sum().alias("family_spend"), pl.col("results").sum(), pl.col("result_value").sum())
    )
    main = bought.sort("family_spend", "result_family", descending=[True, False]).group_by(keys).first()
    joined = spent.join(main.with_columns(costs("family_spend")), on=keys, how="left")
    best = joined.filter(pl.col(by).is_not_null()).sort(
        by, "account_id", "campaign_id", descending=[_BEST[by], False, False], nulls_last=True
    )
    return (
        best.group_by("currency", maintain_order=True)
        .head(most)
        .select(*keys, *ADDITIVE, *RATIOS, "result_family", "family_spend", "results", "result_value", "cpr", "roas")
    )


def overview(rows: pl.DataFrame, before: pl.DataFrame, syncs: pl.DataFrame, alerts: pl.DataFrame) -> dict[str, Any]:
    """What an overview says beside the top campaigns (`shown`), and how many accounts delivered."""
    fresh = {
        "is_partial": not rows["is_complete"].all() if rows.height else None,
        "is_settled": rows["is_settled"].all() if rows.height else None,
    }
    shown = {
        "totals": totals(rows, before),
        "sync": syncs_told(syncs),
        "alerts": alerts_told(alerts),
        "freshness": fresh,
    }
    return {"shown": shown, "with_delivery": rows["account_id"].n_unique()}


def alerts_told(alerts: pl.DataFrame) -> dict[str, Any]:
    """Open alerts: how many, by severity, and the newest."""
    opened = alerts.filter(pl.col("status") == "open")
    counts = dict(opened.group_by("severity").len().iter_rows())
    newest = opened.sort("opened_at", "alert_id", descending=[True, False]).head(NEWEST_ALERTS)
    shown = newest.select("alert_id", "account_id", "kind", "severity", "subject", "summary", "opened_at")
    return {
        "open": opened.height,
        "by_severity": {name: counts.get(name, 0) for name in reversed(SEVERITIES)},
        "newest": shown.to_dicts(),
    }


def syncs_told(syncs: pl.DataFrame) -> dict[str, Any]:
    """When anything was last read, and how many accounts' newest step failed."""
    failing = syncs.filter(
        pl.col("failed").is_not_null() & (pl.col("ok").is_null() | (pl.col("failed") > pl.col("ok")))
    )
    return {
        "last_sync": syncs["ok"].max(),
        "last_failure": syncs["failed"].max(),
        "oldest_sync": syncs["ok"].min(),
        "failing_accounts": failing.height,
    }


def account_rows(registry: pl.DataFrame, rows: pl.DataFrame, syncs: pl.DataFrame, alerts: pl.DataFrame) -> pl.DataFrame:
    """The registry with each account's figures of a period, its last sync and its open alerts."""
    spent = rows.group_by("account_id").agg(*sums(), pl.col("week").max().alias("newest_week")).with_columns(ratios())
    bought = (
        with_spend(rows)
        .group_by("account_id", "result_family")
        .agg(pl.col("spend").sum().alias("family_spend"), pl.col("results").sum(), pl.col("result_value").sum())
    )
    main = bought.sort("family_spend", "result_family", descending=[True, False]).group_by("account_id").first()
    opened = (
        alerts.filter(pl.col("status") == "open")
        .group_by("account_id")
        .agg(pl.len().cast(pl.Int64).alias("open_alerts"))
    )
    joined = registry.join(spent, on="account_id", how="left").join(
        main.with_columns(costs("family_spend")), on="account_id", how="left"
    )
    joined = joined.join(syncs.rename({"ok": "last_sync", "failed": "last_failure"}), on="account_id", how="left")
    return joined.join(opened, on="account_id", how="left").with_columns(pl.col("open_alerts").fill_null(0))
