-- view: cost_per_action
-- one row per account, campaign, ad set or ad, week and action type; types repeat each other under other names, never add over them
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- level | VARCHAR | account, campaign, adset or ad
-- entity_id | VARCHAR | Account, campaign, ad set or ad, by level
-- currency | VARCHAR | ISO 4217 code of the amounts
-- action_type | VARCHAR | Action type, as Meta names it
-- actions | DOUBLE | How many, by the ad set's own attribution setting
-- spend | account currency, major units | Whole spend of the entity that week: repeated in each type's row
-- cost | account currency, major units | spend / actions; null without

WITH days AS (
    SELECT account_id, week, currency, spend, actions, 'account' AS level, account_id AS entity_id
    FROM lake.insights_daily
    UNION ALL
    SELECT account_id, week, currency, spend, actions, 'campaign', campaign_id FROM lake.insights_daily
    UNION ALL
    SELECT account_id, week, currency, spend, actions, 'adset', adset_id FROM lake.insights_daily
    UNION ALL
    SELECT account_id, week, currency, spend, actions, 'ad', ad_id FROM lake.insights_daily
),

totals AS (
    SELECT account_id, week, currency, level, entity_id, sum(spend) AS spend
    FROM days
    GROUP BY account_id, week, currency, level, entity_id
),

entries AS (
    SELECT account_id, week, currency, level, entity_id, unnest(actions) AS entry
    FROM days
)

SELECT
    entries.account_id,
    entries.week,
    entries.level,
    entries.entity_id,
    entries.currency,
    entry.action_type AS action_type,
    sum(entry.value) AS actions,
    any_value(totals.spend) AS spend,
    any_value(totals.spend) / nullif(sum(entry.value), 0) AS cost
FROM entries
JOIN totals USING (account_id, week, currency, level, entity_id)
GROUP BY entries.account_id, entries.week, entries.level, entries.entity_id, entries.currency, entry.action_type
