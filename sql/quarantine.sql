-- view: quarantine
-- one row per row that a table refused
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- table_name | VARCHAR | Table that refused the row
-- reason | VARCHAR | Failed checks
-- row | VARCHAR | The row, as JSON
-- observed_at | UTC instant | When it was refused

SELECT
    account_id,
    week,
    table_name,
    reason,
    row,
    observed_at
FROM lake.quarantine
