"""At which level a change is news: of several children, of one, or of the parent as a whole.

A parent's ratio moves when an ad starts or ends, when spend moves from one child to another, or when one child goes
wrong. None of that is news of the parent: mix is not a change, and the child has a finding of its own. So a parent's
finding must hold for its continuing ads, each expected at its own level, and without the child that moved most. The
other way round, an ad whose ad set spends more as a whole has another budget: that is told of the ad set.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from insights_assets.analytics.daily_expectations import HISTORY_DAYS
from insights_assets.analytics.noise import count_p_values, ratio_p_values

CHILD_LEVEL = {"campaign": "adset", "adset": "ad"}
PARTS = {
    "cpr": ("results", "spend"),
    "results": ("results", "spend"),
    "volume": ("results", "active"),
    "roas": ("value", "spend"),
    "ctr": ("clicks", "impressions"),
    "cpm": ("impressions", "spend"),
    "spend": ("spend", "active"),
}
"""Metric -> what its children's figures are added up from: (counted, what it is a rate of). Reach and frequency do not
add: what they are made of cannot be told."""
FALLS = ("cpr up", "results down", "volume down", "roas down", "ctr down", "cpm up", "spend down")
"""Findings in which the counted thing is less than its level."""
COUNTS = ("cpr", "results", "volume", "ctr", "cpm")

LEAST_PAST_DAYS = 7
"""Days with delivery among the 28 before from which on an ad has a level: a new ad is mix."""
PROVEN_SHARE = 0.5
"""Part of the finding's least change (of its logarithm) that remains without the child that moved most."""
CERTAIN = 0.01
"""Chance that the others did by themselves what proves them: an account has about a hundred such questions a year."""
RESULT_SCATTER, SCATTER = 0.15, 0.1
"""From week to week, beyond counting: of results, and of clicks, prices and spend."""
ORDER_VALUES = 1.0
DEGREES = 12.0
SUMS = ("counted", "expected", "past_counted", "events")


@dataclass(frozen=True)
class Parts:
    """The ads of a level's entities.

    Attributes:
        level: of the findings: campaign, adset or ad.
        days: (account_id, parent_id, child_id, ad_id, date, spend, impressions, clicks), from 28 days before the first
            finding on. For findings of ads, the parent is their ad set and the child the ad.
        results: (account_id, ad_id, date, result_family, results, value), every family.
    """

    level: str
    days: pl.DataFrame
    results: pl.DataFrame

    def of(self, accounts: list[str]) -> "Parts":
        """Those of some accounts."""
        mine = pl.col("account_id").is_in(accounts)
        return Parts(self.level, self.days.filter(mine), self.results.filter(mine))


def parts_of(daily: pl.DataFrame, results_daily: pl.DataFrame, level: str) -> Parts:
    """Find the ads of a level's entities.

    Args:
        daily: rows of `insights_daily`.
        results_daily: rows of `results_daily`; those of ads are read.
        level: campaign, adset or ad.
    """
    above, below = ("adset", "ad") if level == "ad" else (level, CHILD_LEVEL[level])
    places = pl.col(f"{above}_id").alias("parent_id"), pl.col(f"{below}_id").alias("child_id")
    results = results_daily.filter(pl.col("level") == "ad").select(
        "account_id", "date", "result_family", "results", ad_id="entity_id", value="result_value"
    )
    days = daily.select("account_id", *places, "ad_id", "date", "spend", "impressions", "clicks")
    return Parts(level, days, results)


def at_their_level(found: pl.DataFrame, parts: Parts | None, first: pl.Expr, last: pl.Expr) -> pl.DataFrame:
    """Keep the findings that are news of their own level.

    Args:
        found: findings of one level: account_id, entity_id, result_family, metric, direction, limit (least change in
            percent) and what `first` and `last` need.
        parts: the ads of the level's entities; all findings are kept without them.
        first: a finding's first day.
        last: its last day.

    Returns:
        Rows of `found`. Of campaigns and ad sets those whose change is as large as its limit over the ads that
        delivered before and now, each expected at its own rate of the 28 days before, and half as large, beyond chance,
        without the child that moved most; a parent of one child has no finding of its own. Of ads all but changes of
        spend that the others of their ad set share. Findings on frequency and reach are kept as they are.
    """
    if parts is None:
        return found
    told = ["spend"] if parts.level == "ad" else list(PARTS)
    found = found.with_row_index("__row__")
    asked = found.filter(pl.col("metric").is_in(told)).select(
        *("__row__", "account_id", "entity_id", "result_family", "metric", "direction", "limit"),
        first.alias("first"),
        last.alias("last"),
    )
    if parts.level == "ad":
        parents = parts.days.select("account_id", "child_id", "parent_id").unique()
        asked = asked.rename({"entity_id": "child_id"}).join(parents, on=["account_id", "child_id"])
        sums = _of_children(asked.rename({"child_id": "own"}), parts)
        others = sums.filter(pl.col("child_id") != pl.col("own"))
        gone = _moved(_added(others))
    else:
        sums = _of_children(asked.rename({"entity_id": "parent_id"}).with_columns(own=pl.lit("")), parts)
        moved = (pl.col("counted") - pl.col("expected")) * pl.col("side")
        others = sums.filter(moved.rank("ordinal", descending=True).over("__row__") > 1)
        large = _added(sums).filter(_change() >= pl.col("least"))["__row__"]
        own = set(_moved(_added(others))) & set(large)
        gone = asked.filter(~pl.col("__row__").is_in(list(own)))["__row__"]
    return found.filter(~pl.col("__row__").is_in(gone.implode())).drop("__row__")


