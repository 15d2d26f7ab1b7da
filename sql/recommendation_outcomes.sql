-- view: recommendation_outcomes
-- one row per new advice and horizon: what the entity did afterwards, beside its siblings; no causal claim
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week that completes the outcome: advice_week plus horizon_weeks
-- level | VARCHAR | campaign, adset or ad
-- entity_id | VARCHAR | Campaign, ad set or ad, by level
-- recommendation_type | VARCHAR | Kind of advice
-- horizon_weeks | weeks | Weeks looked at after the advice: 2 or 4
-- recommendation_id | VARCHAR | The advice
-- advice_week | DATE | Monday of the week in which it was first given
-- result_family | VARCHAR | Result family
-- followed | BOOLEAN | Whether what it asked for happened; null where that cannot be seen
-- followed_by | VARCHAR | How that was seen; may be null
-- spend_before | account currency, major units | Spend of the advice week and the 3 before
-- results_before | count | Results of those weeks
-- cpr_before | account currency, major units | spend_before / results_before; null without results
-- weeks_after | count | Weeks with spend of the horizon's
-- spend_after | account currency, major units | Spend of the horizon's weeks; 0 when it stopped
-- results_after | count | Results of those weeks
-- cpr_after | account currency, major units | spend_after / results_after; null without results
-- spend_change_pct | percent | Spend a week after against before; may be null
-- cpr_change_pct | percent | cpr_after against cpr_before; may be null
-- siblings_cpr_change_pct | percent | The same of all siblings of the family together, over the same weeks; may be null
-- cpr_change_vs_siblings_pct | percent | Its change beyond theirs: (1 + own) / (1 + theirs) - 1; negative is cheaper; may be null
-- is_settled | BOOLEAN | All of the horizon's weeks were settled when they were read

SELECT
    account_id,
    week,
    level,
    entity_id,
    recommendation_type,
    horizon_weeks,
    recommendation_id,
    advice_week,
    result_family,
    followed,
    followed_by,
    spend_before,
    results_before,
    cpr_before,
    weeks_after,
    spend_after,
    results_after,
    cpr_after,
    spend_change_pct,
    cpr_change_pct,
    siblings_cpr_change_pct,
    cpr_change_vs_siblings_pct,
    is_settled
FROM lake.recommendation_outcomes
