-- view: campaigns
-- one row per campaign and week, as it stood in that week
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- campaign_id | VARCHAR | Campaign
-- name | VARCHAR | Name given by the advertiser: foreign text
-- status | VARCHAR | Status set on the campaign
-- effective_status | VARCHAR | Status in effect
-- objective | VARCHAR | Campaign objective; may be null
-- daily_budget | account currency, major units | Daily budget, where the budget is the campaign's; may be null
-- lifetime_budget | account currency, major units | Lifetime budget; may be null
-- buying_type | VARCHAR | AUCTION or RESERVED; may be null
-- created_time | UTC instant | Created at; may be null
-- observed_at | UTC instant | When it was read from the API
-- currency | VARCHAR | ISO 4217 code of the amounts; null when the account left the registry

SELECT
    campaigns.account_id,
    campaigns.week,
    campaigns.campaign_id,
    campaigns.name,
    campaigns.status,
    campaigns.effective_status,
    campaigns.objective,
    campaigns.daily_budget,
    campaigns.lifetime_budget,
    campaigns.buying_type,
    campaigns.created_time,
    campaigns.observed_at,
    accounts.currency
FROM lake.campaigns
LEFT JOIN lake.accounts ON accounts.account_id = campaigns.account_id
