-- view: check_results
-- one row per table, check, account and week: the newest verdict
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- table_name | VARCHAR | Table that was checked
-- check_name | VARCHAR | Check
-- passed | BOOLEAN | Verdict
-- severity | VARCHAR | ERROR blocks what is downstream, WARN does not
-- failing_rows | count | Rows that failed
-- reason | VARCHAR | First failing reasons; may be null
-- observed_at | UTC instant | When the check ran

SELECT
    account_id,
    week,
    table_name,
    check_name,
    passed,
    severity,
    failing_rows,
    reason,
    observed_at
FROM lake.check_results
