-- view: anomaly_patterns
-- one row per figure of a pattern, over the 52 weeks up to the last week of a month
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- level | VARCHAR | campaign, adset or ad
-- kind | VARCHAR | Which pattern
-- subject | VARCHAR | Metric or family it is about; 'all' where of all
-- detail | VARCHAR | Month, ISO week, week offset or quartile, by kind; '-' where there is none
-- lead_weeks | BIGINT | Weeks between the metric and the cost; 0 where it is not about a lead
-- value | fraction | The share (0 to 1) or the correlation (-1 to 1)
-- lo_95 | fraction | Lower end of its 95 % interval; may be null
-- hi_95 | fraction | Upper end of its 95 % interval; may be null
-- baseline | DOUBLE | What it is compared with: the share over all, 0 for a correlation; may be null
-- cases | count | Findings, or pairs of weeks, behind it
-- base | count | Entity-weeks or entities behind it
-- q_value | DOUBLE | Chance of such a difference from the baseline, adjusted over the kind (Benjamini-Hochberg); may be null
-- is_significant | BOOLEAN | q_value is at most 0.05

SELECT
    account_id,
    week,
    level,
    kind,
    subject,
    detail,
    lead_weeks,
    value,
    lo_95,
    hi_95,
    baseline,
    cases,
    base,
    q_value,
    is_significant
FROM lake.anomaly_patterns
