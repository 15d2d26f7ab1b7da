"""One check factory for all tables: partitioned, blocking, with the failing rows as metadata.

Belongs here: the schema check. Does not belong here: any rule of one table (that is its Pandera model in `tables/`),
how verdicts are recorded (`verdicts.py`).
https://docs.dagster.io/guides/test/asset-checks
"""

from collections.abc import Callable, Collection
from datetime import datetime

import dagster as dg
import polars as pl

from insights_assets.checks.verdicts import Verdict, conclude
from insights_assets.lake.store import Lake, Partition
from insights_assets.partitions import account_weeks, by_accounts, split_key
from insights_assets.tables.model import REASON, Table
from insights_assets.tables.operations import QUARANTINE, SCHEMA_CHECK

TOGETHER = 416
"""Account-weeks judged together: of the largest table (1,650 rows each) 1,768 took 1.6 GB."""


def judge(lake: Lake, table: Table, partitions: Collection[Partition]) -> list[Verdict]:
    """Judge stored rows against the model again, and count the rows refused by the last write."""
    accounts, weeks = {a for a, _ in partitions}, [w for _, w in partitions]
    since, until = min(weeks), max(weeks)
    refused = lake.read(QUARANTINE, accounts=accounts, since=since, until=until)
    refused = refused.filter(pl.col("table_name") == table.name)
    found_bad = [
        table.split(lake.read(table, accounts={a for a, _ in some}, since=since, until=until)).bad.select(
            "account_id", "week", pl.col(REASON).alias("reason")
        )
        for some in by_accounts(partitions, TOGETHER)
    ]
    failing = (
        pl.concat([refused.select("account_id", "week", "reason"), *found_bad])
        .group_by("account_id", "week")
        .agg(pl.len().alias("rows"), pl.col("reason").sort().first())
    )
    found = {(r["account_id"], r["week"]): r for r in failing.to_dicts()}
    none = {"rows": 0, "reason": None}
    return [Verdict(p, found.get(p, none)["rows"], found.get(p, none)["reason"]) for p in sorted(partitions)]


def schema_check(asset: dg.AssetsDefinition, table: Table, now: Callable[[], datetime]) -> dg.AssetChecksDefinition:
    """Make the blocking check of a partitioned asset's table."""

    @dg.asset_check(
        asset=asset,
        name=SCHEMA_CHECK,
        blocking=True,
        partitions_def=account_weeks,
        required_resource_keys={"lake"},
        description=f"Every stored row of {table.name} fits its model and the last write refused none.",
    )
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        verdicts = judge(context.resources.lake, table, [split_key(k) for k in context.partition_keys])
        (result,) = conclude(context, asset.key, table, {SCHEMA_CHECK: verdicts}, now())
        return result

    return check
