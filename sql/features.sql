-- view: features
-- one row per entity (ads so far) and week with delivery; no value uses a later week
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- level | VARCHAR | campaign, adset or ad
-- entity_id | VARCHAR | Ad, at level ad
-- parent_id | VARCHAR | Ad set of an ad; may be null
-- campaign_id | VARCHAR | Campaign
-- currency | VARCHAR | ISO 4217 code of the amounts
-- result_family | VARCHAR | Result family
-- spend | account currency, major units | Spend
-- impressions | count | Impressions
-- reach | count | People reached in the week; may be null
-- frequency | DOUBLE | Impressions a person reached in the week; may be null
-- ctr | percent | clicks / impressions; may be null
-- link_ctr | percent | inline_link_clicks / impressions; may be null
-- cpm | account currency, major units | spend / impressions x 1000; may be null
-- cpc | account currency, major units | spend / clicks; may be null
-- results | count | Results of the primary family
-- cpr | account currency, major units | spend / results; null when there are none
-- quality_score | DOUBLE | Quality ranking as a score, -3 to +2; null when unknown
-- engagement_score | DOUBLE | Engagement ranking as a score; null when unknown
-- conversion_score | DOUBLE | Conversion ranking as a score; null when unknown
-- baseline_weeks | weeks | Calendar weeks t-4 to t-1 with delivery
-- cpr_baseline | account currency, major units | Median cpr of the same family's baseline weeks; a week without results counts as infinite, so may be null
-- ctr_baseline | percent | Median ctr of the baseline weeks; may be null
-- link_ctr_baseline | percent | Median link_ctr of the baseline weeks; may be null
-- cpm_baseline | account currency, major units | Median cpm of the baseline weeks; may be null
-- cpc_baseline | account currency, major units | Median cpc of the baseline weeks; may be null
-- frequency_baseline | DOUBLE | Median frequency of the baseline weeks; may be null
-- spend_baseline | account currency, major units | Median spend of the baseline weeks; may be null
-- results_baseline | count | Median results of the baseline weeks of the same family; may be null
-- quality_baseline | DOUBLE | Median quality_score of the baseline weeks; may be null
-- engagement_baseline | DOUBLE | Median engagement_score of the baseline weeks; may be null
-- conversion_baseline | DOUBLE | Median conversion_score of the baseline weeks; may be null
-- baseline_spend | account currency, major units | Spend of the baseline weeks of the same family, added
-- baseline_results | count | Results of those weeks, added
-- cpr_baseline_pooled | account currency, major units | baseline_spend / baseline_results: weeks without results count; may be null
-- cpr_delta_pct | percent | (cpr - cpr_baseline) / cpr_baseline; may be null
-- ctr_delta_pct | percent | (ctr - ctr_baseline) / ctr_baseline; may be null
-- link_ctr_delta_pct | percent | (link_ctr - link_ctr_baseline) / link_ctr_baseline; may be null
-- cpm_delta_pct | percent | (cpm - cpm_baseline) / cpm_baseline; may be null
-- cpc_delta_pct | percent | (cpc - cpc_baseline) / cpc_baseline; may be null
-- frequency_delta_pct | percent | (frequency - frequency_baseline) / frequency_baseline; may be null
-- spend_delta_pct | percent | (spend - spend_baseline) / spend_baseline; may be null
-- results_delta_pct | percent | (results - results_baseline) / results_baseline; may be null
-- quality_change | DOUBLE | quality_score - quality_baseline, in points: a ratio of scores means nothing; may be null
-- engagement_change | DOUBLE | engagement_score - engagement_baseline, in points: a ratio of scores means nothing; may be null
-- conversion_change | DOUBLE | conversion_score - conversion_baseline, in points: a ratio of scores means nothing; may be null
-- cpr_lag1 | account currency, major units | cpr of calendar week t-1; may be null
-- cpr_lag2 | account currency, major units | cpr of calendar week t-2; may be null
-- frequency_lag1 | DOUBLE | frequency of calendar week t-1; may be null
-- frequency_lag2 | DOUBLE | frequency of calendar week t-2; may be null
-- ctr_lag1 | percent | ctr of calendar week t-1; may be null
-- ctr_lag2 | percent | ctr of calendar week t-2; may be null
-- cpm_lag1 | account currency, major units | cpm of calendar week t-1; may be null
-- cpm_lag2 | account currency, major units | cpm of calendar week t-2; may be null
-- spend_lag1 | account currency, major units | spend of calendar week t-1; may be null
-- spend_lag2 | account currency, major units | spend of calendar week t-2; may be null
-- link_ctr_lag1 | percent | link_ctr of calendar week t-1; may be null
-- link_ctr_lag2 | percent | link_ctr of calendar week t-2; may be null
-- results_lag1 | count | results of calendar week t-1; may be null
-- results_lag2 | count | results of calendar week t-2; may be null
-- frequency_slope_pct | percent | Least-squares slope of frequency over calendar weeks t-3 to t, a week, of its mean; needs 3; may be null
-- ctr_slope_pct | percent | The same of ctr; may be null
-- reach_growth_pct | percent | Change of reach against calendar week t-1; may be null
-- spend_change_pct | percent | Change of spend against calendar week t-1; may be null
-- weeks_with_data | weeks | Weeks with spend among calendar weeks t-11 to t
-- min_results_met | BOOLEAN | The week has the results its family needs to be judged
-- relevance_health | DOUBLE | Sum of the three ranking scores, unknown as 0; null if all are
-- active_days | days | Days with impressions; may be null
-- pause_days | days | Days the week had for the ad (from its first delivery, to the newest day known) without impressions; may be null
-- has_delivery_gap | BOOLEAN | Some spend, some active days and some pause days; may be null
-- min_daily_impressions | count | Fewest impressions of an active day; may be null
-- max_daily_impressions | count | Most impressions of a day; may be null
-- impressions_cv | DOUBLE | Population standard deviation / mean of impressions over active days; needs 2; may be null
-- cumulative_impressions | count | Impressions over the last 12 calendar weeks, the week included
-- age_weeks | weeks | Weeks since the ad was first seen, within the last 12 calendar weeks
-- is_complete | BOOLEAN | The week was over when it was read
-- is_settled | BOOLEAN | Its last day was more than 28 days old when it was read

