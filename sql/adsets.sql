-- view: adsets
-- one row per ad set and week, as it stood in that week
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- adset_id | VARCHAR | Ad set
-- campaign_id | VARCHAR | Parent campaign
-- name | VARCHAR | Name given by the advertiser: foreign text
-- status | VARCHAR | Status set on the ad set
-- effective_status | VARCHAR | Status in effect, the parents' considered
-- optimization_goal | VARCHAR | What delivery is optimised for; may be null
-- custom_event_type | VARCHAR | Conversion event of the promoted object; may be null
-- daily_budget | account currency, major units | Daily budget, where the budget is the ad set's; may be null
-- lifetime_budget | account currency, major units | Lifetime budget; may be null
-- learning_stage | VARCHAR | LEARNING, SUCCESS or FAIL, where Meta says so; may be null
-- targeting | VARCHAR | Targeting spec, as JSON; may be null
-- created_time | UTC instant | Created at; may be null
-- observed_at | UTC instant | When it was read from the API
-- currency | VARCHAR | ISO 4217 code of the amounts; null when the account left the registry

SELECT
    adsets.account_id,
    adsets.week,
    adsets.adset_id,
    adsets.campaign_id,
    adsets.name,
    adsets.status,
    adsets.effective_status,
    adsets.optimization_goal,
    adsets.custom_event_type,
    adsets.daily_budget,
    adsets.lifetime_budget,
    adsets.learning_stage,
    adsets.targeting,
    adsets.created_time,
    adsets.observed_at,
    accounts.currency
FROM lake.adsets
LEFT JOIN lake.accounts ON accounts.account_id = adsets.account_id
