"""The example of an analysis of creatives: words of title and body, stored beside whatever else is analysed."""

import dagster as dg
import polars as pl

from insights_assets.analytics import creative_text as words
from insights_assets.assets.declare import table_asset, upstream
from insights_assets.lake.io_manager import REPLACED
from insights_assets.tables.creative_analysis import CREATIVE_ANALYSIS
from insights_assets.tables.entities import CREATIVES


@table_asset(
    CREATIVE_ANALYSIS,
    "Words of title and body (analysis `text`); rows of your own analyses, stored with `creative_analysis.save`, stay.",
    kinds={"python", "polars"},
    resources={"clock"},
    ins={"creatives": upstream(CREATIVES, columns=words.COLUMNS)},
)
def creative_analysis(context: dg.AssetExecutionContext, creatives: pl.DataFrame) -> dg.MaterializeResult[pl.DataFrame]:
    rows = words.creative_text(creatives, context.resources.clock())
    return dg.MaterializeResult(value=rows, metadata={REPLACED: {"analysis": words.NAME}})