SELECT
    account_id,
    week,
    level,
    entity_id,
    parent_id,
    campaign_id,
    currency,
    result_family,
    spend,
    impressions,
    reach,
    frequency,
    ctr,
    link_ctr,
    cpm,
    cpc,
    results,
    cpr,
    quality_score,
    engagement_score,
    conversion_score,
    baseline_weeks,
    cpr_baseline,
    ctr_baseline,
    link_ctr_baseline,
    cpm_baseline,
    cpc_baseline,
    frequency_baseline,
    spend_baseline,
    results_baseline,
    quality_baseline,
    engagement_baseline,
    conversion_baseline,
    baseline_spend,
    baseline_results,
    cpr_baseline_pooled,
    cpr_delta_pct,
    ctr_delta_pct,
    link_ctr_delta_pct,
    cpm_delta_pct,
    cpc_delta_pct,
    frequency_delta_pct,
    spend_delta_pct,
    results_delta_pct,
    quality_change,
    engagement_change,
    conversion_change,
    cpr_lag1,
    cpr_lag2,
    frequency_lag1,
    frequency_lag2,
    ctr_lag1,
    ctr_lag2,
    cpm_lag1,
    cpm_lag2,
    spend_lag1,
    spend_lag2,
    link_ctr_lag1,
    link_ctr_lag2,
    results_lag1,
    results_lag2,
    frequency_slope_pct,
    ctr_slope_pct,
    reach_growth_pct,
    spend_change_pct,
    weeks_with_data,
    min_results_met,
    relevance_health,
    active_days,
    pause_days,
    has_delivery_gap,
    min_daily_impressions,
    max_daily_impressions,
    impressions_cv,
    cumulative_impressions,
    age_weeks,
    is_complete,
    is_settled
FROM lake.features_ad
