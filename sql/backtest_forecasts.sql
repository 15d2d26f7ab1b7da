-- view: backtest_forecasts
-- one row per run of the backtest, account, level, metric, grain and horizon; errors are in units of each series' scale
-- run_at | UTC instant | When the backtest ran
-- model | VARCHAR | Model and its version
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the last origin
-- first_origin | DATE | Monday of the first origin
-- level | VARCHAR | account, campaign, adset or ad
-- metric | VARCHAR | spend, results or cpr
-- grain | VARCHAR | day or week
-- horizon | of the grain | Days or weeks ahead
-- scores | count | Forecasts scored that have a naive one beside them
-- mase | ratio | Mean of |error| / scale
-- ratio_to_naive | ratio | Sum of |error| / scale over that of the last value
-- bias | ratio | Mean of error / scale; above 0 is too high
-- coverage_80 | fraction | Share inside the 80 % interval
-- coverage_95 | fraction | Share inside the 95 % interval
-- sum_scaled_error | ratio | Sum of |error| / scale: add it up over accounts, then divide
-- sum_scaled_naive_error | ratio | The same of the last value

SELECT
    run_at,
    model,
    account_id,
    week,
    first_origin,
    level,
    metric,
    grain,
    horizon,
    scores,
    sum_scaled_error / nullif(scores, 0) AS mase,
    sum_scaled_error / nullif(sum_scaled_naive_error, 0) AS ratio_to_naive,
    sum_scaled_bias / nullif(scores, 0) AS bias,
    covered_80 / nullif(scores, 0) AS coverage_80,
    covered_95 / nullif(scores, 0) AS coverage_95,
    sum_scaled_error,
    sum_scaled_naive_error
FROM lake.backtest_forecasts
