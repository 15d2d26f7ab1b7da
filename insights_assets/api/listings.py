"""The lists that are a view each: what they are of, and by what they may be filtered and ordered.

Belongs here: one entry a resource. Does not belong here: how a list is read and answered (`routes/listings.py`).
"""

from collections.abc import Mapping
from typing import Final

from insights_assets.api import served_views as views
from insights_assets.api.listing import Filter, Listing
from insights_assets.api.served_views import LEVELS
from insights_assets.tables.anomalies import ANOMALY_TYPES, GRANULARITIES, METRICS, SEVERITIES, STATUSES
from insights_assets.tables.burnout_predictions import RISK_LEVELS
from insights_assets.tables.classifications import DIRECTIONS, SOURCES, TIERS
from insights_assets.tables.columns import FAMILIES
from insights_assets.tables.creative_fatigue import FATIGUE
from insights_assets.tables.entities import CREATIVE_TYPES
from insights_assets.tables.forecasts import FORECAST_LEVELS, FORECAST_METRICS, GRAINS
from insights_assets.tables.life import STATUSES as LIFE_STATUSES
from insights_assets.tables.operations import ERROR_TYPES
from insights_assets.tables.prediction_scores import KINDS
from insights_assets.tables.recommendations import PRIORITY_LEVELS
from insights_assets.tables.recommendations import TYPES as ADVICE_TYPES

ID: Final = str
_MONEY: Final = ("spend", "results", "cpr")
_ENTITY: Final[Mapping[str, Filter]] = {"entity_id": ID}
_AD_IDS: Final[Mapping[str, Filter]] = {"campaign_id": ID, "adset_id": ID, "ad_id": ID}
_FAMILY: Final[Mapping[str, Filter]] = {"result_family": FAMILIES}
_RANKED_BY: Final = ("roas", "ctr", "hook_rate", "engagement_rate", "cost_per_order", "cpr")  # in the view's SQL
_ACCOUNT_AND_LEVELS: Final = ("account", *LEVELS)
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
        "roas",
        views.RETURNS,
        "Weekly return on ad spend of the account and each entity, by attribution window, with offline sales",
        ("week", "entity_id"),
        ("spend", "purchases", "revenue", "roas", "roas_with_offline", "cost_per_purchase", "entity_id"),
        "-week,-spend",
        {**_ENTITY, "is_settled": bool},
        levels=_ACCOUNT_AND_LEVELS,
    ),
    Listing(
        "cost-per-action",
        views.COSTS,
        "Weekly cost of each action type, as Meta names it; types repeat each other, never add over them",
        ("week", "entity_id", "action_type"),
        ("actions", "spend", "cost", "action_type", "entity_id"),
        "-week,entity_id,-actions",
        {**_ENTITY, "action_type": ID},
        levels=_ACCOUNT_AND_LEVELS,
    ),
    Listing(
        "creatives/top",
        views.BEST_CREATIVES,
        "The ten best creatives of each week by metric, of those with at least 1 % of the account's spend",
        ("week", "metric", "result_family", "rank", "creative_id"),
        ("rank", "metric", "value", "spend", "spend_share_pct", "creative_id"),
        "-week,metric,rank",
        {"metric": _RANKED_BY, "creative_id": ID, "creative_type": CREATIVE_TYPES, **_FAMILY},
        levels=None,
    ),
    Listing(
        "creatives/lifecycle",
        views.CREATIVE_LIVES,
        "Life of each creative by week: its cost against its own good cost, and how long creatives last",
        ("week", "creative_id", "result_family"),
        ("cost_ratio", "age_weeks", "weeks_in_status", "median_weeks_left", "creative_id"),
        "-week,-cost_ratio",
        {"creative_id": ID, **_FAMILY, "status": LIFE_STATUSES},
        levels=None,
    ),
    Listing(
        "creatives/fatigue",
        views.CREATIVE_WEAR,
        "Fatigue of each creative by week: its recent weeks against its early ones, told only beyond noise",
        ("week", "creative_id"),
        ("link_ctr_change_pct", "cpr_change_pct", "link_ctr_q", "cpr_q", "weeks_shown", "creative_id"),
        "-week,link_ctr_q",
        {"creative_id": ID, "creative_type": CREATIVE_TYPES, **_FAMILY, "fatigue": FATIGUE},
        levels=None,
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
