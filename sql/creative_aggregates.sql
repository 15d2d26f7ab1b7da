-- view: creative_aggregates
-- one row per account, week, creative type and status, made of the daily facts as they are: totals, ratios of sums, plain averages
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- creative_type | VARCHAR | Kind of creative (view creatives)
-- status | VARCHAR | ACTIVE: an ad that showed it that week was in effect active; PAUSED: none was; UNKNOWN: not in the week's ads
-- currency | VARCHAR | ISO 4217 code of the amounts
-- spend | account currency, major units | Spend
-- impressions | count | Impressions
-- clicks | count | All clicks
-- inline_link_clicks | count | Link clicks
-- post_engagements | count | Actions of type post_engagement: reactions, comments, shares, saves, clicks, plays
-- results | count | Results, each ad's in its primary family
-- result_family | VARCHAR | That family; null when the ads behind it have several
-- orders | count | Purchases, canonical action type only
-- revenue | account currency, major units | Value of the purchases, 0 without any; null when Meta reports no value
-- video_impressions | count | Impressions of what holds a video: type video, or played that day
-- video_3s_plays | count | Plays of 3 seconds or more (action video_view)
-- video_plays | count | Plays that began, by Meta's count; null when a part of it could not be reported
-- video_thruplays | count | Plays to the end, or for 15 seconds; null when a part of it could not be reported
-- video_p25 | count | Plays that reached 25 %; null when a part of it could not be reported
-- video_p50 | count | Plays that reached 50 %; null when a part of it could not be reported
-- video_p75 | count | Plays that reached 75 %; null when a part of it could not be reported
-- video_p95 | count | Plays that reached 95 %; null when a part of it could not be reported
-- video_p100 | count | Plays that reached 100 %; null when a part of it could not be reported
-- ctr | percent | clicks / impressions; null without
-- link_ctr | percent | inline_link_clicks / impressions; null without
-- cpm | account currency, major units | spend / impressions x 1000; may be null
-- cpc | account currency, major units | spend / clicks; null without
-- cpr | account currency, major units | spend / results; null without results, or with several families
-- cost_per_order | account currency, major units | spend / orders; null without
-- roas | ratio | revenue / spend; null without spend
-- engagement_rate | percent | post_engagements / impressions; null without
-- hook_rate | percent | video_3s_plays / video_impressions; null without
-- hold_rate | percent | video_thruplays / video_3s_plays; null without
-- video_p25_rate | percent | video_p25 / video_plays; null without
-- video_p50_rate | percent | video_p50 / video_plays; null without
-- video_p75_rate | percent | video_p75 / video_plays; null without
-- video_p95_rate | percent | video_p95 / video_plays; null without
-- video_p100_rate | percent | video_p100 / video_plays; null without
-- creatives | count | Creatives that were served
-- ads | count | Ads that served them
-- avg_ctr | percent | Plain average of ctr over the creatives that have one: for reference, the small weigh as the large; may be null
-- avg_cpc | account currency, major units | Plain average of cpc over the creatives that have one: for reference, the small weigh as the large; may be null
-- avg_roas | ratio | Plain average of roas over the creatives that have one: for reference, the small weigh as the large; may be null
-- avg_cost_per_order | account currency, major units | Plain average of cost_per_order over the creatives that have one: for reference, the small weigh as the large; may be null
-- avg_hook_rate | percent | Plain average of hook_rate over the creatives that have one: for reference, the small weigh as the large; may be null
-- avg_engagement_rate | percent | Plain average of engagement_rate over the creatives that have one: for reference, the small weigh as the large; may be null
-- avg_video_p25_rate | percent | Plain average of video_p25_rate over the creatives that have one: for reference, the small weigh as the large; may be null
-- avg_video_p50_rate | percent | Plain average of video_p50_rate over the creatives that have one: for reference, the small weigh as the large; may be null
-- avg_video_p100_rate | percent | Plain average of video_p100_rate over the creatives that have one: for reference, the small weigh as the large; may be null

