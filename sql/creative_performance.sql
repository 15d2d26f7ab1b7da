-- view: creative_performance
-- one row per creative and day on which an ad served it; each ad-day counts for one creative
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- date | DATE | Day in the account's time zone
-- creative_id | VARCHAR | Creative that the ad showed as of that day; unknown for ads of which none is known
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
-- ads | count | Ads that served it that day
-- ad_ids | VARCHAR[] | Those ads
-- is_settled | BOOLEAN | The day was more than 28 days old when it was read

SELECT
    account_id,
    week,
    date,
    creative_id,
    creative_type,
    status,
    currency,
    spend,
    impressions,
    clicks,
    inline_link_clicks,
    post_engagements,
    results,
    result_family,
    orders,
    revenue,
    video_impressions,
    video_3s_plays,
    video_plays,
    video_thruplays,
    video_p25,
    video_p50,
    video_p75,
    video_p95,
    video_p100,
    ctr,
    link_ctr,
    cpm,
    cpc,
    cpr,
    cost_per_order,
    roas,
    engagement_rate,
    hook_rate,
    hold_rate,
    video_p25_rate,
    video_p50_rate,
    video_p75_rate,
    video_p95_rate,
    video_p100_rate,
    ads,
    ad_ids,
    is_settled
FROM lake.creative_performance
