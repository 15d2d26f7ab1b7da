"""Results: one canonical action type a family, at each level, daily and weekly."""

import polars as pl

from insights_assets.tables.columns import account_id, family, identifier, level, money, week
from insights_assets.tables.model import Table, TableModel, column


class ResultsDaily(TableModel):
    """Results of one family for one entity on one day; a spending day without results keeps its primary family."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    date: pl.Date = column("Day in the account's time zone")
    level: pl.String = level()
    entity_id: pl.String = identifier("Campaign, ad set or ad, by level")
    result_family: pl.String = family()
    results: pl.Float64 = column("Results, canonical action type only", unit="count", ge=0)
    result_value: pl.Float64 = money("Value of the results, where Meta reports one", nullable=True)
    spend: pl.Float64 = money(
        "Whole spend of the entity that day: repeated in each family's row, never add over families"
    )
    cpr: pl.Float64 = money("spend / results; null when there are none", nullable=True)
    is_primary: pl.Boolean = column("The family the entity is optimised for, by its goal that week")
    is_settled: pl.Boolean = column("The day was more than 28 days old when it was read")


class ResultsWeekly(TableModel):
    """Results of one family for one entity in one week, summed from days; a spending week without results is kept."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    level: pl.String = level()
    entity_id: pl.String = identifier("Campaign, ad set or ad, by level")
    parent_id: pl.String = column("Ad set of an ad, campaign of an ad set", nullable=True)
    result_family: pl.String = family()
    results: pl.Float64 = column("Results, canonical action type only", unit="count", ge=0)
    result_value: pl.Float64 = money("Value of the results, where Meta reports one", nullable=True)
    spend: pl.Float64 = money(
        "Whole spend of the entity that week: repeated in each family's row, never add over families"
    )
    cpr: pl.Float64 = money("spend / results; null when there are none", nullable=True)
    is_primary: pl.Boolean = column("The family the entity is optimised for, by its goal that week")
    is_settled: pl.Boolean = column("Every day of the week was more than 28 days old when it was read")


RESULTS_DAILY = Table(
    "results_daily", "core", ResultsDaily, ("account_id", "week", "date", "level", "entity_id", "result_family")
)
RESULTS_WEEKLY = Table(
    "results_weekly", "core", ResultsWeekly, ("account_id", "week", "level", "entity_id", "result_family")
)
