"""The account registry: which ad accounts this instance looks after, and where each one's token is found.

Belongs here: reading and changing the registry table, and the Dagster partitions that follow it.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

import dagster as dg
import polars as pl

from insights_assets.graph_api.records import AdAccount
from insights_assets.lake.store import Lake
from insights_assets.partitions import ACCOUNT
from insights_assets.problems import InputError
from insights_assets.tables.accounts import ACCOUNTS

SWITCHED_OFF = "DISABLED_HERE"
Source = Literal["discovered", "added", "file", "legacy", "sandbox"]
LISTED = ("file", "legacy")


class UnknownAccountError(InputError):
    """An account was named that the registry does not have; the message is one sentence for the user."""


def to_rows(accounts: Iterable[AdAccount], source: Source, now: datetime) -> pl.DataFrame:
    """Rows of the registry for accounts as the API described them."""
    rows = [
        {
            "account_id": a.id,
            "name": a.name,
            "business_id": a.business_id,
            "currency": a.currency,
            "timezone_name": a.timezone_name,
            "status": a.status,
            "source": source,
            "user_id": None,
            "token_env": None,
            "token_path": None,
            "observed_at": now,
        }
        for a in accounts
    ]
    return pl.DataFrame(rows, schema=ACCOUNTS.schema)


def merge(known: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:
    """Bring the registry up to date: what we decided (token reference, switched off) outlives a discovery."""
    decided = known.select(
        "account_id",
        pl.col("token_env").alias("kept_env"),
        pl.col("token_path").alias("kept_path"),
        (pl.col("status") == SWITCHED_OFF).alias("off"),
        pl.col("source").alias("kept_source"),
        pl.col("user_id").alias("kept_user"),
    )
    renamed = pl.col("token_env").is_not_null() | pl.col("token_path").is_not_null()
    updated = seen.join(decided, on="account_id", how="left").with_columns(
        pl.when(renamed).then("token_env").otherwise("kept_env").alias("token_env"),
        pl.when(renamed).then("token_path").otherwise("kept_path").alias("token_path"),
        # A list says on purpose where an account belongs; a discovery only meets it.
        pl.when(pl.col("source").is_in(LISTED)).then("source").otherwise(pl.coalesce("kept_source", "source")),
        pl.coalesce("user_id", "kept_user").alias("user_id"),
        pl.when(pl.col("off")).then(pl.lit(SWITCHED_OFF)).otherwise("status").alias("status"),
    )
    untouched = known.join(seen, on="account_id", how="anti")
    return pl.concat([untouched, updated.select(known.columns)]).sort("account_id")


def save(lake: Lake, instance: dg.DagsterInstance, rows: pl.DataFrame) -> None:
    """Store the registry, make every account of it a partition, and tell the asset's page in the UI."""
    lake.overwrite(ACCOUNTS, rows)
    instance.add_dynamic_partitions(ACCOUNT, rows["account_id"].to_list())
    event = dg.AssetMaterialization([ACCOUNTS.layer, ACCOUNTS.name], metadata={"dagster/row_count": rows.height})
    instance.report_runless_asset_event(event)


def set_status(lake: Lake, account_id: str, status: str) -> None:
    """Switch an account off or on here, without touching Meta."""
    rows = lake.read(ACCOUNTS)
    chosen = select(rows, [account_id], enabled_only=False)
    names = chosen["account_id"].to_list()
    changed = pl.when(pl.col("account_id").is_in(names)).then(pl.lit(status)).otherwise("status")
    lake.overwrite(ACCOUNTS, rows.with_columns(changed.alias("status")))


def select(rows: pl.DataFrame, names: Iterable[str] | None, *, enabled_only: bool = True) -> pl.DataFrame:
    """Rows of the named accounts (with or without prefix), or of all that are switched on.

    Raises:
        UnknownAccountError: a name is malformed or not registered.
    """
    if names is None:
        return rows.filter(pl.col("status") != SWITCHED_OFF) if enabled_only else rows
    wanted = [prefixed(n) for n in names]
    missing = sorted(set(wanted) - set(rows["account_id"]))
    if missing:
        raise UnknownAccountError(
            f"Unknown account {', '.join(missing)}: `insights accounts list` shows the registered ones, "
            "`insights accounts add` registers one."
        )
    return rows.filter(pl.col("account_id").is_in(wanted))


def prefixed(name: str) -> str:
    """`123` or `act_123` as `act_123`.

    Raises:
        UnknownAccountError: anything else.
    """
    match = re.fullmatch(r"(?:act_)?(\d+)", name.strip())
    if match is None:
        raise UnknownAccountError(f"{name!r} is not an ad account id; write digits, or act_ and digits.")
    return f"act_{match[1]}"


def one(rows: pl.DataFrame, account_id: str) -> dict[str, Any]:
    """The registry row of one account.

    Raises:
        UnknownAccountError: it is not registered.
    """
    return select(rows, [account_id], enabled_only=False).row(0, named=True)
