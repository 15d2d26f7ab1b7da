-- view: insights_weekly
-- one row per campaign, ad set or ad and week, as Meta serves the whole week: reach and frequency do not add
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- level | VARCHAR | campaign, adset or ad
-- entity_id | VARCHAR | Campaign, ad set or ad, by level
-- parent_id | VARCHAR | Ad set of an ad, campaign of an ad set; null for a campaign
-- campaign_id | VARCHAR | Campaign
-- adset_id | VARCHAR | Ad set, below campaign level; may be null
-- ad_id | VARCHAR | Ad, at ad level; may be null
-- currency | VARCHAR | ISO 4217 code of the amounts
-- spend | account currency, major units | Spend
-- impressions | count | Impressions
-- reach | count | People reached in the week; never added over weeks or children; may be null
-- frequency | DOUBLE | Impressions a person reached, in the week; may be null
-- clicks | count | All clicks
-- inline_link_clicks | count | Link clicks
-- ctr | percent | clicks / impressions; may be null
-- link_ctr | percent | inline_link_clicks / impressions; may be null
-- cpm | account currency, major units | spend / impressions x 1000; may be null
-- cpc | account currency, major units | spend / clicks; may be null
-- quality_ranking | VARCHAR | Meta's ranking, as served; may be null
-- quality_score | DOUBLE | ABOVE +2, AVERAGE 0, BELOW_35 -1, BELOW_20 -2, BELOW_10 -3; null when unknown
-- engagement_ranking | VARCHAR | Meta's ranking, as served; may be null
-- engagement_score | DOUBLE | As quality_score; may be null
-- conversion_ranking | VARCHAR | Meta's ranking, as served; may be null
-- conversion_score | DOUBLE | As quality_score; may be null
-- is_complete | BOOLEAN | The week was over when it was read
-- is_settled | BOOLEAN | Its last day was more than 28 days old when it was read
-- dropped_fields | VARCHAR | Fields that had to be left out to get the row, by comma; null when it is whole
-- observed_at | UTC instant | When it was read from the API

SELECT
    account_id,
    week,
    level,
    entity_id,
    parent_id,
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
    ctr,
    link_ctr,
    cpm,
    cpc,
    quality_ranking,
    quality_score,
    engagement_ranking,
    engagement_score,
    conversion_ranking,
    conversion_score,
    is_complete,
    is_settled,
    dropped_fields,
    observed_at
FROM (
    FROM lake.insights_weekly_campaign
    UNION ALL BY NAME
    FROM lake.insights_weekly_adset
    UNION ALL BY NAME
    FROM lake.insights_weekly_ad
)
