-- view: ad_lifecycle
-- one row per ad and complete week: its status, its chance of a way back, and how long ads of its age last
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- ad_id | VARCHAR | Ad
-- result_family | VARCHAR | Result family
-- status | VARCHAR | burned_out: cost_ratio of 1.5 or more; degraded: 1.2 or more; recovering: below 1.5 within 4 weeks of having burnt out; healthy: else, and while there is no good cost yet
-- weeks_in_status | weeks | Weeks with delivery in a row in this status
-- good_cpr | account currency, major units | Lower quartile of weekly costs from 25 to 2 weeks before, of at least 4; null below
-- cost_ratio | fraction | Cost of this week and the one before, a ratio of sums, over good_cpr; may be null
-- age_weeks | weeks | Weeks since the ad's first delivery known here
-- recovery_probability | fraction | Of a burnt-out or degraded ad: share of like ad weeks with a good cost again in 4 weeks, shrunk by 20 at 1/2; may be null
-- survival | fraction | Share of ads that reach this age without burning out (Kaplan-Meier)
-- median_weeks_left | weeks | Weeks in which half of the ads that got this old burn out; null when fewer did, or it has burnt
-- burnt_lives | count | Ads behind it that burnt out
-- censored_lives | count | Ads behind it that stopped or run on without having burnt out

SELECT
    account_id,
    week,
    ad_id,
    result_family,
    status,
    weeks_in_status,
    good_cpr,
    cost_ratio,
    age_weeks,
    recovery_probability,
    survival,
    median_weeks_left,
    burnt_lives,
    censored_lives
FROM lake.ad_lifecycle
