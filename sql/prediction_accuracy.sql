-- view: prediction_accuracy
-- one row per account, week of truth, kind, level, metric, grain and horizon: how good the predictions were
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week that the truths lie in
-- kind | VARCHAR | forecast or burnout
-- level | VARCHAR | account, campaign, adset or ad
-- metric | VARCHAR | spend, results, cpr or burnt; money in the account's currency, major units
-- grain | VARCHAR | day or week
-- horizon | of the grain | Days or weeks ahead
-- scores | count | Predictions scored
-- mae | of the metric | Mean of |error|; never average it over currencies
-- naive_mae | of the metric | Mean of |naive_error|
-- brier | of 1 | Mean of error squared, of probabilities; null for amounts
-- naive_brier | of 1 | The same of the naive prediction
-- mase | ratio | Mean of |error| / scale of each series; may be null
-- bias | ratio | Mean of error / scale of each series: above 0 is too high; may be null
-- coverage_80 | fraction | Share inside the 80 % interval; null for probabilities
-- coverage_95 | fraction | Share inside the 95 % interval; null for probabilities
-- ratio_to_naive | ratio | Sum of |error| / scale over that of the naive prediction, of the rows that have both
-- sum_scaled_error | ratio | Sum of |error| / scale of those rows: add it up over accounts or weeks, then divide
-- sum_scaled_naive_error | ratio | Sum of |naive_error| / scale of those rows
-- currency | VARCHAR | ISO 4217 code of mae; null when the account left the registry

WITH summed AS (
    SELECT
        account_id,
        week,
        kind,
        level,
        metric,
        grain,
        horizon,
        count(*) AS scores,
        avg(abs(error)) AS mae,
        avg(abs(naive_error)) AS naive_mae,
        avg(error ** 2) FILTER (kind = 'burnout') AS brier,
        avg(naive_error ** 2) FILTER (kind = 'burnout') AS naive_brier,
        avg(abs(scaled_error)) AS mase,
        avg(scaled_error) AS bias,
        avg(in_interval_80::INTEGER) AS coverage_80,
        avg(in_interval::INTEGER) AS coverage_95,
        sum(abs(scaled_error)) FILTER (scaled_naive_error IS NOT NULL) AS sum_scaled_error,
        sum(abs(scaled_naive_error)) AS sum_scaled_naive_error
    FROM lake.prediction_scores
    GROUP BY ALL
)
SELECT
    summed.account_id,
    summed.week,
    summed.kind,
    summed.level,
    summed.metric,
    summed.grain,
    summed.horizon,
    summed.scores,
    summed.mae,
    summed.naive_mae,
    summed.brier,
    summed.naive_brier,
    summed.mase,
    summed.bias,
    summed.coverage_80,
    summed.coverage_95,
    summed.sum_scaled_error / nullif(summed.sum_scaled_naive_error, 0) AS ratio_to_naive,
    summed.sum_scaled_error,
    summed.sum_scaled_naive_error,
    accounts.currency
FROM summed
LEFT JOIN lake.accounts ON accounts.account_id = summed.account_id
