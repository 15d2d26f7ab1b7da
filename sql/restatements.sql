-- view: restatements
-- one row per value of an ad-day that a later sync overwrote
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- ad_id | VARCHAR | Ad
-- date | DATE | Day in the account's time zone
-- metric | VARCHAR | spend, impressions, reach, clicks, inline_link_clicks or results:FAMILY
-- old_value | DOUBLE | Value before, in the unit of the metric (money in account currency, else a count); null: no row
-- new_value | DOUBLE | Value after, in the unit of the metric; null: the row is gone
-- old_age_days | days | Age of the day when its week was last read before
-- age_days | days | Age of the day at the observation, by the account's calendar; yesterday is 1
-- known_since | UTC instant | When the row with the old value was first read; null with no row
-- observed_at | UTC instant | When the new value was read
-- currency | VARCHAR | ISO 4217 code of the amounts; null when the account left the registry

SELECT
    restatements.account_id,
    restatements.week,
    restatements.ad_id,
    restatements.date,
    restatements.metric,
    restatements.old_value,
    restatements.new_value,
    restatements.old_age_days,
    restatements.age_days,
    restatements.known_since,
    restatements.observed_at,
    accounts.currency
FROM lake.restatements
LEFT JOIN lake.accounts ON accounts.account_id = restatements.account_id