def _of_children(asked: pl.DataFrame, parts: Parts) -> pl.DataFrame:
    """What each finding's children counted and what their continuing ads were expected to."""
    now = pl.col("date") >= pl.col("first")
    rows = (
        asked.join(parts.days, on=["account_id", "parent_id"])
        .filter(pl.col("date").is_between(pl.col("first").dt.offset_by(f"-{HISTORY_DAYS}d"), pl.col("last")))
        .join(parts.results, on=["account_id", "ad_id", "date", "result_family"], how="left")
        .with_columns(pl.col("results", "value").fill_null(0.0), (pl.col("spend") > 0).cast(pl.Float64).alias("active"))
    )
    counted, exposure = (
        pl.coalesce(
            pl.when(pl.col("metric") == m).then(pl.col(names[i]).cast(pl.Float64)) for m, names in PARTS.items()
        )
        for i in (0, 1)
    )
    by = ["__row__", "metric", "direction", "limit", "own", "child_id"]
    falls = pl.concat_str("metric", pl.lit(" "), "direction").is_in(list(FALLS))
    return (
        rows.group_by(*by, "ad_id")
        .agg(
            counted.filter(now).sum().alias("counted"),
            exposure.filter(now).sum().alias("exposure"),
            counted.filter(~now).sum().alias("past_counted"),
            exposure.filter(~now).sum().alias("past_exposure"),
            pl.col("active").filter(~now).sum().alias("past_days"),
            pl.col("results").filter(now).sum().alias("events"),
        )
        .filter((pl.col("past_days") >= LEAST_PAST_DAYS) & (pl.col("past_exposure") > 0) & (pl.col("exposure") > 0))
        .with_columns((pl.col("exposure") * pl.col("past_counted") / pl.col("past_exposure")).alias("expected"))
        .sort(*by, "ad_id")  # sums and ties in one order: the same rows, the same findings
        .group_by(by, maintain_order=True)
        .agg(pl.col(SUMS).sum())
        .with_columns(pl.when(falls).then(-1.0).otherwise(1.0).alias("side"))
        .with_columns(_least().alias("least"))
    )


def _added(children: pl.DataFrame) -> pl.DataFrame:
    return children.group_by("__row__").agg(pl.col(SUMS).sum(), pl.col("metric", "side", "least").first())


def _least() -> pl.Expr:
    """Least change of the counted thing, as a logarithm."""
    limit = pl.col("limit").clip(upper_bound=99.0) / 100
    # A cost that is dearer by 20 % has a sixth fewer results; a fall by 30 % is the factor 1 / 0.7.
    rises = pl.col("metric").is_in(["cpr", "cpm"]) == (pl.col("side") < 0)
    least = pl.when(rises).then((1 + limit).log()).otherwise(-(1 - limit).log())
    return pl.when(pl.col("metric") == "results").then(pl.lit(2.0).log()).otherwise(least)


def _change() -> pl.Expr:
    return pl.col("side") * ((pl.col("counted") + 0.5) / (pl.col("expected") + 0.5)).log()


def _moved(others: pl.DataFrame) -> pl.Series:
    """The findings whose other children moved the same way, by half the least change and beyond chance."""
    others = others.filter((_change() >= pl.col("least") * PROVEN_SHARE) & (pl.col("expected") > 0)).sort("__row__")
    counted, expected, past, events = (others[c].to_numpy() for c in SUMS)
    degrees = np.full(counted.size, DEGREES)
    is_result = others["metric"].is_in(["cpr", "results", "volume", "roas"]).to_numpy()
    scatter = np.where(is_result, RESULT_SCATTER, SCATTER) ** 2
    few, many = count_p_values(counted, expected, scatter + 1 / np.maximum(past, 1.0), degrees)
    value_noise = np.where(others["metric"] == "roas", (1 + ORDER_VALUES) / np.maximum(events, 1.0), 0.0)
    ratio = np.maximum(counted, 1e-9) / expected
    low, high = ratio_p_values(ratio, scatter + value_noise, degrees)
    falls, is_count = others["side"].to_numpy() < 0, others["metric"].is_in(list(COUNTS)).to_numpy()
    p = np.where(falls, np.where(is_count, few, low), np.where(is_count, many, high))
    return others.filter(pl.Series(p <= CERTAIN, dtype=pl.Boolean))["__row__"]
