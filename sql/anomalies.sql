-- view: anomalies
-- one row per finding: a metric of a campaign, ad set or ad that left its own baseline in a week or on a day
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- level | VARCHAR | campaign, adset or ad
-- entity_id | VARCHAR | Campaign, ad set or ad, by level
-- granularity | VARCHAR | What was judged: the whole week or a day of it
-- date | DATE | The day, of a finding on a day; may be null
-- finding_id | VARCHAR | Identity over re-runs: a hash of account, week, level, entity, type, family and, of a day, date and metric
-- anomaly_type | VARCHAR | Kind of finding
-- metric | VARCHAR | Column it is about
-- direction | VARCHAR | up or down
-- result_family | VARCHAR | Result family
-- current_value | DOUBLE | Value of the metric that week, in the unit of the metric (money in account currency, rates in percent); may be null
-- baseline_value | DOUBLE | What was expected: the level of weeks t-12 to t-1, or of the 28 days before; the lifetime budget of budget_depleted, the spend that a delivery_gap would have had, in the unit of the metric (money in account currency, rates in percent); may be null
-- delta_pct | percent | Difference from the baseline; may be null
-- p_value | DOUBLE | Chance of such a value without a change worth a finding, before false-discovery control
-- anomaly_score | DOUBLE | Size of the change times confidence, 0 to 1
-- confidence | DOUBLE | 1 minus the adjusted p-value, less for a short history; 0 to 1
-- severity | VARCHAR | By anomaly_score: 0.25, 0.5 and 0.75 divide
-- likely_triggers | VARCHAR[] | What moved with it in the same week, most telling first
-- preceding_deviations | STRUCT(week_offset BIGINT, metric VARCHAR, delta_pct DOUBLE, direction VARCHAR)[] | Deviations of weeks 0, -1 and -2, each against its own baseline, where significant
-- status | VARCHAR | Set by people, except new and withdrawn (no longer found)
-- currency | VARCHAR | ISO 4217 code of the amounts; null when the account left the registry

WITH findings AS (
    SELECT * FROM lake.anomalies_campaign
    UNION ALL BY NAME
    SELECT * FROM lake.anomalies_adset
    UNION ALL BY NAME
    SELECT * FROM lake.anomalies_ad
)

SELECT
    findings.account_id,
    findings.week,
    findings.level,
    findings.entity_id,
    findings.granularity,
    findings.date,
    findings.finding_id,
    findings.anomaly_type,
    findings.metric,
    findings.direction,
    findings.result_family,
    findings.current_value,
    findings.baseline_value,
    findings.delta_pct,
    findings.p_value,
    findings.anomaly_score,
    findings.confidence,
    findings.severity,
    findings.likely_triggers,
    findings.preceding_deviations,
    findings.status,
    accounts.currency
FROM findings
LEFT JOIN lake.accounts ON accounts.account_id = findings.account_id
