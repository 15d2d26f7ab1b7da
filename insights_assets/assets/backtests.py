"""Backtests as assets: figures on the lake's own history, kept from run to run, so that a loss of quality shows."""

import dagster as dg
import polars as pl

from insights_assets.analytics.anomaly_backtest import backtest
from insights_assets.analytics.weekly_anomalies import FEATURE_COLUMNS
from insights_assets.assets.declare import OWNERS, column_schema, key_of
from insights_assets.lake.store import Lake
from insights_assets.tables.backtest_anomalies import BACKTEST_ANOMALIES
from insights_assets.tables.features import FEATURES_AD


@dg.asset(
    key=key_of(BACKTEST_ANOMALIES),
    group_name=BACKTEST_ANOMALIES.layer,
    kinds={"python", "polars", "deltalake"},
    owners=OWNERS,
    description=f"{BACKTEST_ANOMALIES.description}\n\nSingle weeks of the lake's own ads are made dearer by a known "
    "factor and judged by what came before; figures of earlier runs stay.",
    metadata={
        "dagster/column_schema": column_schema(BACKTEST_ANOMALIES),
        "primary_key": list(BACKTEST_ANOMALIES.key),
    },
    io_manager_key="lake_io",
    deps=[dg.AssetDep(key_of(FEATURES_AD))],
    required_resource_keys={"lake"},
)
def backtest_anomalies(context: dg.AssetExecutionContext) -> dg.MaterializeResult[pl.DataFrame]:
    lake: Lake = context.resources.lake
    return dg.MaterializeResult(value=with_earlier(lake, figures(lake)))


def figures(lake: Lake) -> pl.DataFrame:
    """Backtest the detectors on every account of the lake."""
    return backtest(lake.read(FEATURES_AD, columns=FEATURE_COLUMNS))


def with_earlier(lake: Lake, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows after those of earlier runs; one run replaces the figures of its own week."""
    earlier = lake.read(BACKTEST_ANOMALIES).join(rows, on=BACKTEST_ANOMALIES.key, how="anti")
    return pl.concat([earlier, rows]).sort(BACKTEST_ANOMALIES.key)
