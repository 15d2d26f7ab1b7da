"""Findings about creatives and spend: wear of creatives, and spend that brought less than the peers'."""

import dagster as dg
import polars as pl

from insights_assets.analytics import creative_wear
from insights_assets.analytics import spend_waste as waste
from insights_assets.assets.declare import table_asset, upstream
from insights_assets.partitions import lookback, split_keys
from insights_assets.tables.creative_fatigue import CREATIVE_FATIGUE
from insights_assets.tables.creative_performance import CREATIVE_PERFORMANCE
from insights_assets.tables.features import FEATURES_AD
from insights_assets.tables.spend_waste import SPEND_WASTE

KINDS = {"python", "polars"}


@table_asset(
    CREATIVE_FATIGUE,
    "Clicks and results of the recent weeks as counts against what the early weeks lead to expect; false alarms are "
    "controlled over all creatives of an account's week.",
    kinds=KINDS,
    ins={
        "performance": upstream(
            CREATIVE_PERFORMANCE, mapping=lookback(creative_wear.HISTORY_WEEKS - 1), columns=creative_wear.COLUMNS
        )
    },
)
def creative_fatigue(
    context: dg.AssetExecutionContext, performance: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    _, weeks = split_keys(context.partition_keys)
    return dg.MaterializeResult(value=creative_wear.creative_fatigue(performance, weeks))


@table_asset(
    SPEND_WASTE,
    "Results of four weeks as a count against what the account's other ads of the family get for the same spend; false "
    "alarms are controlled over all ads of an account's week.",
    kinds=KINDS,
    ins={"features": upstream(FEATURES_AD, mapping=lookback(waste.WEEKS - 1), columns=waste.COLUMNS)},
)
def spend_waste(context: dg.AssetExecutionContext, features: pl.DataFrame) -> dg.MaterializeResult[pl.DataFrame]:
    _, weeks = split_keys(context.partition_keys)
    return dg.MaterializeResult(value=waste.spend_waste(features, weeks))
