-- view: roas_blended
-- one row per currency and week, over all accounts of the currency: currencies are never added (analytics.roas converts)
-- week | DATE | Monday of the week, in the ad account's time zone
-- currency | VARCHAR | ISO 4217 code of the amounts
-- accounts | count | Accounts
-- spend | `currency`, major units | Spend
-- purchases | count | Purchases by the ad set's own attribution setting; windows are cuts of the same purchases, never add them
-- purchases_1d_click | count | Purchases a day after a click; windows are cuts of the same purchases, never add them; may be null
-- purchases_7d_click | count | Purchases within 7 days of a click; windows are cuts of the same purchases, never add them; may be null
-- purchases_28d_click | count | Purchases within 28 days of a click; windows are cuts of the same purchases, never add them; may be null
-- purchases_1d_view | count | Purchases a day after a view; windows are cuts of the same purchases, never add them; may be null
-- revenue | `currency`, major units | Value of purchases by the ad set's own attribution setting; null where none is known
-- revenue_1d_click | `currency`, major units | Value of purchases a day after a click; null where none is known
-- revenue_7d_click | `currency`, major units | Value of purchases within 7 days of a click; null where none is known
-- revenue_28d_click | `currency`, major units | Value of purchases within 28 days of a click; null where none is known
-- revenue_1d_view | `currency`, major units | Value of purchases a day after a view; null where none is known
-- offline_conversions | count | Conversions outside Meta
-- offline_revenue | `currency`, major units | Their revenue
-- offline_unconverted | count | Offline rows left out of it: no rate to the account's currency
-- roas | ratio | revenue / spend, over what has a known value; null without spend
-- roas_1d_click | ratio | revenue_1d_click / spend, over what has a known value; null without spend
-- roas_7d_click | ratio | revenue_7d_click / spend, over what has a known value; null without spend
-- roas_28d_click | ratio | revenue_28d_click / spend, over what has a known value; null without spend
-- roas_1d_view | ratio | revenue_1d_view / spend, over what has a known value; null without spend
-- roas_with_offline | ratio | (revenue + offline_revenue) / spend; null without spend
-- cost_per_purchase | `currency`, major units | spend / purchases; null without
-- is_settled | BOOLEAN | Every day was more than 28 days old when it was read

SELECT
    week,
    currency,
    count(DISTINCT account_id) AS accounts,
    sum(spend) AS spend,
    sum(purchases) AS purchases,
    sum(purchases_1d_click) AS purchases_1d_click,
    sum(purchases_7d_click) AS purchases_7d_click,
    sum(purchases_28d_click) AS purchases_28d_click,
    sum(purchases_1d_view) AS purchases_1d_view,
    sum(revenue) AS revenue,
    sum(revenue_1d_click) AS revenue_1d_click,
    sum(revenue_7d_click) AS revenue_7d_click,
    sum(revenue_28d_click) AS revenue_28d_click,
    sum(revenue_1d_view) AS revenue_1d_view,
    sum(offline_conversions) AS offline_conversions,
    sum(offline_revenue) AS offline_revenue,
    CAST(sum(offline_unconverted) AS BIGINT) AS offline_unconverted,
    sum(revenue) / nullif(sum(spend) FILTER (WHERE revenue IS NOT NULL), 0) AS roas,
    sum(revenue_1d_click) / nullif(sum(spend) FILTER (WHERE revenue_1d_click IS NOT NULL), 0) AS roas_1d_click,
    sum(revenue_7d_click) / nullif(sum(spend) FILTER (WHERE revenue_7d_click IS NOT NULL), 0) AS roas_7d_click,
    sum(revenue_28d_click) / nullif(sum(spend) FILTER (WHERE revenue_28d_click IS NOT NULL), 0) AS roas_28d_click,
    sum(revenue_1d_view) / nullif(sum(spend) FILTER (WHERE revenue_1d_view IS NOT NULL), 0) AS roas_1d_view,
    (sum(revenue) + sum(offline_revenue)) / nullif(sum(spend) FILTER (WHERE revenue IS NOT NULL), 0) AS roas_with_offline,
    sum(spend) / nullif(sum(purchases), 0) AS cost_per_purchase,
    bool_and(is_settled) AS is_settled
FROM lake.revenue_daily
GROUP BY week, currency
