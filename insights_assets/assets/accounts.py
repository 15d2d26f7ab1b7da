"""The account registry as an asset: every ad account that the token sees becomes a row and a partition."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import dagster as dg
import polars as pl

from insights_assets import registry, registry_file
from insights_assets.assets.declare import OWNERS, column_schema, key_of
from insights_assets.connection import Gateway
from insights_assets.graph_api.errors import GraphApiError
from insights_assets.graph_api.redaction import redact
from insights_assets.lake.store import Lake
from insights_assets.partitions import ACCOUNT
from insights_assets.settings import Settings, SettingsError
from insights_assets.tables.accounts import ACCOUNTS

Refused = list[tuple[str, str]]


@dg.asset(
    key=key_of(ACCOUNTS),
    group_name=ACCOUNTS.layer,
    kinds={"python", "api", "deltalake"},
    owners=OWNERS,
    description=f"{ACCOUNTS.description}\n\nAll pages of `/me/adaccounts`, and the list in the setting "
    "`accounts_file`; what was decided here (token reference, switched off) stays. New accounts become partitions.",
    metadata={"dagster/column_schema": column_schema(ACCOUNTS), "primary_key": list(ACCOUNTS.key)},
    io_manager_key="lake_io",
    required_resource_keys={"lake", "gateway", "clock", "settings"},
)
def accounts(context: dg.AssetExecutionContext) -> dg.MaterializeResult[pl.DataFrame]:
    resources = context.resources
    try:
        rows, refused = discover(resources.gateway, resources.lake, resources.clock(), resources.settings)
    except (GraphApiError, SettingsError) as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None
    context.instance.add_dynamic_partitions(ACCOUNT, rows["account_id"].to_list())
    return dg.MaterializeResult(value=rows, metadata={"refused": [f"{name}: {told}" for name, told in refused]})


def discover(gateway: Gateway, lake: Lake, now: datetime, settings: Settings) -> tuple[pl.DataFrame, Refused]:
    """Ask for every account the token sees and every listed one, and merge them into the registry's rows.

    Nothing is stored. With a list and no general token only the list is read: its accounts have their own tokens.

    Returns:
        The registry's rows, and (account, why) of listed accounts that could not be read.
    """
    known = lake.read(ACCOUNTS)
    if settings.accounts_file is None or settings.token or settings.mode == "sandbox":
        source: registry.Source = "sandbox" if settings.mode == "sandbox" else "discovered"
        with gateway.client() as client:
            known = registry.merge(known, registry.to_rows(client.ad_accounts(), source, now))
    if settings.accounts_file is None:
        return known, []
    rows, refused = describe(gateway, registry_file.read(Path(settings.accounts_file)), now)
    return registry.merge(known, rows), refused


def describe(gateway: Gateway, listed: Sequence[registry_file.Listed], now: datetime) -> tuple[pl.DataFrame, Refused]:
    """Ask the API what each listed account is.

    Returns:
        Rows of the registry, and (account, why) of those that could not be read: one dead token stops no other.
    """
    rows, refused = [ACCOUNTS.empty()], []
    for one in listed:
        try:
            with gateway.client(one.reference()) as client:
                row = registry.to_rows([client.account(one.account_id)], one.source, now)
        except (GraphApiError, SettingsError) as error:
            refused.append((one.account_id, redact(str(error))))
            continue
        told = {"token_env": one.token_env, "token_path": one.token_path, "user_id": one.user_id}
        rows.append(
            row.with_columns(
                *[pl.lit(value, dtype=pl.String).alias(name) for name, value in told.items()],
                pl.coalesce(pl.lit(one.business_id, dtype=pl.String), "business_id").alias("business_id"),
            )
        )
    return pl.concat(rows), refused
