"""Ad features and ad anomalies: what the weeks mean."""

import dagster as dg
import polars as pl

from insights_assets.analytics.ad_anomalies import ad_anomalies
from insights_assets.analytics.ad_features import ad_features
from insights_assets.analytics.findings import carry_status
from insights_assets.assets.declare import table_asset, upstream
from insights_assets.lake.store import Lake
from insights_assets.partitions import lookback, split_keys
from insights_assets.tables.anomalies_ad import ANOMALIES_AD
from insights_assets.tables.entities import ADSETS
from insights_assets.tables.features_ad import FEATURES_AD
from insights_assets.tables.insights import INSIGHTS_DAILY, INSIGHTS_WEEKLY_AD
from insights_assets.tables.results import RESULTS_WEEKLY

KINDS = {"python", "polars"}
HISTORY_WEEKS = 12  # weeks_with_data counts 12 calendar weeks; baselines need 4


@table_asset(
    FEATURES_AD,
    "Baselines are medians of the 4 previous calendar weeks; nothing uses a later week.",
    kinds=KINDS,
    ins={
        "weekly": upstream(INSIGHTS_WEEKLY_AD, mapping=lookback(HISTORY_WEEKS - 1)),
        "results": upstream(RESULTS_WEEKLY, mapping=lookback(HISTORY_WEEKS - 1)),
        # A pause at the start of a week shows only beside the days before it.
        "daily": upstream(INSIGHTS_DAILY, mapping=lookback(HISTORY_WEEKS - 1)),
    },
)
def features_ad(
    context: dg.AssetExecutionContext, weekly: pl.DataFrame, results: pl.DataFrame, daily: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    _, weeks = split_keys(context.partition_keys)
    return dg.MaterializeResult(value=ad_features(weekly, results, daily, weeks))


@table_asset(
    ANOMALIES_AD,
    "Noise-aware: each week is tested against the level of the 12 before it, with false-discovery control for each "
    "account and week (docs/adr/0008).",
    kinds=KINDS | {"scipy"},
    ins={
        "features": upstream(FEATURES_AD, mapping=lookback(HISTORY_WEEKS)),
        "adsets": upstream(ADSETS, mapping=lookback(HISTORY_WEEKS)),
    },
    resources={"lake"},
)
def anomalies_ad(
    context: dg.AssetExecutionContext, features: pl.DataFrame, adsets: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    accounts, weeks = split_keys(context.partition_keys)
    judged = features.filter(pl.col("week").is_in(weeks))
    found = ad_anomalies(judged, features, budgets=adsets)
    lake: Lake = context.resources.lake
    previous = lake.read(ANOMALIES_AD, accounts=accounts, since=weeks[0], until=weeks[-1])
    return dg.MaterializeResult(value=carry_status(found, previous.filter(pl.col("week").is_in(weeks))))
