"""One check factory for all tables: partitioned, blocking, with the failing rows as metadata.

Belongs here: the schema check. Does not belong here: any rule of one table (that is its Pandera model in `tables/`).
A range run's evaluation is recorded by Dagster without a partition, so each partition's verdict is also written to
`check_results`, and partitions that fail or recover are reported one by one, under the run: Dagster keeps one runless
evaluation a partition for ever, a second one breaks its unique key (docs/adr/0003).
https://docs.dagster.io/guides/test/asset-checks
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

import dagster as dg
import polars as pl
from dagster._core.events import DagsterEvent

from insights_assets.lake.store import Lake, Partition
from insights_assets.partitions import account_weeks, key, split_key, split_keys
from insights_assets.tables.model import REASON, Table
from insights_assets.tables.operations import CHECK_RESULTS, QUARANTINE, SCHEMA_CHECK

SHOWN_FAILURES = 10


@dataclass(frozen=True)
class Verdict:
    """One partition judged: how many rows failed and the first reason."""

    partition: Partition
    failing_rows: int
    reason: str | None

    @property
    def passed(self) -> bool:
        """Whether no row failed."""
        return self.failing_rows == 0


def judge(lake: Lake, table: Table, partitions: Collection[Partition]) -> list[Verdict]:
    """Judge stored rows against the model again, and count the rows refused by the last write."""
    accounts, weeks = {a for a, _ in partitions}, [w for _, w in partitions]
    since, until = min(weeks), max(weeks)
    refused = lake.read(QUARANTINE, accounts=accounts, since=since, until=until)
    refused = refused.filter(pl.col("table_name") == table.name)
    stored = table.split(lake.read(table, accounts=accounts, since=since, until=until)).bad
    found_bad = stored.select("account_id", "week", pl.col(REASON).alias("reason"))
    failing = (
        pl.concat([refused.select("account_id", "week", "reason"), found_bad])
        .group_by("account_id", "week")
        .agg(pl.len().alias("rows"), pl.col("reason").sort().first())
    )
    found = {(r["account_id"], r["week"]): r for r in failing.to_dicts()}
    none = {"rows": 0, "reason": None}
    return [Verdict(p, found.get(p, none)["rows"], found.get(p, none)["reason"]) for p in sorted(partitions)]


def record(lake: Lake, table: Table, verdicts: list[Verdict], now: datetime) -> list[Verdict]:
    """Write the verdicts to `check_results`; return those that fail or that failed before (to be reported singly)."""
    accounts, weeks = {v.partition[0] for v in verdicts}, [v.partition[1] for v in verdicts]
    before = lake.read(CHECK_RESULTS, accounts=accounts, since=min(weeks), until=max(weeks)).filter(
        pl.col("table_name") == table.name, pl.col("check_name") == SCHEMA_CHECK, ~pl.col("passed")
    )
    was_red = set(before.select("account_id", "week").iter_rows())
    rows = [
        {
            "account_id": v.partition[0],
            "week": v.partition[1],
            "table_name": table.name,
            "check_name": SCHEMA_CHECK,
            "passed": v.passed,
            "severity": "ERROR",
            "failing_rows": v.failing_rows,
            "reason": v.reason,
            "observed_at": now,
        }
        for v in verdicts
    ]
    lake.replace(
        CHECK_RESULTS,
        pl.DataFrame(rows, schema=CHECK_RESULTS.schema),
        [v.partition for v in verdicts],
        where={"table_name": table.name, "check_name": SCHEMA_CHECK},
    )
    return [v for v in verdicts if not v.passed or v.partition in was_red]


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
        lake: Lake = context.resources.lake
        partitions = [split_key(k) for k in context.partition_keys]
        verdicts = judge(lake, table, partitions)
        for verdict in record(lake, table, verdicts, now()):
            _report(context, _evaluation(asset.key, verdict))
        failing = [v for v in verdicts if not v.passed]
        accounts, _ = split_keys(context.partition_keys)
        return dg.AssetCheckResult(
            passed=not failing,
            severity=dg.AssetCheckSeverity.ERROR,
            description=f"{len(failing)} of {len(verdicts)} partitions of {len(accounts)} accounts have failing rows.",
            metadata={
                "failing_rows": sum(v.failing_rows for v in failing),
                "failing_partitions": [key(*v.partition) for v in failing[:SHOWN_FAILURES]],
                "reasons": [v.reason or "" for v in failing[:SHOWN_FAILURES]],
            },
        )

    return check


def _report(context: dg.AssetCheckExecutionContext, evaluation: dg.AssetCheckEvaluation) -> None:
    event = DagsterEvent(
        event_type_value=dg.DagsterEventType.ASSET_CHECK_EVALUATION.value,
        job_name=context.run.job_name,
        event_specific_data=evaluation,
    )
    context.instance.report_dagster_event(event, run_id=context.run.run_id)


def _evaluation(asset_key: dg.AssetKey, verdict: Verdict) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=asset_key,
        check_name=SCHEMA_CHECK,
        passed=verdict.passed,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            "failing_rows": dg.MetadataValue.int(verdict.failing_rows),
            "reason": dg.MetadataValue.text(verdict.reason or ""),
        },
        partition=key(*verdict.partition),
    )
