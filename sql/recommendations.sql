-- view: recommendations
-- one row per advice: an entity (campaign, ad set, ad), a week and a type; at most three an entity
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- level | VARCHAR | campaign, adset or ad
-- entity_id | VARCHAR | Campaign, ad set or ad, by level
-- recommendation_id | VARCHAR | Identity while it stays open: a hash of account, level, entity, type and first_seen_week
-- recommendation_type | VARCHAR | Kind of advice
-- priority | BIGINT | 9 is the most important
-- priority_level | VARCHAR | high from 7 on, medium from 4 on, else low
-- confidence | fraction | Probability of the claim behind it, given the counts: not of what following it would bring
-- action | VARCHAR | What to do, in one sentence
-- budget_change_pct | percent | Change of budget that is advised; null where it is not about budget
-- reason | VARCHAR | Which condition was met, in one sentence
-- evidence | VARCHAR | The figures behind it, as a JSON object; money in account currency, rates in percent
-- result_family | VARCHAR | Result family
-- first_seen_week | DATE | Monday of the week in which it was first given without a break since, at most 12 weeks back
-- is_new | BOOLEAN | First given this week; else it repeats what is still open
-- expires_at | UTC instant | When it lapses unless given again

SELECT
    account_id,
    week,
    level,
    entity_id,
    recommendation_id,
    recommendation_type,
    priority,
    priority_level,
    confidence,
    action,
    budget_change_pct,
    reason,
    evidence,
    result_family,
    first_seen_week,
    is_new,
    expires_at
FROM (
    FROM lake.recommendations_campaign
    UNION ALL BY NAME
    FROM lake.recommendations_adset
    UNION ALL BY NAME
    FROM lake.recommendations_ad
)
