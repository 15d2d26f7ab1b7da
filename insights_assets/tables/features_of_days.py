"""What every level's features say of the days that end with the week: 7, 14 and 30 days, volatility, siblings."""

import polars as pl

from insights_assets.tables.columns import count, money, percent
from insights_assets.tables.features_of_weeks import WeekFeatures
from insights_assets.tables.model import column


class DayFeatures(WeekFeatures):
    """Windows of days up to `as_of`, each a ratio of sums; the newest 7 beside the siblings'."""

    as_of: pl.Date = column(
        "Last day of the windows: Sunday, in a running week the newest day that the account has", nullable=True
    )
    spend_7d: pl.Float64 = money("Spend of the 7 days up to as_of", nullable=True)
    impressions_7d: pl.Int64 = count("Impressions of the 7 days up to as_of", nullable=True)
    results_7d: pl.Float64 = column(
        "Results of the 7 days up to as_of, in this week's family", unit="count", ge=0, nullable=True
    )
    ctr_7d: pl.Float64 = percent("clicks / impressions of the 7 days up to as_of", ge=0, nullable=True)
    cpm_7d: pl.Float64 = money("spend / impressions x 1000 of the 7 days up to as_of", nullable=True)
    cpr_7d: pl.Float64 = money("spend / results of the 7 days up to as_of; null without results", nullable=True)
    roas_7d: pl.Float64 = column(
        "Value of results / spend of the 7 days up to as_of; null without a value", unit="ratio", ge=0, nullable=True
    )
    spend_prev_7d: pl.Float64 = money("Spend of the 7 days before those", nullable=True)
    impressions_prev_7d: pl.Int64 = count("Impressions of the 7 days before those", nullable=True)
    results_prev_7d: pl.Float64 = column(
        "Results of the 7 days before those, in this week's family", unit="count", ge=0, nullable=True
    )
    ctr_prev_7d: pl.Float64 = percent("clicks / impressions of the 7 days before those", ge=0, nullable=True)
    cpm_prev_7d: pl.Float64 = money("spend / impressions x 1000 of the 7 days before those", nullable=True)
    cpr_prev_7d: pl.Float64 = money("spend / results of the 7 days before those; null without results", nullable=True)
    roas_prev_7d: pl.Float64 = column(
        "Value of results / spend of the 7 days before those; null without a value", unit="ratio", ge=0, nullable=True
    )
    spend_14d: pl.Float64 = money("Spend of the 14 days up to as_of", nullable=True)
    impressions_14d: pl.Int64 = count("Impressions of the 14 days up to as_of", nullable=True)
    results_14d: pl.Float64 = column(
        "Results of the 14 days up to as_of, in this week's family", unit="count", ge=0, nullable=True
    )
    ctr_14d: pl.Float64 = percent("clicks / impressions of the 14 days up to as_of", ge=0, nullable=True)
    cpm_14d: pl.Float64 = money("spend / impressions x 1000 of the 14 days up to as_of", nullable=True)
    cpr_14d: pl.Float64 = money("spend / results of the 14 days up to as_of; null without results", nullable=True)
    roas_14d: pl.Float64 = column(
        "Value of results / spend of the 14 days up to as_of; null without a value", unit="ratio", ge=0, nullable=True
    )
    spend_30d: pl.Float64 = money("Spend of the 30 days up to as_of", nullable=True)
    impressions_30d: pl.Int64 = count("Impressions of the 30 days up to as_of", nullable=True)
    results_30d: pl.Float64 = column(
        "Results of the 30 days up to as_of, in this week's family", unit="count", ge=0, nullable=True
    )
    ctr_30d: pl.Float64 = percent("clicks / impressions of the 30 days up to as_of", ge=0, nullable=True)
    cpm_30d: pl.Float64 = money("spend / impressions x 1000 of the 30 days up to as_of", nullable=True)
    cpr_30d: pl.Float64 = money("spend / results of the 30 days up to as_of; null without results", nullable=True)
    roas_30d: pl.Float64 = column(
        "Value of results / spend of the 30 days up to as_of; null without a value", unit="ratio", ge=0, nullable=True
    )
    cpc_7d: pl.Float64 = money("spend / clicks of the 7 days up to as_of", nullable=True)
    conversion_rate_7d: pl.Float64 = percent(
        "results / inline_link_clicks of the 7 days up to as_of", ge=0, nullable=True
    )
    conversion_rate_30d: pl.Float64 = percent(
        "results / inline_link_clicks of the 30 days up to as_of", ge=0, nullable=True
    )
    spend_trend_pct: pl.Float64 = percent(
        "(spend_7d - spend_prev_7d) / spend_prev_7d; null where that is null or 0", nullable=True
    )
    impressions_trend_pct: pl.Float64 = percent(
        "(impressions_7d - impressions_prev_7d) / impressions_prev_7d; null where that is null or 0", nullable=True
    )
    results_trend_pct: pl.Float64 = percent(
        "(results_7d - results_prev_7d) / results_prev_7d; null where that is null or 0", nullable=True
    )
    ctr_trend_pct: pl.Float64 = percent(
        "(ctr_7d - ctr_prev_7d) / ctr_prev_7d; null where that is null or 0", nullable=True
    )
    cpm_trend_pct: pl.Float64 = percent(
        "(cpm_7d - cpm_prev_7d) / cpm_prev_7d; null where that is null or 0", nullable=True
    )
    cpr_trend_pct: pl.Float64 = percent(
        "(cpr_7d - cpr_prev_7d) / cpr_prev_7d; null where that is null or 0", nullable=True
    )
    roas_trend_pct: pl.Float64 = percent(
        "(roas_7d - roas_prev_7d) / roas_prev_7d; null where that is null or 0", nullable=True
    )
    days_active_7d: pl.Int64 = column(
        "Days with impressions among the 7 up to as_of", unit="days", ge=0, le=7, nullable=True
    )
    days_active_30d: pl.Int64 = column(
        "Days with impressions among the 30 up to as_of", unit="days", ge=0, le=30, nullable=True
    )
    days_with_results_7d: pl.Int64 = column(
        "Days with a result of the family among the 7 up to as_of", unit="days", ge=0, le=7, nullable=True
    )
    days_with_results_30d: pl.Int64 = column(
        "Days with a result of the family among the 30 up to as_of", unit="days", ge=0, le=30, nullable=True
    )
    avg_daily_spend_30d: pl.Float64 = money("spend_30d / days_active_30d", nullable=True)
    spend_volatility_30d: pl.Float64 = column(
        "Population standard deviation / mean of daily spend over days with spend, 30 days; needs 2",
        unit="ratio",
        ge=0,
        nullable=True,
    )
    ctr_volatility_30d: pl.Float64 = column(
        "Standard deviation / mean of daily ctr, days weighed by impressions, 30 days; needs 2 days and a click",
        unit="ratio",
        ge=0,
        nullable=True,
    )
    cpr_volatility_30d: pl.Float64 = column(
        "Standard deviation / mean of daily results per spend, days weighed by spend, 30 days: a day without results "
        "counts; needs 2 days and a result",
        unit="ratio",
        ge=0,
        nullable=True,
    )
    best_weekday: pl.Int64 = column(
        "Weekday with the lowest spend / results over 30 days, 0 = Monday; never one without results; needs 2 weekdays "
        "with spend and a result",
        ge=0,
        le=6,
        nullable=True,
    )
    worst_weekday: pl.Int64 = column(
        "Weekday with the highest spend / results over 30 days; none at all is the highest, most spend first",
        ge=0,
        le=6,
        nullable=True,
    )
    share_of_parent_spend_pct: pl.Float64 = percent(
        "spend_7d / spend_7d of all children of the parent with delivery in the week; the account, of a campaign",
        ge=0,
        nullable=True,
    )
    share_of_parent_results_pct: pl.Float64 = percent(
        "The same of results_7d, among children of the same family; null without results", ge=0, nullable=True
    )
    siblings: pl.Int64 = count("Other children of the parent with the same family and spend in the 7 days")
    siblings_cpr_7d: pl.Float64 = money(
        "Spend / results of all siblings together, those without results included", nullable=True
    )
    expected_results_7d: pl.Float64 = column(
        "spend_7d / siblings_cpr_7d: what its spend brings its siblings", unit="count", ge=0, nullable=True
    )
    performance_vs_siblings_pct: pl.Float64 = percent(
        "(results_7d - expected_results_7d) / expected_results_7d: +50 is half more for the same spend, -100 is none",
        ge=-100,
        nullable=True,
    )
    rank_among_siblings: pl.Int64 = column(
        "1 for the most results per spend_7d among the siblings and itself; those without results come last, the one "
        "with most spend the very last",
        ge=1,
        nullable=True,
    )
