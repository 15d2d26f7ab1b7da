-- view: burnout_weeks
-- one row per ad and complete week with delivery: results now, and as seen when the week closed; what burnout learns from
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- ad_id | VARCHAR | Ad
-- result_family | VARCHAR | Result family
-- creative_id | VARCHAR | Creative that the ad showed; may be null
-- spend | account currency, major units | Spend
-- impressions | count | Impressions
-- reach | count | People reached in the week; may be null
-- link_clicks | count | Clicks on the link
-- results | count | Results of the primary family, as known now
-- results_seen | count | The same as stored a day after the week's close; null when the week was first read later

SELECT
    account_id,
    week,
    ad_id,
    result_family,
    creative_id,
    spend,
    impressions,
    reach,
    link_clicks,
    results,
    results_seen
FROM lake.burnout_weeks
