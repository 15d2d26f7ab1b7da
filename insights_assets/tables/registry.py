"""All tables by name: what the lake creates, the catalog shows and the checks judge."""

from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.ad_lifecycle import AD_LIFECYCLE
from insights_assets.tables.anomalies_ad import ANOMALIES_AD
from insights_assets.tables.backtest_burnout import BACKTEST_BURNOUT
from insights_assets.tables.burnout_models import BURNOUT_MODELS
from insights_assets.tables.burnout_predictions import BURNOUT_PREDICTIONS
from insights_assets.tables.burnout_weeks import BURNOUT_WEEKS
from insights_assets.tables.completeness import COMPLETENESS
from insights_assets.tables.entities import ADS, ADSETS, CAMPAIGNS, CREATIVES
from insights_assets.tables.features_ad import FEATURES_AD
from insights_assets.tables.insights import (
    INSIGHTS_DAILY,
    INSIGHTS_WEEKLY_AD,
    INSIGHTS_WEEKLY_ADSET,
    INSIGHTS_WEEKLY_CAMPAIGN,
)
from insights_assets.tables.model import Table
from insights_assets.tables.offline_conversions import OFFLINE_CONVERSIONS
from insights_assets.tables.operations import CHECK_RESULTS, QUARANTINE, SYNC_LOG
from insights_assets.tables.restatements import RESTATEMENTS
from insights_assets.tables.results import RESULTS_DAILY, RESULTS_WEEKLY

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
        COMPLETENESS,
        FEATURES_AD,
        ANOMALIES_AD,
        BURNOUT_WEEKS,
        BURNOUT_PREDICTIONS,
        AD_LIFECYCLE,
        BACKTEST_BURNOUT,
        BURNOUT_MODELS,
        RESTATEMENTS,
        SYNC_LOG,
        CHECK_RESULTS,
        QUARANTINE,
    )
}
