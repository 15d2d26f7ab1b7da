-- view: burnout_predictions
-- one row per ad, week of origin and horizon: the chance that its CPR exceeds 1.2 times its 4-week median
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- ad_id | VARCHAR | Ad
-- horizon_weeks | weeks | Weeks ahead
-- risk_score | fraction | Calibrated probability
-- risk_level | VARCHAR | low < 0.25 <= medium < 0.5 <= high < 0.75 <= critical
-- predicted_cpr_change_pct | percent | Median change of CPR against the 4-week median, from the 400 cases of like risk; may be null
-- lo_80 | percent | 10th percentile of that change; null below 30 training pairs
-- hi_80 | percent | 90th percentile of that change; may be null
-- top_drivers | STRUCT(signal VARCHAR, value DOUBLE, contribution DOUBLE)[] | Up to five themes by their part of the logistic model's logit, against an average ad week; above 0 raises it
-- confidence | DOUBLE | 0 to 1: pairs / (pairs + 500) x results of 4 weeks / (results + 10)
-- raw_score | DOUBLE | The seeds' linear scorecard, unclamped: 0 means that nothing moved
-- training_pairs | count | Pairs (week, outcome) the model was fitted on, all of them known that week; 0: the rule alone
-- base_rate | fraction | Share of burnt pairs among them; may be null
-- model_version | VARCHAR | As in burnout_models: kind, horizon, week of the fit, hash

SELECT
    account_id,
    week,
    ad_id,
    horizon_weeks,
    risk_score,
    risk_level,
    predicted_cpr_change_pct,
    lo_80,
    hi_80,
    top_drivers,
    confidence,
    raw_score,
    training_pairs,
    base_rate,
    model_version
FROM lake.burnout_predictions
