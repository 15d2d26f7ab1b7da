-- view: top_creatives
-- one row per account, week, metric and creative: the ten best of those with at least 1 % of the account's spend that week
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- metric | VARCHAR | roas, ctr, hook_rate, engagement_rate (more is better); cost_per_order, cpr (less is better)
-- result_family | VARCHAR | Family within which cpr is ranked; null for other metrics
-- rank | BIGINT | 1 is the best; ties share the better rank
-- creative_id | VARCHAR | Creative; what ads without a known one spent counts for the account and is not ranked
-- creative_type | VARCHAR | Kind of creative
-- currency | VARCHAR | ISO 4217 code of the amounts
-- value | DOUBLE | The metric, a ratio of the week's sums
-- spend | account currency, major units | Spend of the creative that week
-- spend_share_pct | percent | Its share of the account's spend that week

WITH creatives AS (
    SELECT
        account_id,
        week,
        creative_id,
        creative_type,
        currency,
        sum(spend) AS spend,
        CASE WHEN count(DISTINCT result_family) = 1 AND count(result_family) = count(*) THEN min(result_family) END AS family,
        sum(revenue) / nullif(sum(spend) FILTER (WHERE revenue IS NOT NULL), 0) AS roas,
        sum(clicks) * 100 / nullif(sum(impressions), 0) AS ctr,
        sum(video_3s_plays) * 100 / nullif(sum(video_impressions), 0) AS hook_rate,
        sum(post_engagements) * 100 / nullif(sum(impressions), 0) AS engagement_rate,
        sum(spend) / nullif(sum(orders), 0) AS cost_per_order,
        sum(spend) / nullif(sum(results), 0) AS cpr
    FROM lake.creative_performance
    GROUP BY account_id, week, creative_id, creative_type, currency
),

shares AS (
    SELECT *, spend * 100 / nullif(sum(spend) OVER (PARTITION BY account_id, week, currency), 0) AS spend_share_pct
    FROM creatives
),

metrics AS (
    SELECT *, 'roas' AS metric, NULL AS result_family, roas AS value, -roas AS badness FROM shares
    UNION ALL
    SELECT *, 'ctr', NULL, ctr, -ctr FROM shares
    UNION ALL
    SELECT *, 'hook_rate', NULL, hook_rate, -hook_rate FROM shares
    UNION ALL
    SELECT *, 'engagement_rate', NULL, engagement_rate, -engagement_rate FROM shares
    UNION ALL
    SELECT *, 'cost_per_order', NULL, cost_per_order, cost_per_order FROM shares
    UNION ALL
    SELECT *, 'cpr', family, cpr, cpr FROM shares WHERE family IS NOT NULL
),

ranked AS (
    SELECT *, rank() OVER (PARTITION BY account_id, week, currency, metric, result_family ORDER BY badness) AS rank
    FROM metrics
    WHERE value IS NOT NULL AND spend_share_pct >= 1 AND creative_id <> 'unknown'
)

SELECT
    account_id,
    week,
    metric,
    result_family,
    rank,
    creative_id,
    creative_type,
    currency,
    value,
    spend,
    spend_share_pct
FROM ranked
WHERE rank <= 10
