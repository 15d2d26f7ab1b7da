-- view: anomalies
-- one row per finding: a metric of an entity (ads so far) that left its own baseline in a week
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- level | VARCHAR | campaign, adset or ad
-- entity_id | VARCHAR | Ad, at level ad
-- finding_id | VARCHAR | Identity over re-runs: a hash of account, week, level, entity, type and family
-- anomaly_type | VARCHAR | Kind of finding
-- metric | VARCHAR | Column it is about
-- direction | VARCHAR | up or down
-- result_family | VARCHAR | Result family
-- current_value | DOUBLE | Value of the metric that week, in the unit of the metric (money in account currency, rates in percent); may be null
-- baseline_value | DOUBLE | What was expected: the level of weeks t-12 to t-1, in the unit of the metric (money in account currency, rates in percent); may be null
-- delta_pct | percent | Difference from the baseline; may be null
-- p_value | DOUBLE | Chance of such a value without a change worth a finding, before false-discovery control
-- anomaly_score | DOUBLE | Size of the change times confidence, 0 to 1
-- confidence | DOUBLE | 1 minus the adjusted p-value, less for a short history; 0 to 1
-- severity | VARCHAR | By anomaly_score: 0.25, 0.5 and 0.75 divide
-- likely_triggers | VARCHAR[] | What moved with it in the same week, most telling first
-- preceding_deviations | STRUCT(week_offset BIGINT, metric VARCHAR, delta_pct DOUBLE, direction VARCHAR)[] | Deviations of weeks 0, -1 and -2, each against its own baseline, where significant
-- status | VARCHAR | Set by people, except new and withdrawn (no longer found)
-- currency | VARCHAR | ISO 4217 code of the amounts; null when the account left the registry

SELECT
    anomalies_ad.account_id,
    anomalies_ad.week,
    anomalies_ad.level,
    anomalies_ad.entity_id,
    anomalies_ad.finding_id,
    anomalies_ad.anomaly_type,
    anomalies_ad.metric,
    anomalies_ad.direction,
    anomalies_ad.result_family,
    anomalies_ad.current_value,
    anomalies_ad.baseline_value,
    anomalies_ad.delta_pct,
    anomalies_ad.p_value,
    anomalies_ad.anomaly_score,
    anomalies_ad.confidence,
    anomalies_ad.severity,
    anomalies_ad.likely_triggers,
    anomalies_ad.preceding_deviations,
    anomalies_ad.status,
    accounts.currency
FROM lake.anomalies_ad
LEFT JOIN lake.accounts ON accounts.account_id = anomalies_ad.account_id
