-- view: backtest_anomalies
-- one row per backtest, method and size of planted change: how many were found
-- as_of | DATE | Monday of the last whole week that took part
-- method | VARCHAR | findings: the weekly findings as they are; score_series and three usual rules: scores of weekly costs, each at the threshold of one alert in 30 series-weeks without a planted change
-- factor | ratio | What the cost of one week of a series was multiplied by
-- planted | count | Planted changes
-- found | count | Found in the week they were planted in
-- found_share | fraction | found / planted
-- alerts_share | fraction | Alerts on the untouched history / series-weeks judged
-- series | count | Ads of at least 12 whole weeks
-- series_weeks | count | Weeks of theirs that were judged

SELECT
    as_of,
    method,
    factor,
    planted,
    found,
    found_share,
    alerts_share,
    series,
    series_weeks
FROM lake.backtest_anomalies
