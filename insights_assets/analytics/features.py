"""Weekly features of campaigns, ad sets and ads: each against its own past and its siblings, known at the week's end.

Seeds 000 and 002, corrected. Nothing looks ahead: rows after a week never change it (docs/adr/0006).
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from insights_assets.analytics.account_groups import account_groups
from insights_assets.analytics.audience_overlap import audience_overlap
from insights_assets.analytics.creative_fatigue import creative_fatigue
from insights_assets.analytics.families import NO_GOAL_FAMILY, minimum_results
from insights_assets.analytics.pauses import delivery_days
from insights_assets.analytics.rolling_days import day_windows, entity_days, exact_sum
from insights_assets.analytics.siblings import siblings
from insights_assets.analytics.windows import cost_baseline, lags, relative_change, slopes, trailing_medians
from insights_assets.tables.features import FEATURES

ENTITY = ["account_id", "entity_id"]
KEY = [*ENTITY, "week"]
SCORES = ("quality", "engagement", "conversion")
MEDIANS = ("ctr", "link_ctr", "cpm", "cpc", "frequency", "spend", "roas", *(f"{s}_score" for s in SCORES))
DELTAS = ("cpr", "ctr", "link_ctr", "cpm", "cpc", "frequency", "spend", "results", "roas")
LAGGED = ("cpr", "frequency", "ctr", "cpm", "spend", "link_ctr", "results", "reach")
ADDITIVE = ("spend", "impressions", "clicks", "inline_link_clicks")
HISTORY_WEEKS = 12
"""Window of `weeks_with_data` (seed 000: the last 12 rows; here 12 calendar weeks, the current one included)."""

DAYS_OF_WEEK = 7
MOST_DAYS = 300_000
"""Entity-days computed at once: the 30-day windows of so many take some 300 MB, of a fleet's year 4 GB."""


