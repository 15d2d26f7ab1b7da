"""Goal drift: where the spend of an account moves among optimization goals, and which ad sets changed theirs."""

import polars as pl

from insights_assets.tables.columns import account_id, count, money, one_of, percent, week
from insights_assets.tables.model import Table, TableModel, column

DRIFT_KINDS = ("mix", "changed_goal")
TRENDS = ("growing", "declining", "steady", "new")


class GoalDrift(TableModel):
    """One goal in an account's week beside the 12 weeks before (kind mix), or an ad set whose goal changed."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    kind: pl.String = one_of("mix: share of a goal; changed_goal: an ad set that was given another one", DRIFT_KINDS)
    subject: pl.String = column("Optimization goal of a mix; ad set of a change", str_length={"min_value": 1})
    goal: pl.String = column("Optimization goal, of an ad set its new one; null: not reported", nullable=True)
    previous_goal: pl.String = column("Goal of the week before, of a change", nullable=True)
    spend: pl.Float64 = money("Spend of the week under the goal, or of the ad set")
    spend_share_pct: pl.Float64 = percent("Its share of the account's spend in the last 4 weeks", ge=0, nullable=True)
    share_before_pct: pl.Float64 = percent("Its share in the 12 weeks before those; null without", ge=0, nullable=True)
    trend: pl.String = one_of(
        "growing: 1.2 times the share before or more, and 5 points; declining: 0.8 times or less, and 5 points; "
        "new: no spend before; steady: else; null of a change",
        TRENDS,
        nullable=True,
    )
    results: pl.Float64 = column(
        "Results of the last 4 weeks (of a change: of the week), each ad set's in its family", unit="count", ge=0
    )
    results_share_pct: pl.Float64 = percent("Their share of the account's in the 4 weeks", ge=0, nullable=True)
    cpr: pl.Float64 = money("Spend / results of those weeks; null without", nullable=True)
    adsets: pl.Int64 = count("Ad sets with spend under the goal in the week; 1 of a change")


GOAL_DRIFT = Table("goal_drift", "findings", GoalDrift, ("account_id", "week", "kind", "subject"))
