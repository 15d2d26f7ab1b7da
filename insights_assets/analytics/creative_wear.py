"""Wear of creatives: the last two weeks against the first three of the same creative, with the noise of both.

Seed 003 compared means of daily rates and needed a frequency that nobody wrote. Here clicks and results are counts
against what the early weeks lead to expect (`noise.count_p_values`), and false alarms are controlled over all creatives
of an account's week. `creative_fatigue.py` scores ads, from their peak and frequency; this is about creatives.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from insights_assets.analytics.creative_figures import single_family
from insights_assets.analytics.noise import MOST_DEGREES, adjusted, count_p_values
from insights_assets.tables.creative_fatigue import CREATIVE_FATIGUE
from insights_assets.tables.creative_performance import NO_CREATIVE

CREATIVE = ["account_id", "creative_id"]
HISTORY_WEEKS, EARLY_WEEKS, RECENT_WEEKS = 12, 3, 2
WEEK_SCATTER = 0.02
"""Relative variance of a week's rate beyond counting, 14 % up or down, as in `cost_odds`."""
LEAST_CLICKS, LEAST_RESULTS = 10, 5
"""Of the early weeks: below, their rate is known to no better than one in three (clicks), one in two (results)."""
CLICK_FALL, COST_RISE = 0.85, 1.2
"""What a change must come to besides being beyond noise: 15 % fewer clicks, 20 % dearer results (seed 000)."""
MOST_Q = 0.1
COLUMNS = ("creative_type", "result_family", "spend", "impressions", "inline_link_clicks", "results")


def creative_fatigue(days: pl.DataFrame, weeks: Sequence[date]) -> pl.DataFrame:
    """Compute the rows of `creative_fatigue`.

    Args:
        days: rows of `creative_performance` (the key and `COLUMNS`) of the weeks and the 11 before. Those of ads
            without a known creative are left out: they are many creatives, whose mix moves.
        weeks: Mondays asked for.
    """
    sums = ("spend", "impressions", "inline_link_clicks", "results")
    by_week = (
        days.filter(pl.col("creative_id") != NO_CREATIVE)
        .sort(*CREATIVE, "date")
        .group_by(*CREATIVE, "week", maintain_order=True)  # sums in the same order have the same last digit
        .agg(pl.col("creative_type").last(), single_family(), *(pl.col(c).sum() for c in sums))
    )
    parts = [CREATIVE_FATIGUE.empty(), *(_week(by_week, week) for week in weeks)]
    return CREATIVE_FATIGUE.conform(pl.concat(parts)).sort(CREATIVE_FATIGUE.key)


def _week(by_week: pl.DataFrame, week: date) -> pl.DataFrame:
    known = by_week.filter(pl.col("week").is_between(week - timedelta(weeks=HISTORY_WEEKS - 1), week))
    here = known.filter(pl.col("week") == week).select(*CREATIVE, "creative_type")
    order = pl.col("week").rank("ordinal").over(CREATIVE)
    recent = pl.col("week") > week - timedelta(weeks=RECENT_WEEKS)
    early = (order <= EARLY_WEEKS) & ~recent
    sums = ("spend", "impressions", "inline_link_clicks", "results")
    told = known.with_columns(early.alias("early"), recent.alias("recent"))
    totals = told.group_by(CREATIVE, maintain_order=True).agg(
        single_family(),
        pl.len().cast(pl.Int64).alias("weeks_shown"),
        pl.col("early").sum().alias("early_weeks"),
        pl.col("recent").sum().alias("recent_weeks"),
        *(pl.col(c).filter(pl.col(part)).sum().alias(f"{part}_{c}") for part in ("early", "recent") for c in sums),
    )
    rows = here.join(totals, on=CREATIVE, how="left").with_columns(pl.lit(week).alias("week"))
    tested = _tested(rows, "inline_link_clicks", "impressions", LEAST_CLICKS, "link_ctr_q")
    tested = _tested(tested, "results", "spend", LEAST_RESULTS, "cpr_q", only=pl.col("result_family").is_not_null())
    return _told(tested).select(list(CREATIVE_FATIGUE.schema))


def _tested(
    rows: pl.DataFrame, counted: str, exposure: str, least: int, name: str, *, only: pl.Expr | None = None
) -> pl.DataFrame:
    """Add the adjusted chance of so few recent counts, given the early rate; null where that is not known."""
    usable = (
        (pl.col(f"early_{counted}") >= least) & (pl.col(f"early_{exposure}") > 0) & (pl.col(f"recent_{exposure}") > 0)
    )
    kept = rows.filter(usable if only is None else usable & only)
    early, recent = (kept[f"{part}_{counted}"].cast(pl.Float64).to_numpy() for part in ("early", "recent"))
    ratio = kept[f"recent_{exposure}"].to_numpy() / kept[f"early_{exposure}"].to_numpy()
    scatter = WEEK_SCATTER / kept["early_weeks"].to_numpy() + WEEK_SCATTER / kept["recent_weeks"].to_numpy()
    few, _ = count_p_values(recent, early * ratio, 1 / early + scatter, early * 0 + MOST_DEGREES)
    judged = kept.select(*CREATIVE, "week").with_columns(pl.Series("p_value", few))
    judged = judged.with_columns(adjusted(judged, ["account_id", "week"]).alias(name)).drop("p_value", "week")
    return rows.join(judged, on=CREATIVE, how="left", maintain_order="left")


def _told(rows: pl.DataFrame) -> pl.DataFrame:
    def over(top: str, bottom: str, factor: float) -> pl.Expr:
        return pl.when(pl.col(bottom) > 0).then(pl.col(top) * factor / pl.col(bottom))

    priced = rows.with_columns(
        over(f"{part}_inline_link_clicks", f"{part}_impressions", 100.0).alias(f"{part}_link_ctr")
        for part in ("early", "recent")
    ).with_columns(
        pl.when(pl.col("result_family").is_not_null())
        .then(over(f"{part}_spend", f"{part}_results", 1.0))
        .alias(f"{part}_cpr")
        for part in ("early", "recent")
    )
    changes = {name: pl.col(f"recent_{name}") / pl.col(f"early_{name}") for name in ("link_ctr", "cpr")}
    fewer = (pl.col("link_ctr_q") <= MOST_Q) & (changes["link_ctr"] <= CLICK_FALL)
    # No result at all is the dearest there is.
    dearer = (pl.col("cpr_q") <= MOST_Q) & (changes["cpr"].fill_null(float("inf")) >= COST_RISE)
    signs = fewer.fill_null(value=False).cast(pl.Int8) + dearer.fill_null(value=False).cast(pl.Int8)
    word = (
        pl.when(pl.col("link_ctr_q").is_null() & pl.col("cpr_q").is_null())
        .then(pl.lit("too_early"))
        .otherwise(signs.replace_strict({0: "fresh", 1: "tiring", 2: "fatigued"}, return_dtype=pl.String))
    )
    return priced.with_columns(
        word.alias("fatigue"),
        *(
            pl.when(pl.col(f"early_{n}") > 0).then((ratio - 1) * 100).alias(f"{n}_change_pct")
            for n, ratio in changes.items()
        ),
    )
