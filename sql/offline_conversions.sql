-- view: offline_conversions
-- one row per entity, day and kind of conversion that happened outside Meta, from dropped files
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the account's time zone
-- date | DATE | Day of the conversion in the account's time zone
-- level | VARCHAR | What the conversions are attributed to: account, campaign or ad
-- entity_id | VARCHAR | Account, campaign or ad, by level
-- campaign_id | VARCHAR | Campaign, where the file names one; may be null
-- event | VARCHAR | Kind of conversion, such as purchase
-- conversions | count | Conversions
-- revenue | `currency`, major units | Revenue; may be null
-- currency | VARCHAR | ISO 4217 code of the revenue: the file's, else the account's
-- file | VARCHAR | Name of the file that the row is from

SELECT
    o.account_id,
    o.week,
    o.date,
    o.level,
    o.entity_id,
    o.campaign_id,
    o.event,
    o.conversions,
    o.revenue,
    coalesce(o.currency, a.currency) AS currency,
    o.file
FROM lake.offline_conversions AS o
LEFT JOIN lake.accounts AS a USING (account_id)
