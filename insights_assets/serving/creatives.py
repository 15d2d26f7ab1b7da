"""Best and worst creatives of a report's days: each against its own account's cost in the same result family.

Costs of different accounts, currencies or families are never ranked against each other; their relation to their own
account's cost can be. A creative has a place when its spend would have bought enough at that cost to tell it apart.
"""

from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from insights_assets.analytics.top_creatives import LEAST_SHARE
from insights_assets.serving.figures import ratio
from insights_assets.serving.periods import Span
from insights_assets.serving.trust import Scope
from insights_assets.serving.words import FEW_RESULTS
from insights_assets.tables.creative_performance import CREATIVE_PERFORMANCE, NO_CREATIVE
from insights_assets.tables.entities import CREATIVES

MOST: Final = 8
NOISE: Final = 2.0  # standard deviations of a Poisson count: one creative in twenty is beyond it by chance
_GROUP: Final = ("account_id", "currency", "result_family")
_KEY: Final = (*_GROUP, "creative_id", "creative_type")


@dataclass(frozen=True)
class RankedCreative:
    """One creative beside its account; amounts are in `currency`, major units; costs are None without results.

    `place` is best or worst, `change_pct` its cost against `account_cpr`, the account's cost in the family over these
    days. `is_noise`: chance alone would explain so many results for the spend.
    """

    place: str
    account_id: str
    creative_id: str
    name: str
    creative_type: str
    currency: str
    result_family: str
    spend: float
    results: float
    cpr: float | None
    account_cpr: float
    change_pct: float | None
    is_noise: bool


def ranked_creatives(scope: Scope, span: Span) -> tuple[RankedCreative, ...]:
    """Read and rank the creatives of a span: the best first, then the worst first."""
    days = scope.lake.rows(
        CREATIVE_PERFORMANCE,
        (*_KEY, "date", "spend", "results"),
        pl.col("date").is_between(span.since, span.until),
        pl.col("result_family").is_not_null(),  # results of several families are not one number, so they have no cost
        accounts=scope.accounts,
        since=scope.since,
        until=scope.until,
    )
    # Added up in one order: places hang on these sums, and must not change with the order of files.
    summed = days.sort(*_KEY, "date").group_by(_KEY, maintain_order=True).agg(pl.col("spend", "results").sum())
    rows = rank(summed)
    names = _names(scope, rows)
    return tuple(_ranked(row, names) for row in rows.to_dicts())


def rank(facts: pl.DataFrame) -> pl.DataFrame:
    """Choose the best and the worst.

    Args:
        facts: account_id, currency, result_family, creative_id, creative_type, spend, results: sums over the days.

    Returns:
        Those columns, place, account_cpr and is_noise; at most `MOST` of each place, the clear ones before the noisy
        ones. Only creatives with at least 1 % of the account's spend in the family whose spend would have bought
        `FEW_RESULTS` results at the account's cost, and which share the family with another creative. What ads without
        a known creative spent counts for the account and has no place: it is nothing that one could use again.
    """
    total = pl.col("spend", "results").sum().over(_GROUP).name.prefix("account_")
    rows = facts.sort(_KEY).with_columns(total, pl.len().over(_GROUP).alias("creatives"))
    rows = rows.filter(pl.col("account_results") > 0, pl.col("account_spend") > 0).with_columns(
        (pl.col("account_spend") / pl.col("account_results")).alias("account_cpr")
    )
    expected = pl.col("spend") / pl.col("account_cpr")
    rows = rows.with_columns(
        (pl.col("results") / expected).alias("against"),
        ((pl.col("results") - expected).abs() < NOISE * expected.sqrt()).alias("is_noise"),
    ).filter(
        pl.col("creatives") > 1,
        pl.col("creative_id") != NO_CREATIVE,
        pl.col("spend") >= LEAST_SHARE * pl.col("account_spend"),
        expected >= FEW_RESULTS,
    )
    best = rows.filter(pl.col("against") > 1).with_columns(pl.lit("best").alias("place"))
    worst = rows.filter(pl.col("against") < 1).with_columns(pl.lit("worst").alias("place"))
    order = ["is_noise", "against", "account_id", "creative_id", "result_family"]
    chosen = [
        best.sort(order, descending=[False, True, False, False, False]).head(MOST),
        worst.sort(order).head(MOST),
    ]
    return pl.concat(chosen).select(*_KEY, "spend", "results", "place", "account_cpr", "is_noise")


def _ranked(row: dict[str, Any], names: dict[str, str]) -> RankedCreative:
    cost = ratio(row["spend"], row["results"])
    change = None if cost is None else (cost / row["account_cpr"] - 1) * 100
    return RankedCreative(**row, name=names.get(row["creative_id"]) or row["creative_id"], cpr=cost, change_pct=change)


def _names(scope: Scope, rows: pl.DataFrame) -> dict[str, str]:
    """Newest known name of each creative that has a place."""
    if rows.is_empty():
        return {}
    known = scope.lake.rows(
        CREATIVES,
        ("creative_id", "week", "name"),
        pl.col("creative_id").is_in(rows["creative_id"].unique().to_list()),
        accounts=rows["account_id"].unique().to_list(),
        until=scope.until,
    )
    return dict(known.filter(pl.col("name").is_not_null()).sort("week").select("creative_id", "name").iter_rows())
