-- view: accounts
-- one row per account in the registry; where a token is kept is not shown
-- account_id | VARCHAR | Ad account, with its prefix
-- name | VARCHAR | The account's name
-- business_id | VARCHAR | Business that owns the account; rate limits are shared within it; may be null
-- currency | VARCHAR | ISO 4217 code of every amount of this account
-- timezone_name | VARCHAR | IANA time zone that cuts this account's days and weeks
-- status | VARCHAR | Meta's account status (ACTIVE, DISABLED, ...), or DISABLED_HERE when switched off by us
-- source | VARCHAR | How it came here: discovered, added, from a file, of a legacy single-account user, or the sandbox's
-- user_id | VARCHAR | Legacy single-account user that the account belongs to; may be null
-- observed_at | UTC instant | When it was read from the API

SELECT
    account_id,
    name,
    business_id,
    currency,
    timezone_name,
    status,
    source,
    user_id,
    observed_at
FROM lake.accounts
