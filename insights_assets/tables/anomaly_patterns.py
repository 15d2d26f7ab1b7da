"""Patterns of findings: when they come, what moved before them, and what foretells a dearer result."""

import polars as pl

from insights_assets.tables.columns import account_id, count, level, one_of, week
from insights_assets.tables.model import Table, TableModel, column

KINDS = ("month", "week_of_year", "heat_map", "precursor", "family", "account", "lead_lag_quartile", "correlation")


class AnomalyPatterns(TableModel):
    """One figure of one pattern, over the 52 weeks up to the week; the words of `subject` and `detail` by `kind`.

    month, week_of_year: entity-weeks with a finding among those judged, by month (1 to 12) or ISO week (`detail`);
    family, account: the same of a family (`subject`), of the account. heat_map: share of cost spikes with a significant
    deviation of metric `subject` in week 0, -1 or -2 (`detail`); precursor: in week -1 or -2. lead_lag_quartile: share
    of results dearer than 1.2 times the baseline 1 or 2 weeks later (`lead_weeks`) by quartile (`detail`) of metric
    `subject`. correlation: rank correlation of the metric with the cost 1 or 2 weeks later.
    """

    account_id: pl.String = account_id()
    week: pl.Date = week()
    level: pl.String = level()
    kind: pl.String = one_of("Which pattern", KINDS)
    subject: pl.String = column("Metric or family it is about; 'all' where of all")
    detail: pl.String = column("Month, ISO week, week offset or quartile, by kind; '-' where there is none")
    lead_weeks: pl.Int64 = column("Weeks between the metric and the cost; 0 where it is not about a lead", ge=0, le=2)
    value: pl.Float64 = column("The share (0 to 1) or the correlation (-1 to 1)", unit="fraction", ge=-1, le=1)
    lo_95: pl.Float64 = column("Lower end of its 95 % interval", unit="fraction", ge=-1, le=1, nullable=True)
    hi_95: pl.Float64 = column("Upper end of its 95 % interval", unit="fraction", ge=-1, le=1, nullable=True)
    baseline: pl.Float64 = column("What it is compared with: the share over all, 0 for a correlation", nullable=True)
    cases: pl.Int64 = count("Findings, or pairs of weeks, behind it")
    base: pl.Int64 = count("Entity-weeks or entities behind it")
    q_value: pl.Float64 = column(
        "Chance of such a difference from the baseline, adjusted over the kind (Benjamini-Hochberg)",
        ge=0,
        le=1,
        nullable=True,
    )
    is_significant: pl.Boolean = column("q_value is at most 0.05")


ANOMALY_PATTERNS = Table(
    "anomaly_patterns",
    "findings",
    AnomalyPatterns,
    ("account_id", "week", "level", "kind", "subject", "detail", "lead_weeks"),
)
