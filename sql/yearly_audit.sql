-- view: yearly_audit
-- one row per account, week and result family: the 52 weeks up to the week
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- result_family | VARCHAR | Result family
-- first_week | DATE | First of the 52 weeks with spend in the family
-- weeks | count | Weeks with spend
-- ads | count | Ads with spend
-- spend | account currency, major units | Spend
-- results | count | Results
-- cpr | account currency, major units | spend / results; null without
-- median_week_cpr | account currency, major units | Median cost per result of the weeks; a week without results is the dearest; null if that is the median
-- top_ads | count | A tenth of the ads, rounded up
-- top_ads_results_pct | percent | Share of the results that the top ads by results brought; may be null
-- top_ads_spend_pct | percent | Share of the spend that those same ads took; may be null
-- ads_for_80_pct | count | Fewest ads that bring 80 % of the results; null without results
-- spend_of_the_rest | account currency, major units | Spend of the other ads; may be null
-- zero_result_spend | account currency, major units | Spend of ad-weeks without results (not all of it is waste: see spend_waste)
-- zero_result_ad_weeks | count | Those ad-weeks
-- zero_result_ads | count | Ads without a result in all the weeks
-- best_weeks | STRUCT(week DATE, spend DOUBLE, results DOUBLE, cpr DOUBLE)[] | Up to five cheapest complete weeks with results and enough spend, cheapest first
-- worst_weeks | STRUCT(week DATE, spend DOUBLE, results DOUBLE, cpr DOUBLE)[] | Up to five dearest complete weeks with enough spend, dearest first; cpr null: none

SELECT
    account_id,
    week,
    result_family,
    first_week,
    weeks,
    ads,
    spend,
    results,
    cpr,
    median_week_cpr,
    top_ads,
    top_ads_results_pct,
    top_ads_spend_pct,
    ads_for_80_pct,
    spend_of_the_rest,
    zero_result_spend,
    zero_result_ad_weeks,
    zero_result_ads,
    best_weeks,
    worst_weeks
FROM lake.yearly_audit
