"""Advice at three levels, one asset each, made by one factory; and what became of it."""

import dagster as dg
import polars as pl

from insights_assets.analytics.advice_outcomes import HISTORY_WEEKS, HORIZONS, advice_outcomes
from insights_assets.analytics.recommendations import EVIDENCE_WEEKS, Asked, Beside, recommend
from insights_assets.analytics.recommendations import FEATURES as USED
from insights_assets.assets.declare import key_of, table_asset, upstream
from insights_assets.lake.store import Lake
from insights_assets.partitions import lookback, split_keys
from insights_assets.tables.anomalies import ANOMALIES
from insights_assets.tables.burnout_predictions import BURNOUT_PREDICTIONS
from insights_assets.tables.classifications import CLASSIFICATIONS
from insights_assets.tables.entities import ADS, ADSETS, CAMPAIGNS
from insights_assets.tables.features import FEATURES
from insights_assets.tables.model import Table
from insights_assets.tables.recommendation_outcomes import RECOMMENDATION_OUTCOMES
from insights_assets.tables.recommendations import RECOMMENDATIONS

LEVELS = ("campaign", "adset", "ad")
ENTITIES = {"campaign": CAMPAIGNS, "adset": ADSETS, "ad": ADS}
BURNOUT: dict[str, Table] = {"ad": BURNOUT_PREDICTIONS}
# What advice on the creative or the audience would change, where the level has it.
CONTENT = {"campaign": None, "adset": "targeting", "ad": "creative_id"}
OUTCOME_FEATURES = ("parent_id", "result_family", "spend", "results", "is_complete", "is_settled")
KINDS = {"python", "polars", "scipy"}
HOW = (
    "Eleven types of advice, each from a threshold (setting `recommendations`) and from a difference that is surely "
    "beyond noise; at most three an entity; what is still open keeps its first week (docs/adr/0019)."
)


def _recommendations(level: str) -> dg.AssetsDefinition:
    past = lookback(EVIDENCE_WEEKS)
    beside = [known[level] for known in (ANOMALIES, BURNOUT) if level in known]

    def compute(
        context: dg.AssetExecutionContext, features: pl.DataFrame, tiers: pl.DataFrame, entities: pl.DataFrame
    ) -> dg.MaterializeResult[pl.DataFrame]:
        accounts, weeks = split_keys(context.partition_keys)
        lake: Lake = context.resources.lake
        found, burnout = (
            lake.read(known[level], accounts=accounts, since=weeks[0], until=weeks[-1]) if level in known else None
            for known in (ANOMALIES, BURNOUT)
        )
        asked = Asked(level, weeks, context.resources.thresholds)
        rows = recommend(asked, features, tiers, Beside(_entity(entities, level), found, burnout))
        kinds = dict(rows["recommendation_type"].value_counts().iter_rows())
        return dg.MaterializeResult(value=rows, metadata={"types": kinds, "new": int(rows["is_new"].sum())})

    return table_asset(
        RECOMMENDATIONS[level],
        HOW,
        kinds=KINDS,
        ins={
            "features": upstream(FEATURES[level], mapping=past, columns=USED),
            "tiers": upstream(CLASSIFICATIONS[level], mapping=past),
            "entities": upstream(ENTITIES[level], mapping=past, columns=("status", "observed_at")),
        },
        deps=[dg.AssetDep(key_of(table)) for table in beside],
        resources={"lake", "thresholds"},
    )(compute)


def _entity(rows: pl.DataFrame, level: str) -> pl.DataFrame:
    """Snapshots of a level, its id named as everywhere."""
    return rows.rename({f"{level}_id": "entity_id"})


recommendations_campaign, recommendations_adset, recommendations_ad = (_recommendations(level) for level in LEVELS)


def _snapshot_columns(level: str) -> tuple[str, ...]:
    content = CONTENT[level]
    return ("daily_budget", "observed_at", *([content] if content else []))


@table_asset(
    RECOMMENDATION_OUTCOMES,
    "New advice of 2 and 4 weeks before, beside what the entity and its siblings did since: counts, no causal claim.",
    kinds=KINDS,
    ins={
        **{f"advice_{n}": upstream(RECOMMENDATIONS[n], mapping=lookback(max(HORIZONS))) for n in LEVELS},
        **{
            f"features_{n}": upstream(FEATURES[n], mapping=lookback(HISTORY_WEEKS), columns=OUTCOME_FEATURES)
            for n in LEVELS
        },
        **{
            f"entities_{n}": upstream(ENTITIES[n], mapping=lookback(max(HORIZONS)), columns=_snapshot_columns(n))
            for n in LEVELS
        },
    },
)
def recommendation_outcomes(
    context: dg.AssetExecutionContext, **inputs: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    _, weeks = split_keys(context.partition_keys)
    parts = []
    for level in LEVELS:
        entities, content = _entity(inputs[f"entities_{level}"], level), CONTENT[level]
        known = pl.col(content) if content else pl.lit(None, dtype=pl.String)
        states = entities.with_columns(known.alias("content"))
        parts.append(advice_outcomes(inputs[f"advice_{level}"], inputs[f"features_{level}"], weeks, states))
    rows = pl.concat(parts).sort(RECOMMENDATION_OUTCOMES.key)
    followed = {
        "followed": int(rows["followed"].fill_null(value=False).sum()),
        "not_followed": int((~rows["followed"]).fill_null(value=False).sum()),
        "not_seen": rows["followed"].null_count(),
    }
    return dg.MaterializeResult(value=rows, metadata=followed)
