"""What every level's features say of a week and those before it: figures, baselines, deltas, lags, slopes, pauses."""

import polars as pl

from insights_assets.tables.columns import account_id, count, family, identifier, level, money, percent, week
from insights_assets.tables.model import TableModel, column


class WeekFeatures(TableModel):
    """The week itself and its calendar weeks before. Baseline weeks are t-4 to t-1, of those with delivery."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    level: pl.String = level()
    entity_id: pl.String = identifier("Campaign, ad set or ad, by level")
    parent_id: pl.String = column("Ad set of an ad, campaign of an ad set; null for a campaign", nullable=True)
    campaign_id: pl.String = identifier("Campaign")
    currency: pl.String = column("ISO 4217 code of the amounts", str_matches=r"^[A-Z]{3}$")
    result_family: pl.String = family()
    spend: pl.Float64 = money("Spend")
    impressions: pl.Int64 = count("Impressions")
    reach: pl.Int64 = count("People reached in the week", nullable=True)
    frequency: pl.Float64 = column("Impressions a person reached in the week", ge=0, nullable=True)
    ctr: pl.Float64 = percent("clicks / impressions", ge=0, nullable=True)
    link_ctr: pl.Float64 = percent("inline_link_clicks / impressions", ge=0, nullable=True)
    cpm: pl.Float64 = money("spend / impressions x 1000", nullable=True)
    cpc: pl.Float64 = money("spend / clicks", nullable=True)
    results: pl.Float64 = column("Results of the primary family", unit="count", ge=0)
    cpr: pl.Float64 = money("spend / results; null when there are none", nullable=True)
    result_value: pl.Float64 = money("Value of the results, where Meta reports one", nullable=True)
    roas: pl.Float64 = column("result_value / spend; null without a reported value", unit="ratio", ge=0, nullable=True)
    quality_score: pl.Float64 = column("Quality ranking as a score, -3 to +2; null when unknown", nullable=True)
    engagement_score: pl.Float64 = column("Engagement ranking as a score; null when unknown", nullable=True)
    conversion_score: pl.Float64 = column("Conversion ranking as a score; null when unknown", nullable=True)
    baseline_weeks: pl.Int64 = column("Calendar weeks t-4 to t-1 with delivery", unit="weeks", ge=0, le=4)
    cpr_baseline: pl.Float64 = money(
        "Median cpr of the same family's baseline weeks; a week without results counts as infinite, so may be null",
        nullable=True,
    )
    ctr_baseline: pl.Float64 = percent("Median ctr of the baseline weeks", ge=0, nullable=True)
    link_ctr_baseline: pl.Float64 = percent("Median link_ctr of the baseline weeks", ge=0, nullable=True)
    cpm_baseline: pl.Float64 = money("Median cpm of the baseline weeks", nullable=True)
    cpc_baseline: pl.Float64 = money("Median cpc of the baseline weeks", nullable=True)
    frequency_baseline: pl.Float64 = column("Median frequency of the baseline weeks", ge=0, nullable=True)
    spend_baseline: pl.Float64 = money("Median spend of the baseline weeks", nullable=True)
    results_baseline: pl.Float64 = column(
        "Median results of the baseline weeks of the same family", ge=0, nullable=True
    )
    roas_baseline: pl.Float64 = column("Median roas of the baseline weeks", unit="ratio", ge=0, nullable=True)
    quality_baseline: pl.Float64 = column("Median quality_score of the baseline weeks", nullable=True)
    engagement_baseline: pl.Float64 = column("Median engagement_score of the baseline weeks", nullable=True)
    conversion_baseline: pl.Float64 = column("Median conversion_score of the baseline weeks", nullable=True)
    baseline_spend: pl.Float64 = money("Spend of the baseline weeks of the same family, added")
    baseline_results: pl.Float64 = column("Results of those weeks, added", unit="count", ge=0)
    cpr_baseline_pooled: pl.Float64 = money(
        "baseline_spend / baseline_results: weeks without results count", nullable=True
    )
    cpr_delta_pct: pl.Float64 = percent("(cpr - cpr_baseline) / cpr_baseline", nullable=True)
    ctr_delta_pct: pl.Float64 = percent("(ctr - ctr_baseline) / ctr_baseline", nullable=True)
    link_ctr_delta_pct: pl.Float64 = percent("(link_ctr - link_ctr_baseline) / link_ctr_baseline", nullable=True)
    cpm_delta_pct: pl.Float64 = percent("(cpm - cpm_baseline) / cpm_baseline", nullable=True)
    cpc_delta_pct: pl.Float64 = percent("(cpc - cpc_baseline) / cpc_baseline", nullable=True)
    frequency_delta_pct: pl.Float64 = percent("(frequency - frequency_baseline) / frequency_baseline", nullable=True)
    spend_delta_pct: pl.Float64 = percent("(spend - spend_baseline) / spend_baseline", nullable=True)
    results_delta_pct: pl.Float64 = percent("(results - results_baseline) / results_baseline", nullable=True)
    roas_delta_pct: pl.Float64 = percent("(roas - roas_baseline) / roas_baseline", nullable=True)
    quality_change: pl.Float64 = column(
        "quality_score - quality_baseline, in points: a ratio of scores means nothing", nullable=True
    )
    engagement_change: pl.Float64 = column(
        "engagement_score - engagement_baseline, in points: a ratio of scores means nothing", nullable=True
    )
    conversion_change: pl.Float64 = column(
        "conversion_score - conversion_baseline, in points: a ratio of scores means nothing", nullable=True
    )
    cpr_lag1: pl.Float64 = column("cpr of calendar week t-1", nullable=True)
    cpr_lag2: pl.Float64 = column("cpr of calendar week t-2", nullable=True)
    frequency_lag1: pl.Float64 = column("frequency of calendar week t-1", nullable=True)
    frequency_lag2: pl.Float64 = column("frequency of calendar week t-2", nullable=True)
    ctr_lag1: pl.Float64 = column("ctr of calendar week t-1", nullable=True)
    ctr_lag2: pl.Float64 = column("ctr of calendar week t-2", nullable=True)
    cpm_lag1: pl.Float64 = column("cpm of calendar week t-1", nullable=True)
    cpm_lag2: pl.Float64 = column("cpm of calendar week t-2", nullable=True)
    spend_lag1: pl.Float64 = column("spend of calendar week t-1", nullable=True)
    spend_lag2: pl.Float64 = column("spend of calendar week t-2", nullable=True)
    link_ctr_lag1: pl.Float64 = column("link_ctr of calendar week t-1", nullable=True)
    link_ctr_lag2: pl.Float64 = column("link_ctr of calendar week t-2", nullable=True)
    results_lag1: pl.Float64 = column("results of calendar week t-1", nullable=True)
    results_lag2: pl.Float64 = column("results of calendar week t-2", nullable=True)
    frequency_slope_pct: pl.Float64 = percent(
        "Least-squares slope of frequency over calendar weeks t-3 to t, a week, of its mean; needs 3", nullable=True
    )
    ctr_slope_pct: pl.Float64 = percent("The same of ctr", nullable=True)
    reach_growth_pct: pl.Float64 = percent("Change of reach against calendar week t-1", nullable=True)
    spend_change_pct: pl.Float64 = percent("Change of spend against calendar week t-1", nullable=True)
    weeks_with_data: pl.Int64 = column("Weeks with spend among calendar weeks t-11 to t", unit="weeks", ge=0, le=12)
    min_results_met: pl.Boolean = column("The week has the results its family needs to be judged")
    relevance_health: pl.Float64 = column(
        "Sum of the three ranking scores, unknown as 0; null if all are", nullable=True
    )
    active_days: pl.Int64 = column("Days with impressions", unit="days", ge=0, le=7, nullable=True)
    pause_days: pl.Int64 = column(
        "Days the week had for the entity (from its first delivery, to the newest day known) without impressions",
        unit="days",
        ge=0,
        le=6,
        nullable=True,
    )
    has_delivery_gap: pl.Boolean = column("Some spend, some active days and some pause days", nullable=True)
    min_daily_impressions: pl.Int64 = count("Fewest impressions of an active day", nullable=True)
    max_daily_impressions: pl.Int64 = count("Most impressions of a day", nullable=True)
    impressions_cv: pl.Float64 = column(
        "Population standard deviation / mean of impressions over active days; needs 2", ge=0, nullable=True
    )
    cumulative_impressions: pl.Int64 = count("Impressions over the last 12 calendar weeks, the week included")
    age_weeks: pl.Int64 = column(
        "Weeks since the entity was first seen, within the last 12 calendar weeks", unit="weeks", ge=0
    )
    is_complete: pl.Boolean = column("The week was over when it was read")
    is_settled: pl.Boolean = column("Its last day was more than 28 days old when it was read")
