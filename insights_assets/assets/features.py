"""Weekly features at three levels, one asset each, made by one factory."""

import dagster as dg
import polars as pl

from insights_assets.analytics.features import HISTORY_WEEKS, entity_features
from insights_assets.assets.declare import table_asset, upstream
from insights_assets.partitions import lookback, split_keys
from insights_assets.tables.entities import ADSETS
from insights_assets.tables.features import FEATURES
from insights_assets.tables.insights import (
    INSIGHTS_DAILY,
    INSIGHTS_WEEKLY_AD,
    INSIGHTS_WEEKLY_ADSET,
    INSIGHTS_WEEKLY_CAMPAIGN,
)
from insights_assets.tables.results import RESULTS_DAILY, RESULTS_WEEKLY

WEEKLY = {"campaign": INSIGHTS_WEEKLY_CAMPAIGN, "adset": INSIGHTS_WEEKLY_ADSET, "ad": INSIGHTS_WEEKLY_AD}
PAST = lookback(HISTORY_WEEKS - 1)
# The longest window of days, 30, begins in the fourth week before.
DAYS_PAST = lookback(4)
DAILY_COLUMNS = ("campaign_id", "adset_id", "spend", "impressions", "clicks", "inline_link_clicks")
HOW = (
    "Baselines are medians of the 4 previous calendar weeks, windows of days end with the week; additive figures are "
    "added up from daily ad rows. Nothing uses a later week."
)


def _features(level: str) -> dg.AssetsDefinition:
    ins = {
        "weekly": upstream(WEEKLY[level], mapping=PAST),
        "results": upstream(RESULTS_WEEKLY, mapping=PAST),
        # A pause at the start of a week shows only beside the days before it.
        "daily": upstream(INSIGHTS_DAILY, mapping=PAST, columns=DAILY_COLUMNS),
        "results_daily": upstream(RESULTS_DAILY, mapping=DAYS_PAST, columns=("results", "result_value")),
    }
    if level == "adset":
        ins["adsets"] = upstream(ADSETS, columns=("targeting",))

    def compute(context: dg.AssetExecutionContext, **inputs: pl.DataFrame) -> dg.MaterializeResult[pl.DataFrame]:
        _, weeks = split_keys(context.partition_keys)
        rows = entity_features(
            level,
            inputs["weekly"],
            inputs["results"],
            inputs["daily"],
            inputs["results_daily"],
            weeks,
            adsets=inputs.get("adsets"),
        )
        return dg.MaterializeResult(value=rows)

    return table_asset(FEATURES[level], HOW, kinds={"python", "polars"}, ins=ins)(compute)


features_campaign, features_adset, features_ad = (_features(level) for level in ("campaign", "adset", "ad"))
