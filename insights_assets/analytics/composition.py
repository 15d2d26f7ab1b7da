"""Whether a campaign's or ad set's finding is one of several of its children, and not of what it is made of.

A parent's ratio moves when an ad starts or ends, when spend moves from one child to another, or when one child goes
wrong. None of that is news of the parent: mix is not a change, and the child has a finding of its own. So a parent's
finding must hold for its continuing children, each expected at its own level, and without the one that moved most.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from insights_assets.analytics.daily_expectations import HISTORY_DAYS
from insights_assets.analytics.noise import count_p_values

CHILD_LEVEL = {"campaign": "adset", "adset": "ad"}
PARTS = {
    "cpr": ("results", "spend"),
    "results": ("results", "spend"),
    "roas": ("value", "spend"),
    "ctr": ("clicks", "impressions"),
    "cpm": ("impressions", "spend"),
    "spend": ("spend", "active"),
}
"""Metric -> what its children's figures are added up from: (counted, what it is a rate of). Reach and frequency do not
add: what they are made of cannot be told."""
FALLS = ("cpr up", "results down", "roas down", "ctr down", "cpm up", "spend down")
"""Findings in which the counted thing is less than its level."""

LEAST_PAST_DAYS = 7
"""Days with delivery among the 28 before from which on a child has a level: a new ad is mix."""
PROVEN_SHARE = 0.5
"""Part of the finding's least change (of its logarithm) that remains without the child that moved most."""
SCATTER = 0.15
"""Results scatter by about that from week to week beyond counting."""
DEGREES = 12.0
CERTAIN = 0.05
FOUND = ["account_id", "entity_id", "result_family"]


@dataclass(frozen=True)
class Children:
    """What the children of a level's entities did.

    Attributes:
        days: (account_id, parent_id, child_id, ad_id, date, spend, impressions, clicks), from 28 days before the first
            finding on. Their ads, each of which has a level: an ad set is a mix itself.
        results: (account_id, ad_id, date, result_family, results, value), every family.
    """

    days: pl.DataFrame
    results: pl.DataFrame

    def of(self, accounts: list[str]) -> "Children":
        """Those of some accounts."""
        mine = pl.col("account_id").is_in(accounts)
        return Children(self.days.filter(mine), self.results.filter(mine))


def of_several_children(found: pl.DataFrame, children: Children | None, first: pl.Expr, last: pl.Expr) -> pl.DataFrame:
    """Keep the parents' findings that their children make together.

    Args:
        found: findings of campaigns or ad sets: account_id, entity_id, result_family, metric, direction, limit (least
            change in percent) and what `first` and `last` need.
        children: their children; None for ads, whose findings are kept.
        first: the finding's first day.
        last: its last day.

    Returns:
        The rows of `found` whose change is as large as its limit over the ads that delivered before and now, each
        expected at its own rate of the 28 days before, and half as large without the child that moved most (for
        results: beyond chance, too). A parent of one child has no finding of its own. Findings on frequency and reach
        are kept as they are.
    """
    if children is None:
        return found
    found = found.with_row_index("__row__")
    asked = found.filter(pl.col("metric").is_in(list(PARTS))).select(
        "__row__", "metric", "direction", "limit", *FOUND, first.alias("first"), last.alias("last")
    )
    sums = _of_ads(asked, children)
    kept = pl.concat([_shared(sums), found.filter(~pl.col("metric").is_in(list(PARTS)))["__row__"]])
    return found.filter(pl.col("__row__").is_in(kept.implode())).drop("__row__")


def _of_ads(asked: pl.DataFrame, children: Children) -> pl.DataFrame:
    """Counted things and exposures of each finding's ads, in its days and in the 28 before."""
    now = pl.col("date") >= pl.col("first")
    rows = (
        asked.rename({"entity_id": "parent_id"})
        .join(children.days, on=["account_id", "parent_id"])
        .filter(pl.col("date").is_between(pl.col("first").dt.offset_by(f"-{HISTORY_DAYS}d"), pl.col("last")))
        .join(children.results, on=["account_id", "ad_id", "date", "result_family"], how="left")
        .with_columns(pl.col("results", "value").fill_null(0.0), (pl.col("spend") > 0).cast(pl.Float64).alias("active"))
    )
    counted, exposure = (
        pl.coalesce(
            pl.when(pl.col("metric") == m).then(pl.col(parts[i]).cast(pl.Float64)) for m, parts in PARTS.items()
        )
        for i in (0, 1)
    )
    return rows.group_by("__row__", "metric", "direction", "limit", "child_id", "ad_id").agg(
        counted.filter(now).sum().alias("counted"),
        exposure.filter(now).sum().alias("exposure"),
        counted.filter(~now).sum().alias("past_counted"),
        exposure.filter(~now).sum().alias("past_exposure"),
        pl.col("active").filter(~now).sum().alias("past_days"),
    )


def _shared(sums: pl.DataFrame) -> pl.Series:
    """The findings that hold beyond mix and without the child that moved most."""
    falls = pl.concat_str("metric", pl.lit(" "), "direction").is_in(list(FALLS))
    steady = sums.filter(
        (pl.col("past_days") >= LEAST_PAST_DAYS) & (pl.col("past_exposure") > 0) & (pl.col("exposure") > 0)
    ).with_columns(
        (pl.col("exposure") * pl.col("past_counted") / pl.col("past_exposure")).alias("expected"),
        pl.when(falls).then(-1.0).otherwise(1.0).alias("side"),
    )
    names = ["counted", "expected", "past_counted"]

    def added(rows: pl.DataFrame, *by: str) -> pl.DataFrame:
        return rows.group_by("__row__", *by).agg(pl.col(names).sum(), pl.col("metric", "side", "limit").first())

    of_child = added(steady, "child_id")
    moved = (pl.col("counted") - pl.col("expected")) * pl.col("side")
    whole = added(of_child)
    rest = added(of_child.filter(moved.rank("ordinal", descending=True).over("__row__") > 1))
    rate = pl.col("side") * ((pl.col("counted") + 0.5) / (pl.col("expected") + 0.5)).log()
    # A cost that is dearer by 20 % has a sixth fewer results; a fall by 30 % is the factor 1 / 0.7.
    limit = pl.col("limit").clip(upper_bound=99.0) / 100
    rises = (pl.col("metric").is_in(["cpr", "cpm"])) == (pl.col("side") < 0)
    least = pl.when(rises).then((1 + limit).log()).otherwise(-(1 - limit).log())
    least = pl.when(pl.col("metric") == "results").then(pl.lit(2.0).log()).otherwise(least)
    enough = whole.filter(rate >= least).select("__row__")
    rest = rest.filter(rate >= least * PROVEN_SHARE).join(enough, on="__row__", how="semi")
    return rest.filter((pl.col("metric") != "cpr") & (pl.col("metric") != "results") | _beyond_chance(rest))["__row__"]


def _beyond_chance(rest: pl.DataFrame) -> pl.Series:
    """Whether the other children's results, too, are other than expected by more than chance."""
    counted, expected, past = (rest[c].to_numpy() for c in ("counted", "expected", "past_counted"))
    variance = 1 / np.maximum(past, 1.0) + SCATTER**2
    few, many = count_p_values(counted, np.maximum(expected, 1e-9), variance, np.full(counted.size, DEGREES))
    return pl.Series(np.where(rest["side"].to_numpy() < 0, few, many) <= CERTAIN, dtype=pl.Boolean)
