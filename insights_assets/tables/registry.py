"""All tables by name: what the lake creates, the catalog shows and the checks judge."""

from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.ad_lifecycle import AD_LIFECYCLE
from insights_assets.tables.alerts import ALERT_OUTBOX, ALERTS
from insights_assets.tables.anomalies import ANOMALIES_AD, ANOMALIES_ADSET, ANOMALIES_CAMPAIGN
from insights_assets.tables.anomaly_patterns import ANOMALY_PATTERNS
from insights_assets.tables.backtest_anomalies import BACKTEST_ANOMALIES
from insights_assets.tables.backtest_burnout import BACKTEST_BURNOUT
from insights_assets.tables.backtest_forecasts import BACKTEST_FORECASTS
from insights_assets.tables.burnout_models import BURNOUT_MODELS
from insights_assets.tables.burnout_predictions import BURNOUT_PREDICTIONS
from insights_assets.tables.burnout_weeks import BURNOUT_WEEKS
from insights_assets.tables.classification_feedback import CLASSIFICATION_FEEDBACK
from insights_assets.tables.classifications import CLASSIFICATIONS
from insights_assets.tables.completeness import COMPLETENESS
from insights_assets.tables.creative_aggregates import CREATIVE_AGGREGATES
from insights_assets.tables.creative_fatigue import CREATIVE_FATIGUE
from insights_assets.tables.creative_lifecycle import CREATIVE_LIFECYCLE
from insights_assets.tables.creative_performance import CREATIVE_PERFORMANCE
from insights_assets.tables.deletions import DELETIONS
from insights_assets.tables.entities import ADS, ADSETS, CAMPAIGNS, CREATIVES
from insights_assets.tables.features import FEATURES_AD, FEATURES_ADSET, FEATURES_CAMPAIGN
from insights_assets.tables.forecasts import FORECASTS
from insights_assets.tables.goal_drift import GOAL_DRIFT
from insights_assets.tables.insights import (
    INSIGHTS_DAILY,
    INSIGHTS_WEEKLY_AD,
    INSIGHTS_WEEKLY_ADSET,
    INSIGHTS_WEEKLY_CAMPAIGN,
)
from insights_assets.tables.model import Table
from insights_assets.tables.offline_conversions import OFFLINE_CONVERSIONS
from insights_assets.tables.operations import CHECK_RESULTS, QUARANTINE, SYNC_LOG
from insights_assets.tables.prediction_scores import PREDICTION_SCORES
from insights_assets.tables.recommendation_outcomes import RECOMMENDATION_OUTCOMES
from insights_assets.tables.recommendations import RECOMMENDATIONS
from insights_assets.tables.response_curves import RESPONSE_CURVES
from insights_assets.tables.restatements import RESTATEMENTS
from insights_assets.tables.results import RESULTS_DAILY, RESULTS_WEEKLY
from insights_assets.tables.revenue_daily import REVENUE_DAILY
from insights_assets.tables.spend_waste import SPEND_WASTE
from insights_assets.tables.tracking_health import TRACKING_HEALTH
from insights_assets.tables.yearly_audit import YEARLY_AUDIT

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        ACCOUNTS,
        CAMPAIGNS,
        ADSETS,
        ADS,
        CREATIVES,
        INSIGHTS_DAILY,
        INSIGHTS_WEEKLY_CAMPAIGN,
        INSIGHTS_WEEKLY_ADSET,
        INSIGHTS_WEEKLY_AD,
        OFFLINE_CONVERSIONS,
        RESULTS_DAILY,
        RESULTS_WEEKLY,
        CREATIVE_PERFORMANCE,
        CREATIVE_AGGREGATES,
        REVENUE_DAILY,
        CREATIVE_FATIGUE,
        SPEND_WASTE,
        RESPONSE_CURVES,
        GOAL_DRIFT,
        YEARLY_AUDIT,
        COMPLETENESS,
        FEATURES_CAMPAIGN,
        FEATURES_ADSET,
        FEATURES_AD,
        ANOMALIES_CAMPAIGN,
        ANOMALIES_ADSET,
        ANOMALIES_AD,
        ANOMALY_PATTERNS,
        TRACKING_HEALTH,
        BACKTEST_ANOMALIES,
        BURNOUT_WEEKS,
        BURNOUT_PREDICTIONS,
        AD_LIFECYCLE,
        CREATIVE_LIFECYCLE,
        BACKTEST_BURNOUT,
        BURNOUT_MODELS,
        *FORECASTS.values(),
        PREDICTION_SCORES,
        BACKTEST_FORECASTS,
        *CLASSIFICATIONS.values(),
        *RECOMMENDATIONS.values(),
        RECOMMENDATION_OUTCOMES,
        CLASSIFICATION_FEEDBACK,
        RESTATEMENTS,
        SYNC_LOG,
        CHECK_RESULTS,
        QUARANTINE,
        DELETIONS,
        ALERTS,
        ALERT_OUTBOX,
    )
}
