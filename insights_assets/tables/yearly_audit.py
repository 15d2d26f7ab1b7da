"""Yearly audit: where a year's spend and results of an account lay, its best and its worst weeks."""

from typing import Annotated

import polars as pl

from insights_assets.tables.columns import account_id, count, family, money, percent, week
from insights_assets.tables.model import Table, TableModel, column

AUDITED_WEEK = pl.Struct({"week": pl.Date, "spend": pl.Float64, "results": pl.Float64, "cpr": pl.Float64})
AuditedWeeks = Annotated[pl.List, AUDITED_WEEK]


class YearlyAudit(TableModel):
    """One result family of an account over the 52 weeks up to the week; figures are of its ads' own families."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    result_family: pl.String = family()
    first_week: pl.Date = column("First of the 52 weeks with spend in the family")
    weeks: pl.Int64 = count("Weeks with spend")
    ads: pl.Int64 = count("Ads with spend")
    spend: pl.Float64 = money("Spend")
    results: pl.Float64 = column("Results", unit="count", ge=0)
    cpr: pl.Float64 = money("spend / results; null without", nullable=True)
    median_week_cpr: pl.Float64 = money(
        "Median cost per result of the weeks; a week without results is the dearest; null if that is the median",
        nullable=True,
    )
    top_ads: pl.Int64 = count("A tenth of the ads, rounded up")
    top_ads_results_pct: pl.Float64 = percent("Share of the results that the top ads by results brought", nullable=True)
    top_ads_spend_pct: pl.Float64 = percent("Share of the spend that those same ads took", nullable=True)
    ads_for_80_pct: pl.Int64 = column(
        "Fewest ads that bring 80 % of the results; null without results", unit="count", ge=0, nullable=True
    )
    spend_of_the_rest: pl.Float64 = money("Spend of the other ads", nullable=True)
    zero_result_spend: pl.Float64 = money("Spend of ad-weeks without results (not all of it is waste: see spend_waste)")
    zero_result_ad_weeks: pl.Int64 = count("Those ad-weeks")
    zero_result_ads: pl.Int64 = count("Ads without a result in all the weeks")
    best_weeks: AuditedWeeks = column(
        "Up to five cheapest complete weeks with results and enough spend, cheapest first"
    )
    worst_weeks: AuditedWeeks = column(
        "Up to five dearest complete weeks with enough spend, dearest first; cpr null: none"
    )


YEARLY_AUDIT = Table("yearly_audit", "findings", YearlyAudit, ("account_id", "week", "result_family"))
