"""The account registry as an asset: every ad account that the token sees becomes a row and a partition."""

from datetime import datetime

import dagster as dg
import polars as pl

from insights_assets import registry
from insights_assets.assets.declare import OWNERS, column_schema, key_of
from insights_assets.connection import Gateway
from insights_assets.graph_api.errors import GraphApiError
from insights_assets.lake.store import Lake
from insights_assets.partitions import ACCOUNT
from insights_assets.settings import SettingsError
from insights_assets.tables.accounts import ACCOUNTS


@dg.asset(
    key=key_of(ACCOUNTS),
    group_name=ACCOUNTS.layer,
    kinds={"python", "api", "deltalake"},
    owners=OWNERS,
    description=f"{ACCOUNTS.description}\n\nAll pages of `/me/adaccounts`; what was decided here (token reference, "
    "switched off) stays. New accounts become partitions.",
    metadata={"dagster/column_schema": column_schema(ACCOUNTS), "primary_key": list(ACCOUNTS.key)},
    io_manager_key="lake_io",
    required_resource_keys={"lake", "gateway", "clock", "mode"},
)
def accounts(context: dg.AssetExecutionContext) -> dg.MaterializeResult[pl.DataFrame]:
    try:
        rows = discover(
            context.resources.gateway, context.resources.lake, context.resources.clock(), context.resources.mode
        )
    except (GraphApiError, SettingsError) as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None
    context.instance.add_dynamic_partitions(ACCOUNT, rows["account_id"].to_list())
    return dg.MaterializeResult(value=rows)


def discover(gateway: Gateway, lake: Lake, now: datetime, mode: str) -> pl.DataFrame:
    """Ask for every account the token sees and merge them into the registry's rows (nothing is stored)."""
    source: registry.Source = "sandbox" if mode == "sandbox" else "discovered"
    with gateway.client() as client:
        seen = registry.to_rows(client.ad_accounts(), source, now)
    return registry.merge(lake.read(ACCOUNTS), seen)
