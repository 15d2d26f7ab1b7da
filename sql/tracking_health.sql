-- view: tracking_health
-- one row per account, result family and week: whether its results can be believed to have been counted
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- result_family | VARCHAR | Result family
-- link_clicks | count | Link clicks of the family's ads in the week
-- results | count | Their results
-- expected_results | count | Link clicks x results per link click of weeks t-8 to t-1; may be null
-- results_change_pct | percent | (results - expected_results) / expected_results; may be null
-- p_value | DOUBLE | Chance of as few results for the clicks; may be null
-- volatility | ratio | Standard deviation / mean of results per link click, weeks t-3 to t weighed by clicks, beyond counting; may be null
-- coverage_pct | percent | Days with delivery of the account among the days of the week so far
-- issues | VARCHAR | By comma: clicks_no_results, results_dropped, high_volatility, days_missing; empty when there is none
-- score | points | 100 less 20 for a high, 10 for a medium and 5 for a low issue
-- status | VARCHAR | 80 and 50 divide

SELECT
    account_id,
    week,
    result_family,
    link_clicks,
    results,
    expected_results,
    results_change_pct,
    p_value,
    volatility,
    coverage_pct,
    issues,
    score,
    status
FROM lake.tracking_health
