-- view: goal_drift
-- one row per goal and account's week (kind mix), or per ad set whose goal changed (kind changed_goal)
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- kind | VARCHAR | mix: share of a goal; changed_goal: an ad set that was given another one
-- subject | VARCHAR | Optimization goal of a mix; ad set of a change
-- goal | VARCHAR | Optimization goal, of an ad set its new one; null: not reported
-- previous_goal | VARCHAR | Goal of the week before, of a change; may be null
-- spend | account currency, major units | Spend of the week under the goal, or of the ad set
-- spend_share_pct | percent | Its share of the account's spend in the last 4 weeks; may be null
-- share_before_pct | percent | Its share in the 12 weeks before those; null without
-- trend | VARCHAR | growing: 1.2 times the share before or more, and 5 points; declining: 0.8 times or less, and 5 points; new: no spend before; steady: else; null of a change
-- results | count | Results of the last 4 weeks (of a change: of the week), each ad set's in its family
-- results_share_pct | percent | Their share of the account's in the 4 weeks; may be null
-- cpr | account currency, major units | Spend / results of those weeks; null without
-- adsets | count | Ad sets with spend under the goal in the week; 1 of a change

SELECT
    account_id,
    week,
    kind,
    subject,
    goal,
    previous_goal,
    spend,
    spend_share_pct,
    share_before_pct,
    trend,
    results,
    results_share_pct,
    cpr,
    adsets
FROM lake.goal_drift
