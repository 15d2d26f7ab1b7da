-- view: backtest_burnout
-- one row per model and horizon: what burnout predictions would have been worth in every past week
-- model | VARCHAR | fitted; persistence: this week's cost over its median; scorecard: the seeds'; base_rate: share burnt so far
-- horizon_weeks | weeks | Weeks ahead
-- model_kind | VARCHAR | Release of the model; versions within it differ in what they were fitted on
-- first_week | DATE | First week predicted from
-- last_week | DATE | Last week predicted from whose outcome is known
-- pairs | count | Predictions whose outcome is known
-- base_rate | fraction | Share of them that burnt; may be null
-- auc | fraction | Chance that a burnt ad was ranked above one that did not burn; may be null
-- average_precision | fraction | Mean precision over the burnt, by falling risk; may be null
-- top_precision | fraction | Share that burnt among the tenth ranked highest; may be null
-- brier | fraction | Mean squared error; null where a score is no probability
-- skill | DOUBLE | 1 - brier / (base_rate x (1 - base_rate)); null as brier
-- calibration_error | fraction | Mean gap of predicted and observed share over ten bins; null as brier
-- new_burnouts | count | Burnouts after a calm week, both horizons predicted; fitted only; may be null
-- warned_share | fraction | Share of them with a risk of at least 50 % a week or two before; may be null
-- mean_lead_weeks | weeks | Mean notice of those; may be null
-- previous_model_kind | VARCHAR | Release before this one; null when there was none
-- previous_skill | DOUBLE | Its skill in its last backtest; may be null
-- previous_auc | fraction | Its AUC there; may be null

SELECT
    model,
    horizon_weeks,
    model_kind,
    first_week,
    last_week,
    pairs,
    base_rate,
    auc,
    average_precision,
    top_precision,
    brier,
    skill,
    calibration_error,
    new_burnouts,
    warned_share,
    mean_lead_weeks,
    previous_model_kind,
    previous_skill,
    previous_auc
FROM lake.backtest_burnout
