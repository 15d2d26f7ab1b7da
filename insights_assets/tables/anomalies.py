"""Findings on campaigns, ad sets and ads: what left its own baseline by more than its noise, and what preceded it."""

from typing import Annotated

import polars as pl

from insights_assets.tables.columns import LEVELS, account_id, family, identifier, level, one_of, percent, week
from insights_assets.tables.history import History
from insights_assets.tables.model import Table, TableModel, column

DEVIATION = pl.Struct({"week_offset": pl.Int64, "metric": pl.String, "delta_pct": pl.Float64, "direction": pl.String})
Deviations = Annotated[pl.List, DEVIATION]
Words = Annotated[pl.List, pl.String()]

ANOMALY_TYPES = (
    "cpr_spike",
    "cpr_drop",
    "zero_results",
    "ctr_drop",
    "ctr_spike",
    "cpm_spike",
    "spend_spike",
    "spend_drop",
    "frequency_high",
    "roas_drop",
    "results_drop",
    "level_shift",
    "zero_spend",
    "zero_impressions",
    "delivery_gap",
    "reach_saturation",
    "budget_depleted",
)
METRICS = ("cpr", "ctr", "cpm", "cpc", "spend", "frequency", "roas", "results", "impressions", "reach")
GRANULARITIES = ("week", "day")
SEVERITIES = ("low", "medium", "high", "critical")
STATUSES = ("new", "acknowledged", "resolved", "false_positive", "withdrawn")


class Anomalies(TableModel):
    """One finding: a metric of an entity in a week or on a day, beyond its baseline by its threshold and its noise."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    level: pl.String = level()
    entity_id: pl.String = identifier("Campaign, ad set or ad, by level")
    granularity: pl.String = one_of("What was judged: the whole week or a day of it", GRANULARITIES)
    date: pl.Date = column("The day, of a finding on a day", nullable=True)
    finding_id: pl.String = column(
        "Identity over re-runs: a hash of account, week, level, entity, type, family and, of a day, date and metric",
        str_matches=r"^[0-9a-f]{16}$",
    )
    anomaly_type: pl.String = one_of("Kind of finding", ANOMALY_TYPES)
    metric: pl.String = one_of("Column it is about", METRICS)
    direction: pl.String = one_of("up or down", ("up", "down"))
    result_family: pl.String = family()
    current_value: pl.Float64 = column("Value of the metric that week", nullable=True)
    baseline_value: pl.Float64 = column(
        "What was expected: the level of weeks t-12 to t-1, or of the 28 days before; the lifetime budget of "
        "budget_depleted, the spend that a delivery_gap would have had",
        nullable=True,
    )
    delta_pct: pl.Float64 = percent("Difference from the baseline", nullable=True)
    p_value: pl.Float64 = column(
        "Chance of such a value without a change worth a finding, before false-discovery control", ge=0, le=1
    )
    anomaly_score: pl.Float64 = column("Size of the change times confidence, 0 to 1", ge=0, le=1)
    confidence: pl.Float64 = column("1 minus the adjusted p-value, less for a short history; 0 to 1", ge=0, le=1)
    severity: pl.String = one_of("By anomaly_score: 0.25, 0.5 and 0.75 divide", SEVERITIES)
    likely_triggers: Words = column("What moved with it in the same week, most telling first")
    preceding_deviations: Deviations = column(
        "Deviations of weeks 0, -1 and -2, each against its own baseline, where significant"
    )
    status: pl.String = one_of("Set by people, except new and withdrawn (no longer found)", STATUSES)


KEY = ("account_id", "week", "finding_id")


class AnomaliesCampaign(Anomalies):
    """Findings on campaigns, by week and by day."""


class AnomaliesAdset(Anomalies):
    """Findings on ad sets, by week and by day."""


class AnomaliesAd(Anomalies):
    """Findings on ads, by week and by day."""


ANOMALIES_CAMPAIGN = Table("anomalies_campaign", "findings", AnomaliesCampaign, KEY)
ANOMALIES_ADSET = Table("anomalies_adset", "findings", AnomaliesAdset, KEY)
# The first findings were of whole weeks.
ANOMALIES_AD = Table("anomalies_ad", "findings", AnomaliesAd, KEY, history=History(defaults={"granularity": "week"}))
ANOMALIES = dict(zip(LEVELS, (ANOMALIES_CAMPAIGN, ANOMALIES_ADSET, ANOMALIES_AD), strict=True))
