-- view: creative_fatigue
-- one row per creative and week with delivery: its recent weeks against its early ones, over all its ads
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- creative_id | VARCHAR | Creative
-- creative_type | VARCHAR | Kind of creative
-- result_family | VARCHAR | Family of the results; null: several
-- fatigue | VARCHAR | fatigued: fewer clicks and dearer results; tiring: one of them; fresh: neither; too_early: no week before the recent two, or too few clicks and results in them
-- weeks_shown | count | Weeks with delivery among the 12
-- early_link_ctr | percent | inline_link_clicks / impressions of the early weeks; may be null
-- recent_link_ctr | percent | The same of the recent weeks; may be null
-- link_ctr_change_pct | percent | (recent_link_ctr - early_link_ctr) / early_link_ctr; may be null
-- link_ctr_q | DOUBLE | Chance of so few clicks by luck, adjusted for all creatives of the account's week (Benjamini-Hochberg); may be null
-- early_cpr | account currency, major units | spend / results of the early weeks; null without
-- recent_cpr | account currency, major units | The same of the recent weeks; null without results
-- cpr_change_pct | percent | (recent_cpr - early_cpr) / early_cpr; may be null
-- cpr_q | DOUBLE | Chance of so few results for the spend, adjusted alike; may be null

SELECT
    account_id,
    week,
    creative_id,
    creative_type,
    result_family,
    fatigue,
    weeks_shown,
    early_link_ctr,
    recent_link_ctr,
    link_ctr_change_pct,
    link_ctr_q,
    early_cpr,
    recent_cpr,
    cpr_change_pct,
    cpr_q
FROM lake.creative_fatigue
