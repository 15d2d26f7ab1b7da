-- view: sync_log
-- one row per account, week and run of a step
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- step | VARCHAR | Asset name
-- status | VARCHAR | ok or failed
-- error_type | VARCHAR | Kind of failure; may be null
-- error_code | BIGINT | Graph API error code; may be null
-- error_subcode | BIGINT | Graph API error subcode; may be null
-- message | VARCHAR | One redacted sentence: what failed and what to do, or what is to be known of a success; may be null
-- attempts | count | Tries within the run
-- requests | count | API requests of the step, over all weeks of the run
-- duration_s | seconds | Duration of the step, over all weeks of the run
-- rows | count | Rows stored for this week
-- retry_after | UTC instant | When a blocked account may be asked again; may be null
-- run_id | VARCHAR | Dagster run
-- finished_at | UTC instant | When the step ended

SELECT
    account_id,
    week,
    step,
    status,
    error_type,
    error_code,
    error_subcode,
    message,
    attempts,
    requests,
    duration_s,
    rows,
    retry_after,
    run_id,
    finished_at
FROM lake.sync_log
