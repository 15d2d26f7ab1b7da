"""Tiers of campaigns, ad sets and ads, one asset each, made by one factory; users' feedback stands above them."""

from datetime import timedelta

import dagster as dg
import polars as pl

from insights_assets.analytics.classifications import FEATURES as USED
from insights_assets.analytics.classifications import HISTORY_WEEKS, PREVIOUS_WEEKS, classify
from insights_assets.analytics.tier_backtest import backtest
from insights_assets.analytics.tier_outcomes import KNOWN_AFTER_WEEKS
from insights_assets.assets.declare import OWNERS, column_schema, key_of, table_asset
from insights_assets.lake.store import Lake
from insights_assets.partitions import lookback, split_keys
from insights_assets.tables.classification_feedback import CLASSIFICATION_FEEDBACK
from insights_assets.tables.classifications import CLASSIFICATIONS
from insights_assets.tables.features import FEATURES

SCORED_WEEKS = 26
HOW = (
    "Rules: the Gamma-Poisson posterior of cost against the peers'. The model, a multinomial logit, is fitted "
    "walk-forward over all accounts on the cost of the two weeks that followed, and calibrated on held-out weeks "
    "(docs/adr/0019). The metadata scores earlier tiers whose outcome has arrived."
)

# Written by `insights feedback`, never by a run: external to Dagster.
classification_feedback = dg.AssetSpec(
    key_of(CLASSIFICATION_FEEDBACK),
    group_name=CLASSIFICATION_FEEDBACK.layer,
    kinds={"polars", "deltalake"},
    owners=OWNERS,
    description=f"{CLASSIFICATION_FEEDBACK.description}\n\nWritten by `insights feedback add` and `remove`.",
    metadata={
        "dagster/column_schema": column_schema(CLASSIFICATION_FEEDBACK),
        "primary_key": list(CLASSIFICATION_FEEDBACK.key),
    },
)


def _classifications(level: str) -> dg.AssetsDefinition:
    table, source = CLASSIFICATIONS[level], FEATURES[level]

    def compute(context: dg.AssetExecutionContext) -> dg.MaterializeResult[pl.DataFrame]:
        accounts, weeks = split_keys(context.partition_keys)
        lake: Lake = context.resources.lake
        # The model is pooled over every account of the lake, which no partition mapping of one account can express.
        history = lake.read(source, since=weeks[0] - timedelta(weeks=HISTORY_WEEKS), until=weeks[-1], columns=USED)
        said = lake.read(CLASSIFICATION_FEEDBACK, accounts=accounts)
        made = classify(level, history, weeks, accounts=accounts, feedback=said)
        since = weeks[-1] - timedelta(weeks=SCORED_WEEKS + KNOWN_AFTER_WEEKS)
        earlier = lake.read(table, since=since, until=weeks[-1])
        known = pl.concat([made, earlier]).unique(table.key, keep="first", maintain_order=True)
        sources = dict(made["source"].value_counts().iter_rows())
        return dg.MaterializeResult(value=made, metadata={"sources": sources, **_quality(known, history)})

    deps = [
        dg.AssetDep(key_of(source), partition_mapping=lookback(PREVIOUS_WEEKS)),
        dg.AssetDep(classification_feedback.key),
    ]
    kinds = {"python", "polars", "scipy"}
    return table_asset(table, HOW, kinds=kinds, deps=deps, resources={"lake"}, pooled=True)(compute)


def _quality(classified: pl.DataFrame, features: pl.DataFrame) -> dict[str, dg.MetadataValue]:
    """The walk-forward figures, as a table for the UI; nothing while no outcome is known."""
    scored = backtest(classified, features)
    if scored.is_empty():
        return {}
    columns = [dg.TableColumn(name, str(dtype)) for name, dtype in scored.schema.items()]
    records = [dg.TableRecord(row) for row in scored.to_dicts()]
    return {"outcomes": dg.MetadataValue.table(records, dg.TableSchema(columns=columns))}


classifications_campaign, classifications_adset, classifications_ad = (
    _classifications(level) for level in ("campaign", "adset", "ad")
)
