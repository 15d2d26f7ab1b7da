"""The lists that are a view each: what they are of, and by what they may be filtered and ordered.

Belongs here: one entry a resource. Does not belong here: how a list is read and answered (`routes/listings.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import polars as pl

from insights_assets.api import served_views as views
from insights_assets.api.paging import Rules
from insights_assets.api.served_views import LEVELS, View
from insights_assets.tables.anomalies import ANOMALY_TYPES, GRANULARITIES, METRICS, SEVERITIES, STATUSES
from insights_assets.tables.burnout_predictions import RISK_LEVELS
from insights_assets.tables.classifications import DIRECTIONS, SOURCES, TIERS
from insights_assets.tables.columns import FAMILIES
from insights_assets.tables.forecasts import FORECAST_LEVELS, FORECAST_METRICS, GRAINS
from insights_assets.tables.operations import ERROR_TYPES
from insights_assets.tables.prediction_scores import KINDS
from insights_assets.tables.recommendations import PRIORITY_LEVELS
from insights_assets.tables.recommendations import TYPES as ADVICE_TYPES

# What a filter takes: a closed list of words, or any value of a type.
Filter = tuple[str, ...] | type
ID: Final = str
_MONEY: Final = ("spend", "results", "cpr")


@dataclass(frozen=True)
class Listing:
    """One list: `path` under an account, its view, and what is allowed.

    `levels` are the values of the parameter `level` (campaign when not given); None: the view has no levels.
    """

    path: str
    view: View
    summary: str
    key: tuple[str, ...]
    sorts: tuple[str, ...]
    usual: str
    filters: Mapping[str, Filter] = field(default_factory=dict, hash=False)
    levels: tuple[str, ...] | None = LEVELS
    time: str = "week"

    @cached_property
    def rules(self) -> Rules:
        """What the list allows."""
        sorts = tuple(dict.fromkeys((self.time, *self.sorts, *self.key)))
        return Rules(self.key, sorts, self.usual, tuple(self.view.columns), self.time)

    def of_level(self, rows: pl.DataFrame, level: str | None) -> pl.DataFrame:
        """Rows of a level, where one table holds them all."""
        if self.levels is None or level in self.view.tables:
            return rows
        return rows.filter(pl.col("level") == level)


_ENTITY: Final[Mapping[str, Filter]] = {"entity_id": ID}
_AD_IDS: Final[Mapping[str, Filter]] = {"campaign_id": ID, "adset_id": ID, "ad_id": ID}
_FAMILY: Final[Mapping[str, Filter]] = {"result_family": FAMILIES}
_SUMS: Final = ("spend", "impressions", "clicks", "inline_link_clicks")

LISTINGS: Final = (
    Listing(
        "insights",
        views.INSIGHTS_BY_WEEK,
        "Weekly insights of each entity, as Meta serves the whole week",
        ("week", "entity_id"),
        (*_SUMS, "reach", "frequency", "ctr", "link_ctr", "cpm", "cpc", "entity_id"),
        "-week,-spend",
        {**_ENTITY, "parent_id": ID, "campaign_id": ID, "is_complete": bool, "is_settled": bool},
    ),
    Listing(
        "insights/daily",
        views.INSIGHTS_BY_DAY,
        "Daily insights of each ad",
        ("date", "ad_id"),
        (*_SUMS, "ad_id"),
        "-date,-spend",
        {**_AD_IDS, "is_settled": bool},
        levels=None,
        time="date",
    ),
    Listing(
        "results",
        views.RESULTS_BY_WEEK,
        "Weekly results and cost per result, by result family",
        ("week", "entity_id", "result_family"),
        (*_MONEY, "result_value", "entity_id"),
        "-week,-spend",
        {**_ENTITY, **_FAMILY, "parent_id": ID, "is_primary": bool, "is_settled": bool},
    ),
    Listing(
        "results/daily",
        views.RESULTS_BY_DAY,
        "Daily results and cost per result, by result family",
        ("date", "entity_id", "result_family"),
        (*_MONEY, "result_value", "entity_id"),
        "-date,-spend",
        {**_ENTITY, **_FAMILY, "is_primary": bool, "is_settled": bool},
        time="date",
    ),
    Listing(
        "features",
        views.FEATURES,
        "Features of each entity and week: baselines, changes, lags, shares",
        ("week", "entity_id"),
        (*_MONEY, "impressions", "ctr", "cpm", "cpr_delta_pct", "ctr_delta_pct", "frequency", "roas", "entity_id"),
        "-week,-spend",
        {**_ENTITY, **_FAMILY, "parent_id": ID, "is_complete": bool, "is_settled": bool, "min_results_met": bool},
    ),
    Listing(
        "anomalies",
        views.FINDINGS,
        "Findings: what left its own baseline",
        ("week", "finding_id"),
        ("anomaly_score", "confidence", "delta_pct", "entity_id"),
        "-week,-anomaly_score",
        {
            **_ENTITY,
            "anomaly_type": ANOMALY_TYPES,
            "metric": METRICS,
            "severity": SEVERITIES,
            "status": STATUSES,
            "direction": ("up", "down"),
            "granularity": GRANULARITIES,
        },
    ),
    Listing(
        "classifications",
        views.TIERS,
        "Tier of each entity and week, with its probability",
        ("week", "entity_id"),
        ("confidence", "spend", "results", "cost_vs_reference_pct", "entity_id"),
        "-week,-spend",
        {**_ENTITY, **_FAMILY, "tier": TIERS, "source": SOURCES, "direction": DIRECTIONS},
    ),
    Listing(
        "recommendations",
        views.ADVICE,
        "Advice, with its evidence",
        ("week", "entity_id", "recommendation_type"),
        ("priority", "confidence", "expires_at", "entity_id"),
        "-week,-priority",
        {**_ENTITY, **_FAMILY, "recommendation_type": ADVICE_TYPES, "priority_level": PRIORITY_LEVELS, "is_new": bool},
    ),
    Listing(
        "forecasts",
        views.EXPECTATIONS,
        "What is expected from the close of a week on: 7 days, 4 weeks",
        ("week", "entity_id", "metric", "grain", "ds"),
        ("ds", "horizon", "mean", "entity_id"),
        "-week,entity_id,metric,grain,ds",
        {**_ENTITY, "metric": FORECAST_METRICS, "grain": GRAINS, "horizon": int},
        levels=FORECAST_LEVELS,
    ),
    Listing(
        "burnout",
        views.BURNOUT,
        "Chance that an ad burns out, 1 and 2 weeks ahead",
        ("week", "ad_id", "horizon_weeks"),
        ("risk_score", "predicted_cpr_change_pct", "confidence", "ad_id"),
        "-week,-risk_score",
        {"ad_id": ID, "horizon_weeks": int, "risk_level": RISK_LEVELS},
        levels=None,
    ),
    Listing(
        "prediction-accuracy",
        views.ACCURACY,
        "How good past predictions were, by week, metric and horizon",
        ("week", "kind", "metric", "grain", "horizon"),
        ("scores", "ratio_to_naive", "mase", "coverage_95", "horizon"),
        "-week,kind,metric,grain,horizon",
        {"kind": KINDS, "metric": (*FORECAST_METRICS, "burnt"), "grain": GRAINS, "horizon": int},
        levels=FORECAST_LEVELS,
    ),
    Listing(
        "checks",
        views.CHECKS,
        "Verdicts of the data checks",
        ("week", "table_name", "check_name"),
        ("observed_at", "failing_rows", "table_name", "check_name"),
        "-week,table_name",
        {"table_name": ID, "check_name": ID, "passed": bool, "severity": ("ERROR", "WARN")},
        levels=None,
    ),
    Listing(
        "sync",
        views.SYNCS,
        "Runs of the steps: what was read when, and what failed",
        ("week", "step", "finished_at", "run_id"),
        ("finished_at", "duration_s", "rows", "requests", "step"),
        "-finished_at",
        {"step": ID, "status": ("ok", "failed"), "error_type": ERROR_TYPES, "run_id": ID},
        levels=None,
    ),
)
