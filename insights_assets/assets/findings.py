"""Ad anomalies and burnout predictions: what the weeks mean."""

import dagster as dg
import polars as pl

from insights_assets.analytics import burnout
from insights_assets.analytics.ad_anomalies import ad_anomalies
from insights_assets.analytics.findings import carry_status
from insights_assets.assets.declare import table_asset, upstream
from insights_assets.lake.store import Lake
from insights_assets.partitions import lookback, split_keys
from insights_assets.tables.anomalies_ad import ANOMALIES_AD
from insights_assets.tables.burnout_predictions import BURNOUT_PREDICTIONS
from insights_assets.tables.entities import ADSETS
from insights_assets.tables.features import FEATURES_AD

KINDS = {"python", "polars"}
HISTORY_WEEKS = 12


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


@table_asset(
    BURNOUT_PREDICTIONS,
    "The seeds' linear scorecard, its score mapped to frequencies observed over all accounts up to that week. A "
    "stand-in until the fitted model (docs/adr/0005).",
    kinds=KINDS,
    ins={"features": upstream(FEATURES_AD)},
    resources={"lake"},
    pooled=True,
)
def burnout_predictions(
    context: dg.AssetExecutionContext, features: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    _, weeks = split_keys(context.partition_keys)
    # The map is pooled over every account of the lake, which no partition mapping of one account can express.
    history = context.resources.lake.read(FEATURES_AD, until=weeks[-1])
    return dg.MaterializeResult(value=burnout.burnout_predictions(features, history))
