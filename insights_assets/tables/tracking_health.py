"""Tracking health: whether results can be believed to have been counted."""

import polars as pl

from insights_assets.tables.columns import account_id, count, family, one_of, percent, week
from insights_assets.tables.model import Table, TableModel, column

STATES = ("healthy", "warning", "critical")
ISSUES = ("clicks_no_results", "results_dropped", "high_volatility", "days_missing")


class TrackingHealth(TableModel):
    """Tracking of one account and result family in one week, from all its ads that are run for the family."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    result_family: pl.String = family()
    link_clicks: pl.Int64 = count("Link clicks of the family's ads in the week")
    results: pl.Float64 = column("Their results", unit="count", ge=0)
    expected_results: pl.Float64 = column(
        "Link clicks x results per link click of weeks t-8 to t-1", unit="count", ge=0, nullable=True
    )
    results_change_pct: pl.Float64 = percent("(results - expected_results) / expected_results", nullable=True)
    p_value: pl.Float64 = column("Chance of as few results for the clicks", ge=0, le=1, nullable=True)
    volatility: pl.Float64 = column(
        "Standard deviation / mean of results per link click, weeks t-3 to t weighed by clicks, beyond counting",
        unit="ratio",
        ge=0,
        nullable=True,
    )
    coverage_pct: pl.Float64 = percent(
        "Days with delivery of the account among the days of the week so far", ge=0, le=100
    )
    issues: pl.String = column(f"By comma: {', '.join(ISSUES)}; empty when there is none")
    score: pl.Int64 = column(
        "100 less 20 for a high, 10 for a medium and 5 for a low issue", unit="points", ge=0, le=100
    )
    status: pl.String = one_of("80 and 50 divide", STATES)


TRACKING_HEALTH = Table("tracking_health", "findings", TrackingHealth, ("account_id", "week", "result_family"))
