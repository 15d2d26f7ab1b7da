-- view: results_daily
-- one row per entity, day and result family; a spending day without results keeps its primary family's row
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- date | DATE | Day in the account's time zone
-- level | VARCHAR | campaign, adset or ad
-- entity_id | VARCHAR | Campaign, ad set or ad, by level
-- result_family | VARCHAR | Result family
-- results | count | Results, canonical action type only
-- result_value | account currency, major units | Value of the results, where Meta reports one; may be null
-- spend | account currency, major units | Whole spend of the entity that day: repeated in each family's row, never add over families
-- cpr | account currency, major units | spend / results; null when there are none
-- is_primary | BOOLEAN | The family the entity is optimised for, by its goal that week
-- is_settled | BOOLEAN | The day was more than 28 days old when it was read
-- currency | VARCHAR | ISO 4217 code of the amounts; null when the account left the registry

SELECT
    results_daily.account_id,
    results_daily.week,
    results_daily.date,
    results_daily.level,
    results_daily.entity_id,
    results_daily.result_family,
    results_daily.results,
    results_daily.result_value,
    results_daily.spend,
    results_daily.cpr,
    results_daily.is_primary,
    results_daily.is_settled,
    accounts.currency
FROM lake.results_daily
LEFT JOIN lake.accounts ON accounts.account_id = results_daily.account_id
