-- view: sync_metrics
-- one row per account and day on which its data was synced: how fast, how often it failed, how much it asked
-- account_id | VARCHAR | Ad account, with its prefix
-- day | DATE | Day in the ad account's time zone
-- syncs | count | Runs that asked the API
-- sync_duration_median_s | seconds | Median duration of those runs: the sum of a run's steps that ask the API; null without any
-- sync_duration_max_s | seconds | Longest of them; null without any
-- steps_run | count | Steps run, over all runs
-- steps_failed | count | Of these the failed ones
-- error_share | fraction | steps_failed / steps_run
-- rate_limit_hits | count | Steps that ended in a block by the API
-- rate_limit_hits_per_hour | count | The most of them in one hour of the day
-- api_calls | count | Requests to the API
-- rows_stored | count | Rows stored by steps that ask the API
-- rows_per_second | count | rows_stored / seconds of those steps, a ratio of sums; null without any second
-- partitions | count | Weeks times steps that were asked for
-- coverage | fraction | Share of partitions whose last run of the day ended well

WITH log AS (
    SELECT
        sync_log.*,
        -- An account that is not registered any more keeps its rows, by UTC days.
        timezone(coalesce(accounts.timezone_name, 'UTC'), sync_log.finished_at) AS local_time
    FROM lake.sync_log
    LEFT JOIN lake.accounts ON accounts.account_id = sync_log.account_id
),

-- A run of a step has a row for each of its weeks, with the same requests and duration in each.
steps AS (
    SELECT
        account_id,
        local_time::DATE AS day,
        date_trunc('hour', local_time) AS hour,
        run_id,
        step,
        finished_at,
        bool_or(status = 'failed') AS failed,
        bool_or(error_type = 'rate_limited' AND status = 'failed') AS limited,
        max(requests) AS requests,
        max(duration_s) AS duration_s,
        sum(rows) AS rows
    FROM log
    GROUP BY ALL
),

runs AS (
    SELECT account_id, day, run_id, sum(duration_s) AS duration_s
    FROM steps
    WHERE requests > 0 OR duration_s > 0
    GROUP BY ALL
),

durations AS (
    SELECT account_id, day, count(*) AS syncs, median(duration_s) AS middle, max(duration_s) AS longest
    FROM runs
    GROUP BY ALL
),

hours AS (
    SELECT account_id, day, max(hits) AS most
    FROM (
        SELECT account_id, day, hour, count_if(limited) AS hits
        FROM steps
        GROUP BY ALL
    )
    GROUP BY ALL
),

newest AS (
    SELECT account_id, local_time::DATE AS day, week, step, arg_max(status, finished_at) = 'ok' AS landed
    FROM log
    GROUP BY ALL
),

covered AS (
    SELECT account_id, day, count(*) AS partitions, count_if(landed) AS landed
    FROM newest
    GROUP BY ALL
),

counted AS (
    SELECT
        account_id,
        day,
        count(*) AS steps_run,
        count_if(failed) AS steps_failed,
        count_if(limited) AS rate_limit_hits,
        sum(requests) AS api_calls,
        coalesce(sum(rows) FILTER (requests > 0 OR duration_s > 0), 0) AS rows_stored,
        sum(duration_s) AS seconds
    FROM steps
    GROUP BY ALL
)

SELECT
    counted.account_id,
    counted.day,
    coalesce(durations.syncs, 0) AS syncs,
    durations.middle AS sync_duration_median_s,
    durations.longest AS sync_duration_max_s,
    counted.steps_run,
    counted.steps_failed,
    counted.steps_failed / counted.steps_run AS error_share,
    counted.rate_limit_hits,
    hours.most AS rate_limit_hits_per_hour,
    counted.api_calls,
    counted.rows_stored,
    counted.rows_stored / nullif(counted.seconds, 0) AS rows_per_second,
    covered.partitions,
    covered.landed / covered.partitions AS coverage
FROM counted
INNER JOIN hours USING (account_id, day)
INNER JOIN covered USING (account_id, day)
LEFT JOIN durations USING (account_id, day)
