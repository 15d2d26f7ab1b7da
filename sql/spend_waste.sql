-- view: spend_waste
-- one row per ad and week in which its spend of four weeks surely brought less than its peers'
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- ad_id | VARCHAR | Ad
-- result_family | VARCHAR | Result family
-- kind | VARCHAR | zero_results: none at all; dear_results: 1.5 times the peers' cost or more
-- spend | account currency, major units | Spend of the week
-- spend_28d | account currency, major units | Spend of the four weeks
-- results_28d | count | Results of the four weeks
-- expected_28d | count | Results that its peers get for that spend
-- peers_cpr | account currency, major units | Spend / results of the account's other ads of the family in the four weeks
-- wasted_28d | account currency, major units | spend_28d - results_28d x peers_cpr
-- wasted_least_28d | account currency, major units | The same if its true rate is as good as 95 % certainty still allows
-- q_value | DOUBLE | Chance of so few results by luck, adjusted for all ads of the account's week (Benjamini-Hochberg)

SELECT
    account_id,
    week,
    ad_id,
    result_family,
    kind,
    spend,
    spend_28d,
    results_28d,
    expected_28d,
    peers_cpr,
    wasted_28d,
    wasted_least_28d,
    q_value
FROM lake.spend_waste
