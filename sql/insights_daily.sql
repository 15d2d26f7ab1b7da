-- view: insights_daily
-- one row per ad and day with delivery, in the account's calendar
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- date | DATE | Day in the account's time zone
-- campaign_id | VARCHAR | Campaign
-- adset_id | VARCHAR | Ad set
-- ad_id | VARCHAR | Ad
-- currency | VARCHAR | ISO 4217 code of the amounts
-- spend | account currency, major units | Spend
-- impressions | count | Impressions
-- reach | count | People reached that day; never added over days or ads; may be null
-- frequency | DOUBLE | Impressions a person reached, that day; may be null
-- clicks | count | All clicks
-- inline_link_clicks | count | Link clicks
-- outbound_clicks | count | Outbound clicks; may be null
-- video_plays | count | Video plays; may be null
-- video_p25 | count | Plays that reached 25 %; may be null
-- video_p50 | count | Plays that reached 50 %; may be null
-- video_p75 | count | Plays that reached 75 %; may be null
-- video_p95 | count | Plays that reached 95 %; may be null
-- video_p100 | count | Plays that reached 100 %; may be null
-- video_thruplays | count | Plays to the end, or for at least 15 seconds; may be null
-- optimization_goal | VARCHAR | Goal of the ad set on that day, as reported; may be null
-- attribution_setting | VARCHAR | Attribution setting behind `value`; may be null
-- actions | STRUCT(action_type VARCHAR, value DOUBLE, w1d_click DOUBLE, w7d_click DOUBLE, w28d_click DOUBLE, w1d_view DOUBLE)[] | Actions by type with each attribution window; a missing window is null
-- action_values | STRUCT(action_type VARCHAR, value DOUBLE, w1d_click DOUBLE, w7d_click DOUBLE, w28d_click DOUBLE, w1d_view DOUBLE)[] | Action values by type with each attribution window, in the account currency
-- is_settled | BOOLEAN | The day was more than 28 days old when it was read: Meta restates no more
-- first_observed_at | UTC instant | When it was first read; values between then and now are in restatements
-- dropped_fields | VARCHAR | Fields that had to be left out to get the row, by comma; null when it is whole
-- observed_at | UTC instant | When it was read from the API

SELECT
    account_id,
    week,
    date,
    campaign_id,
    adset_id,
    ad_id,
    currency,
    spend,
    impressions,
    reach,
    frequency,
    clicks,
    inline_link_clicks,
    outbound_clicks,
    video_plays,
    video_p25,
    video_p50,
    video_p75,
    video_p95,
    video_p100,
    video_thruplays,
    optimization_goal,
    attribution_setting,
    actions,
    action_values,
    is_settled,
    first_observed_at,
    dropped_fields,
    observed_at
FROM lake.insights_daily
