-- view: forecasts
-- one row per entity, metric, grain and future day or week: what is expected from the close of `week` on
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the origin: the last week that was known, in the account's time zone
-- level | VARCHAR | account, campaign, adset or ad
-- entity_id | VARCHAR | Account, campaign, ad set or ad, by level
-- parent_id | VARCHAR | Ad set of an ad, campaign of an ad set, account of a campaign; may be null
-- metric | VARCHAR | spend, results or cpr; money in the account's currency, major units
-- result_family | VARCHAR | Family of results and cpr: the primary one of the 28 days before; null for spend
-- grain | VARCHAR | day or week: what ds stands for
-- horizon | of the grain | Days (1 to 7) or weeks (1 to 4) after the origin
-- ds | DATE | The day, or the Monday of the week, that is forecast
-- mean | of the metric | Middle of what is expected; cpr is null where no result is expected
-- lo_80 | of the metric | 10 % are below
-- hi_80 | of the metric | 10 % are above
-- lo_95 | of the metric | 2.5 % are below
-- hi_95 | of the metric | 2.5 % are above
-- model | VARCHAR | Model and its version
-- naive | of the metric | Last known value: what no change would give
-- seasonal_naive | of the metric | Value of the same weekday a week before, or of the week a year before; may be null
-- scale | of the metric | Mean absolute change from one known step to the next: what errors are divided by
-- points | count | Known days or weeks behind it
-- currency | VARCHAR | ISO 4217 code of the amounts; null when the account left the registry

WITH united AS (
    SELECT * FROM lake.forecasts_account
    UNION ALL BY NAME
    SELECT * FROM lake.forecasts_campaign
    UNION ALL BY NAME
    SELECT * FROM lake.forecasts_adset
    UNION ALL BY NAME
    SELECT * FROM lake.forecasts_ad
)
SELECT
    united.account_id,
    united.week,
    united.level,
    united.entity_id,
    united.parent_id,
    united.metric,
    united.result_family,
    united.grain,
    united.horizon,
    united.ds,
    united.mean,
    united.lo_80,
    united.hi_80,
    united.lo_95,
    united.hi_95,
    united.model,
    united.naive,
    united.seasonal_naive,
    united.scale,
    united.points,
    accounts.currency
FROM united
LEFT JOIN lake.accounts ON accounts.account_id = united.account_id
