-- view: features
-- one row per campaign, ad set or ad and week with delivery; no value uses a later week
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- level | VARCHAR | campaign, adset or ad
-- entity_id | VARCHAR | Campaign, ad set or ad, by level
-- parent_id | VARCHAR | Ad set of an ad, campaign of an ad set; null for a campaign
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
-- result_value | account currency, major units | Value of the results, where Meta reports one; may be null
-- roas | ratio | result_value / spend; null without a reported value
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
-- results_baseline | DOUBLE | Median results of the baseline weeks of the same family; may be null
-- roas_baseline | ratio | Median roas of the baseline weeks; may be null
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
-- roas_delta_pct | percent | (roas - roas_baseline) / roas_baseline; may be null
-- quality_change | DOUBLE | quality_score - quality_baseline, in points: a ratio of scores means nothing; may be null
-- engagement_change | DOUBLE | engagement_score - engagement_baseline, in points: a ratio of scores means nothing; may be null
-- conversion_change | DOUBLE | conversion_score - conversion_baseline, in points: a ratio of scores means nothing; may be null
-- cpr_lag1 | DOUBLE | cpr of calendar week t-1; may be null
-- cpr_lag2 | DOUBLE | cpr of calendar week t-2; may be null
-- frequency_lag1 | DOUBLE | frequency of calendar week t-1; may be null
-- frequency_lag2 | DOUBLE | frequency of calendar week t-2; may be null
-- ctr_lag1 | DOUBLE | ctr of calendar week t-1; may be null
-- ctr_lag2 | DOUBLE | ctr of calendar week t-2; may be null
-- cpm_lag1 | DOUBLE | cpm of calendar week t-1; may be null
-- cpm_lag2 | DOUBLE | cpm of calendar week t-2; may be null
-- spend_lag1 | DOUBLE | spend of calendar week t-1; may be null
-- spend_lag2 | DOUBLE | spend of calendar week t-2; may be null
-- link_ctr_lag1 | DOUBLE | link_ctr of calendar week t-1; may be null
-- link_ctr_lag2 | DOUBLE | link_ctr of calendar week t-2; may be null
-- results_lag1 | DOUBLE | results of calendar week t-1; may be null
-- results_lag2 | DOUBLE | results of calendar week t-2; may be null
-- frequency_slope_pct | percent | Least-squares slope of frequency over calendar weeks t-3 to t, a week, of its mean; needs 3; may be null
-- ctr_slope_pct | percent | The same of ctr; may be null
-- reach_growth_pct | percent | Change of reach against calendar week t-1; may be null
-- spend_change_pct | percent | Change of spend against calendar week t-1; may be null
-- weeks_with_data | weeks | Weeks with spend among calendar weeks t-11 to t
-- min_results_met | BOOLEAN | The week has the results its family needs to be judged
-- relevance_health | DOUBLE | Sum of the three ranking scores, unknown as 0; null if all are
-- active_days | days | Days with impressions; may be null
-- pause_days | days | Days the week had for the entity (from its first delivery, to the newest day known) without impressions; may be null
-- has_delivery_gap | BOOLEAN | Some spend, some active days and some pause days; may be null
-- min_daily_impressions | count | Fewest impressions of an active day; may be null
-- max_daily_impressions | count | Most impressions of a day; may be null
-- impressions_cv | DOUBLE | Population standard deviation / mean of impressions over active days; needs 2; may be null
-- cumulative_impressions | count | Impressions over the last 12 calendar weeks, the week included
-- age_weeks | weeks | Weeks since the entity was first seen, within the last 12 calendar weeks
-- is_complete | BOOLEAN | The week was over when it was read
-- is_settled | BOOLEAN | Its last day was more than 28 days old when it was read
-- as_of | DATE | Last day of the windows: Sunday, in a running week the newest day that the account has; may be null
-- spend_7d | account currency, major units | Spend of the 7 days up to as_of; may be null
-- impressions_7d | count | Impressions of the 7 days up to as_of; may be null
-- results_7d | count | Results of the 7 days up to as_of, in this week's family; may be null
-- ctr_7d | percent | clicks / impressions of the 7 days up to as_of; may be null
-- cpm_7d | account currency, major units | spend / impressions x 1000 of the 7 days up to as_of; may be null
-- cpr_7d | account currency, major units | spend / results of the 7 days up to as_of; null without results
-- roas_7d | ratio | Value of results / spend of the 7 days up to as_of; null without a value
-- spend_prev_7d | account currency, major units | Spend of the 7 days before those; may be null
-- impressions_prev_7d | count | Impressions of the 7 days before those; may be null
-- results_prev_7d | count | Results of the 7 days before those, in this week's family; may be null
-- ctr_prev_7d | percent | clicks / impressions of the 7 days before those; may be null
-- cpm_prev_7d | account currency, major units | spend / impressions x 1000 of the 7 days before those; may be null
-- cpr_prev_7d | account currency, major units | spend / results of the 7 days before those; null without results
-- roas_prev_7d | ratio | Value of results / spend of the 7 days before those; null without a value
-- spend_14d | account currency, major units | Spend of the 14 days up to as_of; may be null
-- impressions_14d | count | Impressions of the 14 days up to as_of; may be null
-- results_14d | count | Results of the 14 days up to as_of, in this week's family; may be null
-- ctr_14d | percent | clicks / impressions of the 14 days up to as_of; may be null
-- cpm_14d | account currency, major units | spend / impressions x 1000 of the 14 days up to as_of; may be null
-- cpr_14d | account currency, major units | spend / results of the 14 days up to as_of; null without results
-- roas_14d | ratio | Value of results / spend of the 14 days up to as_of; null without a value
-- spend_30d | account currency, major units | Spend of the 30 days up to as_of; may be null
-- impressions_30d | count | Impressions of the 30 days up to as_of; may be null
-- results_30d | count | Results of the 30 days up to as_of, in this week's family; may be null
-- ctr_30d | percent | clicks / impressions of the 30 days up to as_of; may be null
-- cpm_30d | account currency, major units | spend / impressions x 1000 of the 30 days up to as_of; may be null
-- cpr_30d | account currency, major units | spend / results of the 30 days up to as_of; null without results
-- roas_30d | ratio | Value of results / spend of the 30 days up to as_of; null without a value
-- cpc_7d | account currency, major units | spend / clicks of the 7 days up to as_of; may be null
-- conversion_rate_7d | percent | results / inline_link_clicks of the 7 days up to as_of; may be null
-- conversion_rate_30d | percent | results / inline_link_clicks of the 30 days up to as_of; may be null
-- spend_trend_pct | percent | (spend_7d - spend_prev_7d) / spend_prev_7d; null where that is null or 0
-- impressions_trend_pct | percent | (impressions_7d - impressions_prev_7d) / impressions_prev_7d; null where that is null or 0
-- results_trend_pct | percent | (results_7d - results_prev_7d) / results_prev_7d; null where that is null or 0
-- ctr_trend_pct | percent | (ctr_7d - ctr_prev_7d) / ctr_prev_7d; null where that is null or 0
-- cpm_trend_pct | percent | (cpm_7d - cpm_prev_7d) / cpm_prev_7d; null where that is null or 0
-- cpr_trend_pct | percent | (cpr_7d - cpr_prev_7d) / cpr_prev_7d; null where that is null or 0
-- roas_trend_pct | percent | (roas_7d - roas_prev_7d) / roas_prev_7d; null where that is null or 0
-- days_active_7d | days | Days with impressions among the 7 up to as_of; may be null
-- days_active_30d | days | Days with impressions among the 30 up to as_of; may be null
-- days_with_results_7d | days | Days with a result of the family among the 7 up to as_of; may be null
-- days_with_results_30d | days | Days with a result of the family among the 30 up to as_of; may be null
-- avg_daily_spend_30d | account currency, major units | spend_30d / days_active_30d; may be null
-- spend_volatility_30d | ratio | Population standard deviation / mean of daily spend over days with spend, 30 days; needs 2; may be null
-- ctr_volatility_30d | ratio | Standard deviation / mean of daily ctr, days weighed by impressions, 30 days; needs 2 days and a click; may be null
-- cpr_volatility_30d | ratio | Standard deviation / mean of daily results per spend, days weighed by spend, 30 days: a day without results counts; needs 2 days and a result; may be null
-- best_weekday | BIGINT | Weekday with the lowest spend / results over 30 days, 0 = Monday; never one without results; needs 2 weekdays with spend and a result; may be null
-- worst_weekday | BIGINT | Weekday with the highest spend / results over 30 days; none at all is the highest, most spend first; may be null
-- share_of_parent_spend_pct | percent | spend_7d / spend_7d of all children of the parent with delivery in the week; the account, of a campaign; may be null
-- share_of_parent_results_pct | percent | The same of results_7d, among children of the same family; null without results
-- siblings | count | Other children of the parent with the same family and spend in the 7 days
-- siblings_cpr_7d | account currency, major units | Spend / results of all siblings together, those without results included; may be null
-- expected_results_7d | count | spend_7d / siblings_cpr_7d: what its spend brings its siblings; may be null
-- performance_vs_siblings_pct | percent | (results_7d - expected_results_7d) / expected_results_7d: +50 is half more for the same spend, -100 is none; may be null
-- rank_among_siblings | BIGINT | 1 for the most results per spend_7d among the siblings and itself; those without results come last, the one with most spend the very last; may be null
-- audience_overlap_score | points | The largest of (audience shared by targeting spec x impressions delivered on the same days) with another ad set of the account, 0 none to 100 the same people at the same time; null without a spec (docs/adr/0016); ad sets only
-- audience_overlap_with | VARCHAR | The ad set with which it overlaps most; null at score 0; ad sets only
-- creative_fatigue_score | points | 0 fresh to 100 worn: geometric mean of the proven fall of link_ctr from its best 3 weeks (100 at a half) and of frequency (100 at 3 a week); null before 4 weeks of delivery or without 50 link clicks in 3 weeks (docs/adr/0016); ads only

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
    result_value,
    roas,
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
    roas_baseline,
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
    roas_delta_pct,
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
    is_settled,
    as_of,
    spend_7d,
    impressions_7d,
    results_7d,
    ctr_7d,
    cpm_7d,
    cpr_7d,
    roas_7d,
    spend_prev_7d,
    impressions_prev_7d,
    results_prev_7d,
    ctr_prev_7d,
    cpm_prev_7d,
    cpr_prev_7d,
    roas_prev_7d,
    spend_14d,
    impressions_14d,
    results_14d,
    ctr_14d,
    cpm_14d,
    cpr_14d,
    roas_14d,
    spend_30d,
    impressions_30d,
    results_30d,
    ctr_30d,
    cpm_30d,
    cpr_30d,
    roas_30d,
    cpc_7d,
    conversion_rate_7d,
    conversion_rate_30d,
    spend_trend_pct,
    impressions_trend_pct,
    results_trend_pct,
    ctr_trend_pct,
    cpm_trend_pct,
    cpr_trend_pct,
    roas_trend_pct,
    days_active_7d,
    days_active_30d,
    days_with_results_7d,
    days_with_results_30d,
    avg_daily_spend_30d,
    spend_volatility_30d,
    ctr_volatility_30d,
    cpr_volatility_30d,
    best_weekday,
    worst_weekday,
    share_of_parent_spend_pct,
    share_of_parent_results_pct,
    siblings,
    siblings_cpr_7d,
    expected_results_7d,
    performance_vs_siblings_pct,
    rank_among_siblings,
    audience_overlap_score,
    audience_overlap_with,
    creative_fatigue_score
FROM (
    FROM lake.features_campaign
    UNION ALL BY NAME
    FROM lake.features_adset
    UNION ALL BY NAME
    FROM lake.features_ad
)
