-- view: revenue_daily
-- one row per day and ad; of a campaign or account only what happened offline and no ad is known of
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- date | DATE | Day in the account's time zone
-- level | VARCHAR | account, campaign or ad: the lowest that is known
-- entity_id | VARCHAR | Account, campaign or ad, by level
-- campaign_id | VARCHAR | Campaign, below account level where it is known; may be null
-- adset_id | VARCHAR | Ad set, at ad level where it is known; may be null
-- currency | VARCHAR | ISO 4217 code of the amounts
-- spend | account currency, major units | Spend
-- purchases | count | Purchases, by the ad set's own attribution setting
-- purchases_1d_click | count | Purchases a day after a click; may be null
-- purchases_7d_click | count | Purchases within 7 days of a click; may be null
-- purchases_28d_click | count | Purchases within 28 days of a click; may be null
-- purchases_1d_view | count | Purchases a day after a view; may be null
-- revenue | account currency, major units | Their value, by the ad set's own attribution setting; may be null
-- revenue_1d_click | account currency, major units | Value of purchases a day after a click; may be null
-- revenue_7d_click | account currency, major units | Value of purchases within 7 days of a click; may be null
-- revenue_28d_click | account currency, major units | Value of purchases within 28 days of a click; may be null
-- revenue_1d_view | account currency, major units | Value of purchases a day after a view; may be null
-- offline_conversions | count | Conversions outside Meta, of every kind
-- offline_revenue | account currency, major units | Their revenue, at the day's rate where it came in another currency
-- offline_unconverted | count | Offline rows whose revenue is left out: no rate to the account's currency
-- is_settled | BOOLEAN | The day was more than 28 days old when it was read; offline rows always

SELECT
    account_id,
    week,
    date,
    level,
    entity_id,
    campaign_id,
    adset_id,
    currency,
    spend,
    purchases,
    purchases_1d_click,
    purchases_7d_click,
    purchases_28d_click,
    purchases_1d_view,
    revenue,
    revenue_1d_click,
    revenue_7d_click,
    revenue_28d_click,
    revenue_1d_view,
    offline_conversions,
    offline_revenue,
    offline_unconverted,
    is_settled
FROM lake.revenue_daily
