-- view: burnout_models
-- one row per version of the burnout model: what it was fitted on, and how it weighs its parts
-- model_version | VARCHAR | Version, as in burnout_predictions
-- horizon_weeks | weeks | Weeks ahead
-- fitted_week | DATE | Monday from which on it predicts
-- first_pair_week | DATE | Oldest week that it learnt from; null when it is the rule alone
-- last_pair_week | DATE | Newest week that it learnt from; its outcome was final by fitted_week; may be null
-- training_pairs | count | Pairs (week, outcome) that it was fitted on
-- base_rate | fraction | Share of burnt pairs among them; may be null
-- has_trees | BOOLEAN | Whether boosted trees are part of it
-- stack_pairs | count | Predictions of unseen weeks that the weights were fitted on
-- stack_intercept | DOUBLE | Logit added to the weighted sum
-- stack_logistic | DOUBLE | Weight of the logistic model's logit
-- stack_trees | DOUBLE | Weight of the trees' logit; of the logistic one's where there are none
-- stack_bend | DOUBLE | Weight of the squared distance of their mean logit from -1.2, at most 3
-- logistic_auc | DOUBLE | AUC of the logistic part on what it was fitted on; backtest_burnout has unseen weeks; may be null
-- logistic_brier | DOUBLE | Its Brier score there; may be null
-- inputs | STRUCT(signal VARCHAR, slope DOUBLE)[] | Signals by size of slope: logit a standard deviation, logistic part

SELECT
    model_version,
    horizon_weeks,
    fitted_week,
    first_pair_week,
    last_pair_week,
    training_pairs,
    base_rate,
    has_trees,
    stack_pairs,
    stack_intercept,
    stack_logistic,
    stack_trees,
    stack_bend,
    logistic_auc,
    logistic_brier,
    inputs
FROM lake.burnout_models
-- two runs at once may each have recorded a version that both fitted
QUALIFY row_number() OVER (PARTITION BY model_version) = 1
