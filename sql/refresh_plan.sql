-- view: refresh_plan
-- one row per account: how many days a refresh has to read again
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Newest week with evidence; null when there is none
-- lookback_days | days | Beyond them less than 0.5 % of spend and of each money family is restated; 28 without evidence

SELECT
    accounts.account_id,
    max(completeness.week) AS week,
    coalesce(arg_max(completeness.lookback_days, completeness.week), 28) AS lookback_days
FROM lake.accounts
LEFT JOIN lake.completeness ON completeness.account_id = accounts.account_id
GROUP BY accounts.account_id