-- Once for each creative, for the plain averages, and once for all of a type and status.
WITH figures AS (
    SELECT
        account_id,
        week,
        creative_type,
        status,
        currency,
        grouping(creative_id) AS is_total,
        sum(spend) AS spend,
        CAST(sum(impressions) AS BIGINT) AS impressions,
        CAST(sum(clicks) AS BIGINT) AS clicks,
        CAST(sum(inline_link_clicks) AS BIGINT) AS inline_link_clicks,
        CAST(sum(post_engagements) AS BIGINT) AS post_engagements,
        sum(results) AS results,
        CASE WHEN count(DISTINCT result_family) = 1 AND count(result_family) = count(*) THEN min(result_family) END AS result_family,
        sum(orders) AS orders,
        sum(revenue) AS revenue,
        CAST(sum(video_impressions) AS BIGINT) AS video_impressions,
        CAST(sum(video_3s_plays) AS BIGINT) AS video_3s_plays,
        CAST(sum(video_plays) AS BIGINT) AS video_plays,
        CAST(sum(video_thruplays) AS BIGINT) AS video_thruplays,
        CAST(sum(video_p25) AS BIGINT) AS video_p25,
        CAST(sum(video_p50) AS BIGINT) AS video_p50,
        CAST(sum(video_p75) AS BIGINT) AS video_p75,
        CAST(sum(video_p95) AS BIGINT) AS video_p95,
        CAST(sum(video_p100) AS BIGINT) AS video_p100,
        sum(clicks) * 100 / nullif(sum(impressions), 0) AS ctr,
        sum(inline_link_clicks) * 100 / nullif(sum(impressions), 0) AS link_ctr,
        sum(spend) * 1000 / nullif(sum(impressions), 0) AS cpm,
        sum(spend) / nullif(sum(clicks), 0) AS cpc,
        CASE WHEN count(DISTINCT result_family) = 1 AND count(result_family) = count(*) THEN sum(spend) / nullif(sum(results), 0) END AS cpr,
        sum(spend) / nullif(sum(orders), 0) AS cost_per_order,
        sum(revenue) FILTER (WHERE revenue IS NOT NULL) / nullif(sum(spend) FILTER (WHERE revenue IS NOT NULL), 0) AS roas,
        sum(post_engagements) * 100 / nullif(sum(impressions), 0) AS engagement_rate,
        sum(video_3s_plays) * 100 / nullif(sum(video_impressions), 0) AS hook_rate,
        sum(video_thruplays) FILTER (WHERE video_thruplays IS NOT NULL) * 100 / nullif(sum(video_3s_plays) FILTER (WHERE video_thruplays IS NOT NULL), 0) AS hold_rate,
        sum(video_p25) FILTER (WHERE video_p25 IS NOT NULL AND video_plays IS NOT NULL) * 100 / nullif(sum(video_plays) FILTER (WHERE video_p25 IS NOT NULL AND video_plays IS NOT NULL), 0) AS video_p25_rate,
        sum(video_p50) FILTER (WHERE video_p50 IS NOT NULL AND video_plays IS NOT NULL) * 100 / nullif(sum(video_plays) FILTER (WHERE video_p50 IS NOT NULL AND video_plays IS NOT NULL), 0) AS video_p50_rate,
        sum(video_p75) FILTER (WHERE video_p75 IS NOT NULL AND video_plays IS NOT NULL) * 100 / nullif(sum(video_plays) FILTER (WHERE video_p75 IS NOT NULL AND video_plays IS NOT NULL), 0) AS video_p75_rate,
        sum(video_p95) FILTER (WHERE video_p95 IS NOT NULL AND video_plays IS NOT NULL) * 100 / nullif(sum(video_plays) FILTER (WHERE video_p95 IS NOT NULL AND video_plays IS NOT NULL), 0) AS video_p95_rate,
        sum(video_p100) FILTER (WHERE video_p100 IS NOT NULL AND video_plays IS NOT NULL) * 100 / nullif(sum(video_plays) FILTER (WHERE video_p100 IS NOT NULL AND video_plays IS NOT NULL), 0) AS video_p100_rate,
        count(DISTINCT creative_id) AS creatives,
        CAST(len(list_distinct(flatten(list(ad_ids)))) AS BIGINT) AS ads
    FROM lake.creative_performance
    GROUP BY GROUPING SETS (
        (account_id, week, creative_type, status, currency),
        (account_id, week, creative_type, status, currency, creative_id)
    )
),

averages AS (
    SELECT
        account_id,
        week,
        creative_type,
        status,
        currency,
        avg(ctr) AS avg_ctr,
        avg(cpc) AS avg_cpc,
        avg(roas) AS avg_roas,
        avg(cost_per_order) AS avg_cost_per_order,
        avg(hook_rate) AS avg_hook_rate,
        avg(engagement_rate) AS avg_engagement_rate,
        avg(video_p25_rate) AS avg_video_p25_rate,
        avg(video_p50_rate) AS avg_video_p50_rate,
        avg(video_p100_rate) AS avg_video_p100_rate
    FROM figures
    WHERE is_total = 0
    GROUP BY account_id, week, creative_type, status, currency
)

SELECT figures.* EXCLUDE (is_total), averages.* EXCLUDE (account_id, week, creative_type, status, currency)
FROM figures
JOIN averages USING (account_id, week, creative_type, status, currency)
WHERE figures.is_total = 1