def entity_features(
    level: str,
    insights_weekly: pl.DataFrame,
    results_weekly: pl.DataFrame,
    insights_daily: pl.DataFrame,
    results_daily: pl.DataFrame,
    weeks: Sequence[date],
    *,
    adsets: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Compute the rows of `features_campaign`, `features_adset` or `features_ad`.

    Args:
        level: campaign, adset or ad.
        insights_weekly: rows of `insights_weekly_{level}`: which entities delivered, their reach, frequency and
            rankings. Its additive figures stand where the week's days are not known.
        results_weekly: rows of `results_weekly`; the primary family of the level is read.
        insights_daily: rows of `insights_daily`.
        results_daily: rows of `results_daily`; the level's are read.
        weeks: Mondays to return. The inputs should reach 11 weeks further back; rows after a week never change it.
        adsets: rows of `adsets`, for the audience overlap of ad sets.

    Returns:
        One row for each entity and week in `weeks` in which it delivered. An entity-week without a result row is read
        as family `click` with its link clicks.
    """
    table = FEATURES[level]
    of_level = pl.col("level") == level
    insights_weekly, results_daily = insights_weekly.filter(of_level), results_daily.filter(of_level)
    results_weekly = results_weekly.filter(of_level & pl.col("is_primary"))
    parts = [table.empty()]
    sizes = insights_weekly.group_by("account_id").agg(pl.len() * DAYS_OF_WEEK)
    for accounts in account_groups(sizes, MOST_DAYS):
        mine = pl.col("account_id").is_in(accounts)
        days = entity_days(insights_daily.filter(mine), level)
        rows = _entity_weeks(insights_weekly.filter(mine), results_weekly.filter(mine), days)
        frame = _of_weeks(rows, days, weeks)
        asked = frame.select(*KEY, "result_family", "is_complete")
        frame = frame.join(day_windows(days, results_daily.filter(mine), asked), on=KEY, how="left")
        frame = siblings(frame)
        if level == "ad":
            frame = frame.join(creative_fatigue(rows), on=KEY, how="left")
        if level == "adset":
            known = adsets.filter(mine) if adsets is not None else None
            frame = _with_overlap(frame, days.filter(pl.col("week").is_in(list(weeks))), known)
        parts.append(frame.select(pl.col(c).cast(t) for c, t in table.schema.items()))
    return table.conform(pl.concat(parts).sort("account_id", "week", "entity_id"))


def _of_weeks(rows: pl.DataFrame, days: pl.DataFrame, weeks: Sequence[date]) -> pl.DataFrame:
    """The asked weeks beside the weeks before them, and their pauses."""
    frame = rows
    for part in _parts(rows):
        frame = frame.join(part, on=[k for k in (*KEY, "result_family") if k in part.columns], how="left")
    frame = frame.filter(pl.col("week").is_in(list(weeks)))
    frame = frame.join(delivery_days(days, frame), on=KEY, how="left")
    return frame.with_columns(
        pl.col("baseline_weeks").fill_null(0),
        pl.col("baseline_spend", "baseline_results").fill_null(0.0),
        *[relative_change(m, f"{m}_baseline").alias(f"{m}_delta_pct") for m in DELTAS],
        *[(pl.col(f"{s}_score") - pl.col(f"{s}_score_baseline")).alias(f"{s}_change") for s in SCORES],
        relative_change("reach", "reach_lag1").alias("reach_growth_pct"),
        relative_change("spend", "spend_lag1").alias("spend_change_pct"),
        (pl.col("results") >= minimum_results()).alias("min_results_met"),
        _relevance_health(),
    ).rename({f"{s}_score_baseline": f"{s}_baseline" for s in SCORES})


def _entity_weeks(insights_weekly: pl.DataFrame, results_weekly: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """Join each delivering week with its days' sums and primary family; `cost_spend` is what the results cost."""
    primary = results_weekly.select(
        *KEY, "result_family", "results", "result_value", "cpr", pl.col("spend").alias("cost_spend")
    )
    sums = days.group_by(KEY).agg(exact_sum(c).alias(f"{c}_of_days") for c in ADDITIVE)
    rows = (
        insights_weekly.join(sums, on=KEY, how="left")
        .with_columns(pl.coalesce(f"{c}_of_days", c).alias(c) for c in ADDITIVE)
        .filter((pl.col("impressions") > 0) | (pl.col("spend") > 0))
        .join(primary, on=KEY, how="left")
    )
    clicks = pl.col("inline_link_clicks").cast(pl.Float64)
    missing = pl.col("result_family").is_null()
    seen, clicked = pl.col("impressions") > 0, pl.col("clicks") > 0
    return rows.with_columns(
        pl.when(seen).then(pl.col("clicks") / pl.col("impressions") * 100).alias("ctr"),
        pl.when(seen).then(clicks / pl.col("impressions") * 100).alias("link_ctr"),
        pl.when(seen).then(pl.col("spend") / pl.col("impressions") * 1000).alias("cpm"),
        pl.when(clicked).then(pl.col("spend") / pl.col("clicks")).alias("cpc"),
        pl.col("cost_spend").fill_null(pl.col("spend")),
        pl.when(missing & (clicks > 0)).then(pl.col("spend") / clicks).otherwise(pl.col("cpr")).alias("cpr"),
        pl.col("results").fill_null(clicks),
        pl.when(pl.col("spend") > 0).then(pl.col("result_value") / pl.col("spend")).alias("roas"),
        pl.col("result_family").fill_null(NO_GOAL_FAMILY),
    )


def _parts(rows: pl.DataFrame) -> list[pl.DataFrame]:
    """Compute what looks back: baselines, lags, slopes, weeks with data, age."""
    ordered = rows.sort(KEY)
    # Everything within the same 12 calendar weeks: a wider run must not know more than a run of one week.
    history = ordered.rolling("week", period=f"{HISTORY_WEEKS}w", closed="right", group_by=ENTITY).agg(
        (pl.col("spend") > 0).sum().cast(pl.Int64).alias("weeks_with_data"),
        pl.col("impressions").sum().alias("cumulative_impressions"),
        pl.col("week").min().alias("first_week"),
    )
    history = history.with_columns(
        ((pl.col("week") - pl.col("first_week")).dt.total_days() // 7).alias("age_weeks")
    ).drop("first_week")
    return [
        trailing_medians(rows, ENTITY, MEDIANS),
        cost_baseline(rows, [*ENTITY, "result_family"]),
        lags(rows, ENTITY, LAGGED, (1, 2)),
        slopes(rows, ENTITY, ("frequency", "ctr")),
        history,
    ]


def _relevance_health() -> pl.Expr:
    scores = [pl.col(f"{s}_score") for s in SCORES]
    known = pl.any_horizontal(s.is_not_null() for s in scores)
    return pl.when(known).then(pl.sum_horizontal(scores)).alias("relevance_health")


def _with_overlap(frame: pl.DataFrame, days: pl.DataFrame, adsets: pl.DataFrame | None) -> pl.DataFrame:
    if adsets is None:
        unknown = pl.lit(None, dtype=pl.Float64).alias("audience_overlap_score")
        return frame.with_columns(unknown, pl.lit(None, dtype=pl.String).alias("audience_overlap_with"))
    return frame.join(audience_overlap(days, adsets), on=KEY, how="left")
