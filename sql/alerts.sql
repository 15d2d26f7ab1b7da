-- view: alerts
-- one row per alert: a cause on one subject of an account (or of the whole instance), from its opening to its end
-- alert_id | VARCHAR | Identity: a hash of kind, account and subject key
-- account_id | VARCHAR | Ad account, with its prefix; null when it is about the whole instance
-- week | DATE | Monday of the newest week the evidence is about; may be null
-- kind | VARCHAR | Kind of alert (docs/alerts.md)
-- severity | VARCHAR | Severity of the newest evidence: low, medium, high or critical
-- subject | VARCHAR | What it is about, in words; may hold foreign text (names of ads)
-- summary | VARCHAR | One sentence: what is the matter; may hold foreign text
-- status | VARCHAR | open, acknowledged, snoozed or resolved
-- opened_at | UTC instant | When this episode began
-- last_seen_at | UTC instant | When its cause was last seen, to the hour while its severity stays
-- resolved_at | UTC instant | When its cause was gone; may be null
-- snoozed_until | UTC instant | Silent until then; may be null
-- acknowledged_by | VARCHAR | Who took it on; may be null
-- acknowledged_at | UTC instant | When somebody took it on; may be null
-- times_seen | count | Looks that saw the cause in this episode: at most one an hour unless its severity changes
-- openings | count | Episodes so far, this one included
-- evidence | VARCHAR | The figures behind it, as JSON

SELECT
    alert_id,
    account_id,
    week,
    kind,
    severity,
    subject,
    summary,
    status,
    opened_at,
    last_seen_at,
    resolved_at,
    snoozed_until,
    acknowledged_by,
    acknowledged_at,
    times_seen,
    openings,
    evidence
FROM lake.alerts
