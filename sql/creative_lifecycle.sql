-- view: creative_lifecycle
-- one row per creative, complete week and result family: its cost against its own good cost, and how long creatives last
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- creative_id | VARCHAR | Creative
-- result_family | VARCHAR | Result family
-- status | VARCHAR | burned_out: cost_ratio of 1.5 or more; degraded: 1.2 or more; recovering: below 1.5 within 4 weeks of having burnt out; healthy: else, and while there is no good cost yet
-- weeks_in_status | weeks | Weeks with delivery in a row in this status
-- good_cpr | account currency, major units | Lower quartile of weekly costs from 25 to 2 weeks before, of at least 4; null below
-- cost_ratio | fraction | Cost of this week and the one before, a ratio of sums, over good_cpr; may be null
-- age_weeks | weeks | Weeks since its first delivery known here
-- survival | fraction | Share of creatives that reach this age without burning out (Kaplan-Meier)
-- median_weeks_left | weeks | Weeks in which half of the creatives that got this old burn out; null when fewer did, or it has burnt
-- burnt_lives | count | Creatives behind it that burnt out
-- censored_lives | count | Creatives behind it that stopped or run on without having burnt out

SELECT
    account_id,
    week,
    creative_id,
    result_family,
    status,
    weeks_in_status,
    good_cpr,
    cost_ratio,
    age_weeks,
    survival,
    median_weeks_left,
    burnt_lives,
    censored_lives
FROM lake.creative_lifecycle
