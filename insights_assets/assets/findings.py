"""Burnout predictions: which ads are about to become expensive."""

import dagster as dg
import polars as pl

from insights_assets.analytics import burnout
from insights_assets.assets.declare import table_asset, upstream
from insights_assets.partitions import split_keys
from insights_assets.tables.burnout_predictions import BURNOUT_PREDICTIONS
from insights_assets.tables.features import FEATURES_AD

KINDS = {"python", "polars"}


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
