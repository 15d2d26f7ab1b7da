"""Whether every account of a run could be read: red for those that could not, although the others landed.

Runs of one account need no such check: they fail. A range from the UI covers several (docs/adr/0004). Verdicts are
written where this check is red or was: it says nothing of accounts that were read well.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime

import dagster as dg
import polars as pl

from insights_assets.checks.verdicts import Verdict, conclude
from insights_assets.lake.store import Lake, Partition
from insights_assets.partitions import account_weeks, split_key
from insights_assets.tables.operations import CHECK_RESULTS, SYNC_LOG
from insights_assets.tables.registry import TABLES

SYNCED = "synced"


def judge(
    lake: Lake, steps: Collection[str], partitions: Collection[Partition], run_id: str
) -> dict[str, list[Verdict]]:
    """Verdicts by step on what a run read, of the partitions that failed in it or failed before."""
    accounts = {a for a, _ in partitions}
    log = lake.rows(
        SYNC_LOG,
        ["account_id", "week", "step", "message"],
        pl.col("run_id") == run_id,
        pl.col("status") == "failed",
        accounts=accounts,
    )
    before = lake.rows(
        CHECK_RESULTS,
        ["account_id", "week", "table_name"],
        pl.col("check_name") == SYNCED,
        ~pl.col("passed"),
        accounts=accounts,
    )
    failed = {(step, account_id, week): message for account_id, week, step, message in log.iter_rows()}
    red = {(step, account_id, week) for account_id, week, step in before.iter_rows()}
    wanted = {(step, *p) for step in steps for p in partitions} & (set(failed) | red)
    found: dict[str, list[Verdict]] = {step: [] for step in steps}
    for step, account_id, week in sorted(wanted):
        message = failed.get((step, account_id, week))
        found[step].append(Verdict((account_id, week), int(message is not None), message))
    return found


def synced_check(assets: Sequence[dg.AssetsDefinition], now: Callable[[], datetime]) -> dg.AssetChecksDefinition:
    """Make the check of all raw assets, one step for those of a run."""
    keys = {a.key.path[-1]: a.key for a in assets}

    @dg.multi_asset_check(
        name=SYNCED,
        can_subset=True,
        specs=[
            dg.AssetCheckSpec(
                SYNCED,
                asset=key,
                description="Every account of the run could be read; those that could not keep what is stored of them.",
                partitions_def=account_weeks,
            )
            for key in keys.values()
        ],
        required_resource_keys={"lake"},
    )
    def synced(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        lake: Lake = context.resources.lake
        chosen = [k.asset_key for k in context.selected_asset_check_keys]
        partitions = [split_key(k) for k in context.partition_keys]
        found = judge(lake, [k.path[-1] for k in chosen], partitions, context.run.run_id)
        for key in chosen:
            name = key.path[-1]
            if found[name]:
                yield from conclude(context, key, TABLES[name], {SYNCED: found[name]}, now())
            else:
                yield dg.AssetCheckResult(asset_key=key, check_name=SYNCED, passed=True)

    return synced
