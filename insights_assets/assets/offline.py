"""Offline conversions from the drop folder: each partition is what the files say of it now."""

import dagster as dg
import polars as pl

from insights_assets import offline
from insights_assets.assets.declare import table_asset
from insights_assets.partitions import split_key
from insights_assets.tables.offline_conversions import OFFLINE_CONVERSIONS


@table_asset(
    OFFLINE_CONVERSIONS,
    "From the CSV and Parquet files in `offline/` under the home; a later file (by name) replaces rows of the same "
    "key. A file that cannot be read is named in the metadata and stops no other.",
    kinds={"python", "polars", "csv"},
    resources={"settings"},
)
def offline_conversions(context: dg.AssetExecutionContext) -> dg.MaterializeResult[pl.DataFrame]:
    drop = offline.read_folder(context.resources.settings.home / offline.FOLDER)
    for name, told in drop.refused.items():
        context.log.warning("Offline file %s is left out: %s", name, told)
    wanted = pl.DataFrame(
        [split_key(k) for k in context.partition_keys],
        schema={"account_id": pl.String, "week": pl.Date},
        orient="row",
    )
    rows = drop.rows.join(wanted, on=["account_id", "week"], how="semi")
    return dg.MaterializeResult(value=rows, metadata={"refused_files": list(drop.refused.values())})
