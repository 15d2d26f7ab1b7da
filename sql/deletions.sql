-- view: deletions
-- one row per deletion of weeks of an account; it holds no figure of what was deleted
-- deletion_id | VARCHAR | Identity
-- account_id | VARCHAR | Ad account, with its prefix
-- first_week | DATE | Monday of the first week deleted
-- last_week | DATE | Monday of the last week deleted
-- asked_since | DATE | First day asked for; its whole week was deleted
-- asked_until | DATE | Last day asked for; its whole week was deleted
-- deleted_by | VARCHAR | Who asked for it
-- requested_at | UTC instant | When it was asked for: nothing writes the weeks from then on
-- finished_at | UTC instant | When it was done; null: cut short, to be run again
-- tables | VARCHAR[] | Tables that had rows of the weeks, or later rows made from them
-- rows | count | Rows deleted, copies and later rows made from them included
-- lifted_by | VARCHAR | Who allowed the weeks to be read again; may be null
-- lifted_at | UTC instant | When; null: in force

SELECT
    deletion_id,
    account_id,
    first_week,
    last_week,
    asked_since,
    asked_until,
    deleted_by,
    requested_at,
    finished_at,
    tables,
    rows,
    lifted_by,
    lifted_at
FROM lake.deletions
