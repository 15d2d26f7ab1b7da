-- view: meta_fatigue
-- one row per ad and week of which Meta itself said something about creative fatigue, where an account is served it
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- ad_id | VARCHAR | Ad
-- fatigue_level | VARCHAR | LOW, MEDIUM or HIGH: the strongest of Meta's words; null where none of them is found
-- summary | VARCHAR | creative_fatigue_summary as served, JSON text; may be null
-- fatigued_ads | VARCHAR | creative_fatigued_ads as served, JSON text; may be null
-- observed_at | UTC instant | When it was read from the API

SELECT
    account_id,
    week,
    ad_id,
    fatigue_level,
    summary,
    fatigued_ads,
    observed_at
FROM lake.meta_fatigue
