-- view: ads
-- one row per ad and week, as it stood in that week
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- ad_id | VARCHAR | Ad
-- adset_id | VARCHAR | Parent ad set
-- campaign_id | VARCHAR | Parent campaign
-- creative_id | VARCHAR | Creative shown by the ad; may be null
-- name | VARCHAR | Name given by the advertiser: foreign text
-- status | VARCHAR | Status set on the ad
-- effective_status | VARCHAR | Status in effect, the parents' considered
-- optimization_goal | VARCHAR | Goal of the parent ad set; may be null
-- daily_budget | account currency, major units | Always null: an ad has no budget of its own
-- created_time | UTC instant | Created at; may be null
-- observed_at | UTC instant | When it was read from the API

SELECT
    account_id,
    week,
    ad_id,
    adset_id,
    campaign_id,
    creative_id,
    name,
    status,
    effective_status,
    optimization_goal,
    daily_budget,
    created_time,
    observed_at
FROM lake.ads
