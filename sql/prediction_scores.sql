-- view: prediction_scores
-- one row per prediction whose truth has arrived, by the week that the truth lies in
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week that the truth lies in, in the account's time zone
-- kind | VARCHAR | forecast or burnout
-- level | VARCHAR | account, campaign, adset or ad
-- entity_id | VARCHAR | Account, campaign, ad set or ad, by level
-- metric | VARCHAR | spend, results, cpr or burnt; money in the account's currency, major units
-- grain | VARCHAR | day or week: what ds stands for
-- origin_week | DATE | Monday of the week at whose close it was predicted
-- horizon | of the grain | Days or weeks between origin and truth
-- ds | DATE | The day, or the Monday of the week, that was predicted
-- predicted | of the metric | What was predicted
-- actual | of the metric | What happened, as far as Meta has told
-- error | of the metric | predicted - actual
-- in_interval | BOOLEAN | The 95 % interval held it; null for a probability
-- in_interval_80 | BOOLEAN | The 80 % interval held it; null for a probability
-- naive_error | of the metric | Error of the naive prediction (last value; base rate of a probability)
-- seasonal_naive_error | of the metric | Error of the seasonal naive forecast; may be null
-- scaled_error | ratio | error / scale of the history (MASE is the mean of its size); null where that never moved
-- scaled_naive_error | ratio | naive_error / scale of the history; may be null
-- is_settled | BOOLEAN | The truth changes no more: its days were more than 28 days old when read
-- model | VARCHAR | Model and its version
-- currency | VARCHAR | ISO 4217 code of the amounts; null when the account left the registry

SELECT
    prediction_scores.account_id,
    prediction_scores.week,
    prediction_scores.kind,
    prediction_scores.level,
    prediction_scores.entity_id,
    prediction_scores.metric,
    prediction_scores.grain,
    prediction_scores.origin_week,
    prediction_scores.horizon,
    prediction_scores.ds,
    prediction_scores.predicted,
    prediction_scores.actual,
    prediction_scores.error,
    prediction_scores.in_interval,
    prediction_scores.in_interval_80,
    prediction_scores.naive_error,
    prediction_scores.seasonal_naive_error,
    prediction_scores.scaled_error,
    prediction_scores.scaled_naive_error,
    prediction_scores.is_settled,
    prediction_scores.model,
    accounts.currency
FROM lake.prediction_scores
LEFT JOIN lake.accounts ON accounts.account_id = prediction_scores.account_id
