-- view: classification_feedback
-- one row per what a user said of an entity's tier, from a week on
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the first week it holds, in the ad account's time zone
-- level | VARCHAR | campaign, adset or ad
-- entity_id | VARCHAR | Campaign, ad set or ad, by level
-- tier | VARCHAR | The tier
-- until | DATE | Monday of the last week it holds; null: until something newer is said
-- note | VARCHAR | Why, in the user's words; may be null
-- created_at | UTC instant | When it was said
-- removed_at | UTC instant | When it was taken back; it counts nowhere then; may be null

SELECT
    account_id,
    week,
    level,
    entity_id,
    tier,
    until,
    note,
    created_at,
    removed_at
FROM lake.classification_feedback
