-- view: completeness
-- one row per account, week, metric and age: how complete days of that age were, as known at the end of the week
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- metric | VARCHAR | spend, impressions, clicks, inline_link_clicks or results:FAMILY
-- age_days | days | Age of the days; yesterday is 1; 28 is the settled number against a re-read of day 35 or later
-- seen | DOUBLE | Sum over days of the value at that age, in the unit of the metric (money in account currency)
-- final | DOUBLE | Sum over the same days of the settled value, in the unit of the metric
-- ratio | fraction | seen / final, a ratio of sums; this account alone
-- restated_share | fraction | What later syncs moved, up or down, of final: a sum over ad-days of absolute changes
-- days | count | Settled days behind it
-- evidence | count | What the account's own ratio weighs: results, or days for money and clicks
-- fleet_ratio | fraction | The ratio over all accounts of the week, weighed by their evidence
-- factor | fraction | The ratio, pulled to the fleet's like 50 results or 14 days of it; value / factor expects the settled value

WITH weighed AS (
    SELECT
        *,
        CASE WHEN metric LIKE 'results:%' THEN final ELSE days END AS evidence,
        CASE WHEN metric LIKE 'results:%' THEN 50.0 ELSE 14.0 END AS fleet_weight
    FROM lake.completeness
),
pooled AS (
    SELECT
        *,
        sum(ratio * evidence) OVER fleet / sum(evidence) OVER fleet AS fleet_ratio
    FROM weighed
    WINDOW fleet AS (PARTITION BY week, metric, age_days)
)
SELECT
    account_id,
    week,
    metric,
    age_days,
    seen,
    final,
    ratio,
    restated_share,
    days,
    evidence,
    fleet_ratio,
    (evidence * ratio + fleet_weight * fleet_ratio) / (evidence + fleet_weight) AS factor
FROM pooled
