"""The code location: `build_defs` is the one place where assets, checks and resources meet."""

import os
from collections.abc import Mapping
from typing import Any

import dagster as dg

from insights_assets import logs
from insights_assets.analytics import restatements
from insights_assets.assets import (
    accounts,
    anomalies,
    backtest_forecasts,
    backtests,
    burnout,
    classifications,
    completeness,
    creative_findings,
    creative_performance,
    entities,
    features,
    forecasts,
    insights,
    offline,
    patterns,
    recommendations,
    results,
    revenue,
    scores,
    spend_findings,
)
from insights_assets.automation import tail_audit, version_watch
from insights_assets.automation.alerts import sensors as alerting
from insights_assets.automation.launching import launching
from insights_assets.automation.resume import resume_sensor
from insights_assets.checks.backtest_burnout import burnout_check
from insights_assets.checks.backtests import backtest_check
from insights_assets.checks.graph_versions import version_check
from insights_assets.checks.reconciliation import reconciliation_checks
from insights_assets.checks.schema import schema_check
from insights_assets.checks.synced import synced_check
from insights_assets.connection import Gateway
from insights_assets.lake.io_manager import LakeIOManager
from insights_assets.lake.ledger import Ledger
from insights_assets.lake.store import Lake
from insights_assets.settings import Settings, load_settings
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.registry import TABLES
from insights_assets.tables.restatements import RESTATEMENTS

RAW_ASSETS = (
    entities.campaigns,
    entities.adsets,
    entities.ads,
    entities.creatives,
    insights.insights_daily,
    insights.insights_weekly_campaign,
    insights.insights_weekly_adset,
    insights.insights_weekly_ad,
)
DERIVED_ASSETS = (
    offline.offline_conversions,
    results.results_daily,
    results.results_weekly,
    creative_performance.creative_performance,
    creative_performance.creative_aggregates,
    revenue.revenue_daily,
    completeness.completeness,
    features.features_campaign,
    features.features_adset,
    features.features_ad,
    creative_findings.creative_fatigue,
    creative_findings.spend_waste,
    spend_findings.response_curves,
    spend_findings.goal_drift,
    spend_findings.yearly_audit,
    anomalies.anomalies_campaign,
    anomalies.anomalies_adset,
    anomalies.anomalies_ad,
    patterns.anomaly_patterns_asset,
    patterns.tracking_health,
    burnout.burnout_weeks,
    burnout.burnout_predictions,
    burnout.ad_lifecycle,
    burnout.creative_lifecycle,
    *forecasts.FORECAST_ASSETS,
    scores.prediction_scores,
    classifications.classifications_campaign,
    classifications.classifications_adset,
    classifications.classifications_ad,
    recommendations.recommendations_campaign,
    recommendations.recommendations_adset,
    recommendations.recommendations_ad,
    recommendations.recommendation_outcomes,
)
PARTITIONED_ASSETS = RAW_ASSETS + DERIVED_ASSETS
LEDGERS = {INSIGHTS_DAILY.name: Ledger(RESTATEMENTS, restatements.restated, restatements.keep_first_observed)}


def build_defs(settings: Settings | None = None, *, overrides: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Assemble the graph.

    Args:
        settings: effective settings; read from the environment when None.
        overrides: resources by key (`lake`, `gateway`, `clock`, ...) that replace the real ones, for tests.
    """
    effective = settings or load_settings()
    resources: dict[str, Any] = {
        "lake": Lake(effective.lake),
        "gateway": Gateway(effective),
        "clock": effective.now,
        "settings": effective,
        "families": effective.families,
        "thresholds": effective.recommendations,
        **(overrides or {}),
    }
    resources["lake_io"] = LakeIOManager(resources["lake"], TABLES, resources["clock"], LEDGERS)
    started = launching(PARTITIONED_ASSETS, resources, effective)
    return dg.Definitions(
        assets=[
            accounts.accounts,
            *PARTITIONED_ASSETS,
            completeness.restatements,
            alerting.alerts,
            backtests.backtest_anomalies,
            burnout.backtest_burnout,
            backtest_forecasts.backtest_forecasts,
            classifications.classification_feedback,
        ],
        asset_checks=[
            *[schema_check(a, TABLES[a.key.path[-1]], resources["clock"]) for a in PARTITIONED_ASSETS],
            reconciliation_checks(resources["clock"]),
            synced_check(RAW_ASSETS, resources["clock"]),
            burnout_check(burnout.backtest_burnout),
            backtest_check(backtests.backtest_anomalies),
            backtest_forecasts.no_worse,
            version_check(accounts.accounts, effective.graph_version, resources["clock"]),
        ],
        jobs=[tail_audit.job, version_watch.job, *started.jobs],
        schedules=[tail_audit.tail_audit, version_watch.schedule, *started.schedules],
        sensors=[
            resume_sensor(PARTITIONED_ASSETS, resources["lake"], resources["clock"]),
            *started.sensors,
            *alerting.alert_sensors(resources["lake"], effective.alerts, resources["clock"]),
        ],
        resources={k: _as_resource(v) for k, v in resources.items()},
        # A process a step costs seconds of imports; the steps of a run share tables of some megabytes.
        executor=dg.in_process_executor,
    )


def _as_resource(value: Any) -> Any:
    """Plain objects as resources; Dagster would call a bare function instead of handing it over."""
    if isinstance(value, dg.IOManager):
        return value
    return dg.ResourceDefinition.hardcoded_resource(value)


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads."""
    logs.configure(os.environ)
    return build_defs()
