-- view: results_weekly
-- one row per entity, week and result family; a spending week without results keeps its primary family's row
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- level | VARCHAR | campaign, adset or ad
-- entity_id | VARCHAR | Campaign, ad set or ad, by level
-- parent_id | VARCHAR | Ad set of an ad, campaign of an ad set; may be null
-- result_family | VARCHAR | Result family
-- results | count | Results, canonical action type only
-- result_value | account currency, major units | Value of the results, where Meta reports one; may be null
-- spend | account currency, major units | Whole spend of the entity that week: repeated in each family's row, never add over families
-- cpr | account currency, major units | spend / results; null when there are none
-- is_primary | BOOLEAN | The family the entity is optimised for, by its goal that week
-- is_settled | BOOLEAN | Every day of the week was more than 28 days old when it was read
-- currency | VARCHAR | ISO 4217 code of the amounts; null when the account left the registry

SELECT
    results_weekly.account_id,
    results_weekly.week,
    results_weekly.level,
    results_weekly.entity_id,
    results_weekly.parent_id,
    results_weekly.result_family,
    results_weekly.results,
    results_weekly.result_value,
    results_weekly.spend,
    results_weekly.cpr,
    results_weekly.is_primary,
    results_weekly.is_settled,
    accounts.currency
FROM lake.results_weekly
LEFT JOIN lake.accounts ON accounts.account_id = results_weekly.account_id
