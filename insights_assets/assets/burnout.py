"""Burnout: ad weeks as they were seen at their close, predictions learnt from them, and what those were worth."""

from collections.abc import Callable
from datetime import date

import dagster as dg
import polars as pl

from insights_assets.analytics.ad_lifecycle import ad_lifecycle as lives
from insights_assets.analytics.burnout_backtest import backtest_burnout as score
from insights_assets.analytics.burnout_backtest import judged
from insights_assets.analytics.burnout_rows import burnout_predictions as predict
from insights_assets.analytics.burnout_scorecard import WEIGHTS as SCORECARD
from insights_assets.analytics.burnout_scorecard import raw_score
from insights_assets.analytics.burnout_weeks import burnout_weeks as put_together
from insights_assets.analytics.creative_lifecycle import creative_lifecycle as creative_lives
from insights_assets.assets.declare import OWNERS, column_schema, key_of, table_asset, upstream
from insights_assets.lake.store import Lake
from insights_assets.lake.updating import update
from insights_assets.partitions import split_keys
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.ad_lifecycle import AD_LIFECYCLE
from insights_assets.tables.backtest_burnout import BACKTEST_BURNOUT
from insights_assets.tables.burnout_models import BURNOUT_MODELS
from insights_assets.tables.burnout_predictions import BURNOUT_PREDICTIONS
from insights_assets.tables.burnout_weeks import BURNOUT_WEEKS
from insights_assets.tables.creative_lifecycle import CREATIVE_LIFECYCLE
from insights_assets.tables.entities import ADS
from insights_assets.tables.features import FEATURES_AD
from insights_assets.tables.insights import INSIGHTS_DAILY, INSIGHTS_WEEKLY_AD
from insights_assets.tables.restatements import RESTATEMENTS

KINDS = {"python", "polars"}


@table_asset(
    BURNOUT_WEEKS,
    "What was stored a day after the close comes from the restatement ledger (docs/adr/0010).",
    kinds=KINDS,
    ins={
        "features": upstream(FEATURES_AD),
        "weekly": upstream(INSIGHTS_WEEKLY_AD),
        "daily": upstream(INSIGHTS_DAILY),
        "ads": upstream(ADS),
    },
    deps=[dg.AssetDep(key_of(RESTATEMENTS))],
    resources={"lake"},
)
def burnout_weeks(
    context: dg.AssetExecutionContext,
    features: pl.DataFrame,
    weekly: pl.DataFrame,
    daily: pl.DataFrame,
    ads: pl.DataFrame,
) -> dg.MaterializeResult[pl.DataFrame]:
    lake: Lake = context.resources.lake
    accounts, weeks = split_keys(context.partition_keys)
    moved = lake.read(RESTATEMENTS, accounts=accounts, since=weeks[0], until=weeks[-1])
    zones = dict(lake.read(ACCOUNTS).select("account_id", "timezone_name").iter_rows())
    # Account by account: the actions of a fleet's days would not fit a small machine a second time.
    parts = []
    for account_id in accounts:
        own = [frame.filter(account_id=account_id) for frame in (features, weekly, daily, moved, ads)]
        parts.append(put_together(own[0], own[1], own[2], own[3], own[4], zones))
    return dg.MaterializeResult(value=pl.concat([BURNOUT_WEEKS.empty(), *parts]))


@table_asset(
    BURNOUT_PREDICTIONS,
    "A logistic model shrunk to a noise-aware rule and boosted trees, pooled over all accounts, fitted walk-forward "
    "and calibrated on predictions of unseen weeks (docs/adr/0017); the seeds' scorecard beside it.",
    kinds=KINDS | {"scikitlearn"},
    ins={"features": upstream(FEATURES_AD, columns=list(SCORECARD))},
    deps=[dg.AssetDep(key_of(BURNOUT_WEEKS))],
    resources={"lake"},
    fleetwide=True,
)
def burnout_predictions(
    context: dg.AssetExecutionContext, features: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    lake: Lake = context.resources.lake
    accounts, weeks = split_keys(context.partition_keys)
    # The models are pooled over every account of the lake, which no partition mapping of one account can express.
    predicted, models = predict(lake.read(BURNOUT_WEEKS, until=weeks[-1]), weeks, scored(features), accounts)
    # A record, not an asset: runs beside each other may fit the same model, and none may lose or double another's.
    update(lake, BURNOUT_MODELS, lambda known: pl.concat([known, models.join(known, on="model_version", how="anti")]))
    return dg.MaterializeResult(value=predicted, metadata={"models": models["model_version"].to_list()})


@table_asset(
    AD_LIFECYCLE,
    "Survival by Kaplan-Meier over the ads of all accounts: those that have not burnt out yet count as censored.",
    kinds=KINDS,
    deps=[dg.AssetDep(key_of(BURNOUT_WEEKS))],
    resources={"lake"},
    fleetwide=True,
)
def ad_lifecycle(context: dg.AssetExecutionContext) -> dg.MaterializeResult[pl.DataFrame]:
    return _of_all_accounts(context, lives)


@table_asset(
    CREATIVE_LIFECYCLE,
    "The same for creatives: the ads that show one are one life.",
    kinds=KINDS,
    deps=[dg.AssetDep(key_of(BURNOUT_WEEKS))],
    resources={"lake"},
    fleetwide=True,
)
def creative_lifecycle(context: dg.AssetExecutionContext) -> dg.MaterializeResult[pl.DataFrame]:
    return _of_all_accounts(context, creative_lives)


def _of_all_accounts(
    context: dg.AssetExecutionContext, survival: Callable[[pl.DataFrame, list[date]], pl.DataFrame]
) -> dg.MaterializeResult[pl.DataFrame]:
    accounts, weeks = split_keys(context.partition_keys)
    rows = survival(context.resources.lake.read(BURNOUT_WEEKS, until=weeks[-1]), weeks)
    return dg.MaterializeResult(value=rows.filter(pl.col("account_id").is_in(accounts)))


@dg.asset(
    key=key_of(BACKTEST_BURNOUT),
    deps=[key_of(BURNOUT_WEEKS), key_of(FEATURES_AD)],
    group_name=BACKTEST_BURNOUT.layer,
    kinds={*KINDS, "scikitlearn", "deltalake"},
    owners=OWNERS,
    description=f"{BACKTEST_BURNOUT.description}\n\nFits the models of every past week again, so it takes a minute or "
    "more on a large lake; also `insights backtest burnout`.",
    metadata={"dagster/column_schema": column_schema(BACKTEST_BURNOUT), "primary_key": list(BACKTEST_BURNOUT.key)},
    io_manager_key="lake_io",
    required_resource_keys={"lake"},
)
def backtest_burnout(context: dg.AssetExecutionContext) -> dg.MaterializeResult[pl.DataFrame]:
    return dg.MaterializeResult(value=run_backtest(context.resources.lake))


def run_backtest(lake: Lake) -> pl.DataFrame:
    """Score the models on all that the lake holds; nothing is stored."""
    told = judged(lake.read(BURNOUT_WEEKS), scored(lake.read(FEATURES_AD, columns=list(SCORECARD))))
    return score(told, lake.read(BACKTEST_BURNOUT))


def scored(features: pl.DataFrame) -> pl.DataFrame:
    """The seeds' scorecard of each ad week."""
    return features.select("account_id", "week", pl.col("entity_id").alias("ad_id"), raw_score())
