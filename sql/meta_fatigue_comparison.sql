-- view: meta_fatigue_comparison
-- one row per word of Meta and weeks ahead: its label and our risk of the same ad weeks, beside what happened
-- fatigue_level | VARCHAR | LOW, MEDIUM, HIGH; unnamed: a label without these words; none: no label, in an account and week with labels
-- horizon_weeks | weeks | Weeks from the label to the outcome
-- ad_weeks | count | Ad weeks whose outcome is known, of all accounts
-- accounts | count | Accounts they are from
-- burnt_share | fraction | Share of them whose CPR exceeded 1.2 times its 4-week median
-- mean_risk | fraction | Mean of our risk_score for them
-- brier | of 1 | Mean of (risk_score - outcome) squared

WITH labelled_weeks AS (
    SELECT DISTINCT
        account_id,
        week
    FROM lake.meta_fatigue
)
SELECT
    CASE
        WHEN said.ad_id IS NULL THEN 'none'
        ELSE coalesce(said.fatigue_level, 'unnamed')
    END AS fatigue_level,
    scores.horizon AS horizon_weeks,
    count(*) AS ad_weeks,
    count(DISTINCT scores.account_id) AS accounts,
    avg(scores.actual) AS burnt_share,
    avg(scores.predicted) AS mean_risk,
    avg(scores.error ** 2) AS brier
FROM lake.prediction_scores AS scores
JOIN labelled_weeks
    ON labelled_weeks.account_id = scores.account_id AND labelled_weeks.week = scores.origin_week
LEFT JOIN lake.meta_fatigue AS said
    ON said.account_id = scores.account_id AND said.week = scores.origin_week AND said.ad_id = scores.entity_id
WHERE scores.kind = 'burnout'
GROUP BY ALL
