-- view: response_curves
-- one row per campaign or ad set and week with spend: how its results follow its spend, where its weeks can tell
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- level | VARCHAR | campaign or adset
-- entity_id | VARCHAR | Campaign or ad set, by level
-- result_family | VARCHAR | Result family
-- verdict | VARCHAR | saturated: surely below 0.8; room: surely above it; unclear: neither; not_identifiable: see reason
-- reason | VARCHAR | Why the weeks cannot tell; null where they can
-- weeks_used | count | Weeks with spend in the family behind the fit
-- elasticity | ratio | Percent more results for one percent more spend: 1 is in proportion, 0 is nothing more; may be null
-- elasticity_lo_90 | ratio | Lower end of its 90 % interval; may be null
-- elasticity_hi_90 | ratio | Upper end of its 90 % interval; may be null
-- spend | account currency, major units | Spend of the week
-- average_cpr | account currency, major units | Cost per result at that spend, by the curve; may be null
-- marginal_cpr | account currency, major units | Cost of one more result at that spend, by the curve; null where more spend brought no more

SELECT
    account_id,
    week,
    level,
    entity_id,
    result_family,
    verdict,
    reason,
    weeks_used,
    elasticity,
    elasticity_lo_90,
    elasticity_hi_90,
    spend,
    average_cpr,
    marginal_cpr
FROM lake.response_curves
