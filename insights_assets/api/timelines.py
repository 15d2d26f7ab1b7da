"""The timeline of an account, campaign, ad set or ad, by day or by week. Pure.

A day or week without delivery has no row: Meta reports none, and a zero would look measured.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal

import polars as pl

from insights_assets.api.figures import costs, ratios, sums, total
from insights_assets.api.paging import last_day, period

Grain = Literal["day", "week"]
USUAL_STEPS: Final = {"day": timedelta(days=89), "week": timedelta(weeks=25)}
TIME: Final = {"day": "date", "week": "week"}


@dataclass(frozen=True)
class Series:
    """What is wanted: an entity (of level account: the account itself), its steps, and a family (None: the primary)."""

    level: str
    entity_id: str
    grain: Grain
    since: date | None = None
    until: date | None = None
    result_family: str | None = None


def timeline(facts: pl.DataFrame, results: pl.DataFrame, series: Series) -> dict[str, Any] | None:
    """Make a timeline.

    Args:
        facts: one account's `insights_daily`, or `insights_weekly` of the level (campaigns for the account).
        results: its `results_daily` or `results_weekly`, all levels.
        series: what is wanted.

    Returns:
        `rows` (a frame: the step, additive figures, reach and frequency where served, ratios, result_family,
        family_spend, results, result_value, cpr, roas, is_settled), `totals`, `since` and `until`; None when the entity
        never delivered. Of an account, results are those of the campaigns' primary family that took most of the spend.
    """
    time = TIME[series.grain]
    own = facts.filter(_is(series))
    if own.is_empty():
        return None
    until = last_day(series.since, series.until, own.select(pl.col(time).max()).item())
    since = series.since or until - USUAL_STEPS[series.grain]
    within = period(time, since, until)
    own = own.filter(*within)
    level = "campaign" if series.level == "account" else series.level
    chosen = [pl.col("level") == level, *within]
    chosen += [] if series.level == "account" else [pl.col("entity_id") == series.entity_id]
    bought = results.filter(*chosen)
    rows = _added(own, time, served=_served(series)).join(_results(bought, time, series), on=time, how="left")
    rows = rows.with_columns(pl.col("results").fill_null(0.0)) if series.result_family else rows
    rows = rows.with_columns(ratios()).with_columns(costs("family_spend")).sort(time)
    return {"rows": rows, "totals": total(own, bought), "since": since, "until": until}


def _is(series: Series) -> pl.Expr:
    if series.level == "account":
        return pl.lit(value=True)
    return pl.col(f"{series.level}_id" if series.grain == "day" else "entity_id") == series.entity_id


def _served(series: Series) -> bool:
    """Whether a row is one that Meta served, with a reach of its own."""
    return series.level == "ad" if series.grain == "day" else series.level != "account"


def _added(rows: pl.DataFrame, time: str, *, served: bool) -> pl.DataFrame:
    one = [pl.col("reach").first(), pl.col("frequency").first()]
    none = [pl.lit(None, pl.Int64).alias("reach"), pl.lit(None, pl.Float64).alias("frequency")]
    whole = [pl.col(c).all() for c in ("is_complete", "is_settled") if c in rows.columns]
    return rows.group_by(time).agg(*sums(), *(one if served else none), *whole)


def _results(rows: pl.DataFrame, time: str, series: Series) -> pl.DataFrame:
    """Results by step: of the family asked for, else of the primary one."""
    if series.result_family is not None:
        rows = rows.filter(pl.col("result_family") == series.result_family)
    if series.result_family is None or series.level == "account":
        rows = rows.filter(pl.col("is_primary"))
    if series.level == "account" and series.result_family is None and rows.height:
        by_family = rows.group_by("result_family").agg(pl.col("spend").sum())
        rows = rows.filter(pl.col("result_family") == by_family.sort("spend", "result_family")["result_family"][-1])
    value = pl.when(pl.col("result_value").count() > 0).then(pl.col("result_value").sum()).alias("result_value")
    return rows.group_by(time).agg(
        pl.col("result_family").first(),
        pl.col("spend").sum().alias("family_spend"),
        pl.col("results").sum(),
        value,
    )
