"""Waste: spend of an ad that surely brought less than the same spend brings its peers."""

import polars as pl

from insights_assets.tables.columns import account_id, family, identifier, money, one_of, week
from insights_assets.tables.model import Table, TableModel, column

WASTE_KINDS = ("zero_results", "dear_results")


class SpendWaste(TableModel):
    """One ad whose results over the four weeks up to the week are beyond noise too few for its spend."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    ad_id: pl.String = identifier("Ad")
    result_family: pl.String = family()
    kind: pl.String = one_of("zero_results: none at all; dear_results: 1.5 times the peers' cost or more", WASTE_KINDS)
    spend: pl.Float64 = money("Spend of the week")
    spend_28d: pl.Float64 = money("Spend of the four weeks")
    results_28d: pl.Float64 = column("Results of the four weeks", unit="count", ge=0)
    expected_28d: pl.Float64 = column("Results that its peers get for that spend", unit="count", ge=0)
    peers_cpr: pl.Float64 = money("Spend / results of the account's other ads of the family in the four weeks")
    wasted_28d: pl.Float64 = money("spend_28d - results_28d x peers_cpr")
    wasted_least_28d: pl.Float64 = money("The same if its true rate is as good as 95 % certainty still allows")
    q_value: pl.Float64 = column(
        "Chance of so few results by luck, adjusted for all ads of the account's week (Benjamini-Hochberg)", ge=0, le=1
    )


SPEND_WASTE = Table("spend_waste", "findings", SpendWaste, ("account_id", "week", "ad_id"))
