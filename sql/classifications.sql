-- view: classifications
-- one row per entity (campaign, ad set, ad) and week with delivery: its tier, and how sure that is
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- level | VARCHAR | campaign, adset or ad
-- entity_id | VARCHAR | Campaign, ad set or ad, by level
-- result_family | VARCHAR | Result family
-- tier | VARCHAR | The tier, best first; never HIGH_PERFORMER without a result, unless a user says so
-- confidence | fraction | Probability of the tier; 1 where a user gave it
-- previous_tier | VARCHAR | Tier in the newest week with delivery among the 4 before; null when there is none
-- direction | VARCHAR | Against previous_tier: up is better; new without one
-- source | VARCHAR | feedback: a user's; model: learnt from outcomes; rules: where too little is known to learn
-- rule_tier | VARCHAR | What the rules alone say
-- p_high_performer | fraction | Probability of HIGH_PERFORMER, by source (rules under a feedback)
-- p_moderate | fraction | Probability of MODERATE
-- p_low | fraction | Probability of LOW
-- p_underperformer | fraction | Probability of UNDERPERFORMER
-- reference | VARCHAR | What the cost is compared with: peers; own_past (its 4 weeks before) without peers that have results; none
-- peers | count | Other entities of the account, level and family with spend that week
-- spend | account currency, major units | Spend of the week
-- results | count | Results of the week
-- reference_cpr | account currency, major units | Cost per result of the reference: a ratio of sums; may be null
-- evidence_results | DOUBLE | Results of the week and half of those of the 4 before, less where the reference is uncertain
-- evidence_expected | DOUBLE | What the same spend brings the reference, weighed alike
-- peer_spread | fraction | How much the entities of the group differ: standard deviation of their rates of results about the mean's
-- cost_vs_reference_pct | percent | Cost per result against the reference's, drawn towards 0 as results are few (median); + is dearer
-- cost_vs_reference_lo_80 | percent | 10th percentile of that
-- cost_vs_reference_hi_80 | percent | 90th percentile of that
-- model_version | VARCHAR | Model, the week it was fitted on and its rows; or the rules' version

SELECT
    account_id,
    week,
    level,
    entity_id,
    result_family,
    tier,
    confidence,
    previous_tier,
    direction,
    source,
    rule_tier,
    p_high_performer,
    p_moderate,
    p_low,
    p_underperformer,
    reference,
    peers,
    spend,
    results,
    reference_cpr,
    evidence_results,
    evidence_expected,
    peer_spread,
    cost_vs_reference_pct,
    cost_vs_reference_lo_80,
    cost_vs_reference_hi_80,
    model_version
FROM (
    FROM lake.classifications_campaign
    UNION ALL BY NAME
    FROM lake.classifications_adset
    UNION ALL BY NAME
    FROM lake.classifications_ad
)
