-- view: alert_outbox
-- one row per message about alerts to a sink: stored before it is sent, marked once it was taken
-- message_id | VARCHAR | Identity, sent along as the idempotency key
-- account_id | VARCHAR | Ad account, with its prefix; null when the message is about several, or about none
-- sink | VARCHAR | Name of the sink in the settings
-- created_at | UTC instant | When it was stored
-- failed_attempts | count | Tries that failed
-- next_attempt_at | UTC instant | Not before then; while it is being sent, when the sender counts as dead
-- delivered_at | UTC instant | When the sink took it; null while it waits
-- last_error | VARCHAR | Why the last try failed, redacted; may be null

SELECT
    message_id,
    account_id,
    sink,
    created_at,
    failed_attempts,
    next_attempt_at,
    delivered_at,
    last_error
FROM lake.alert_outbox
