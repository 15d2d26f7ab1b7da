"""Verdicts: how every partitioned check writes and reports what it found.

A range run's evaluation is recorded by Dagster without a partition, so each partition's verdict is also written to
`check_results`, and partitions that fail or recover are reported one by one, under the run: Dagster keeps one runless
evaluation a partition for ever, a second one breaks its unique key (docs/adr/0003).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import dagster as dg
import polars as pl
from dagster._core.events import DagsterEvent

from insights_assets.lake.store import Lake, Partition
from insights_assets.partitions import key
from insights_assets.tables.model import Table
from insights_assets.tables.operations import CHECK_RESULTS

SHOWN_FAILURES = 10
Severity = Literal["ERROR", "WARN"]


@dataclass(frozen=True)
class Verdict:
    """One partition judged: how many rows failed, the first reason, and how bad a failure is."""

    partition: Partition
    failing_rows: int
    reason: str | None
    severity: Severity = "ERROR"

    @property
    def passed(self) -> bool:
        """Whether no row failed."""
        return self.failing_rows == 0


Judged = Mapping[str, Sequence[Verdict]]


def record(lake: Lake, table: Table, judged: Judged, now: datetime) -> dict[str, list[Verdict]]:
    """Write the verdicts of some checks to `check_results`, in one commit.

    Args:
        lake: the lake.
        table: the table that was judged.
        judged: verdicts by check name, each over the same partitions.
        now: when the checks ran.

    Returns:
        By check name the verdicts that fail or that failed before: those to be reported singly.
    """
    partitions = [v.partition for verdicts in judged.values() for v in verdicts]
    accounts, weeks = {a for a, _ in partitions}, [w for _, w in partitions]
    # A file holds one table's verdicts until it is joined, so the condition on the table leaves the others unread.
    of_table = pl.col("table_name") == table.name
    before = lake.rows(
        CHECK_RESULTS,
        ["check_name", "account_id", "week"],
        of_table,
        ~pl.col("passed"),
        accounts=accounts,
        since=min(weeks),
        until=max(weeks),
    )
    was_red = set(before.iter_rows())
    rows = [
        {
            "account_id": v.partition[0],
            "week": v.partition[1],
            "table_name": table.name,
            "check_name": name,
            "passed": v.passed,
            "severity": v.severity,
            "failing_rows": v.failing_rows,
            "reason": v.reason,
            "observed_at": now,
        }
        for name, verdicts in judged.items()
        for v in verdicts
    ]
    lake.replace(
        CHECK_RESULTS,
        pl.DataFrame(rows, schema=CHECK_RESULTS.schema),
        partitions,
        where={"table_name": [table.name], "check_name": sorted(judged)},
    )
    return {
        name: [v for v in verdicts if not v.passed or (name, *v.partition) in was_red]
        for name, verdicts in judged.items()
    }


def conclude(
    context: dg.AssetCheckExecutionContext,
    asset_key: dg.AssetKey,
    table: Table,
    judged: Judged,
    now: datetime,
) -> list[dg.AssetCheckResult]:
    """Record the verdicts, report the partitions that fail or recover, and sum up each check for the run."""
    for name, told in record(context.resources.lake, table, judged, now).items():
        for verdict in told:
            _report(context, _evaluation(asset_key, name, verdict))
    return [_summary(asset_key, name, verdicts) for name, verdicts in judged.items()]


def _summary(asset_key: dg.AssetKey, name: str, verdicts: Sequence[Verdict]) -> dg.AssetCheckResult:
    failing = [v for v in verdicts if not v.passed]
    accounts = {v.partition[0] for v in verdicts}
    worst = "ERROR" if not failing or any(v.severity == "ERROR" for v in failing) else "WARN"
    return dg.AssetCheckResult(
        asset_key=asset_key,
        check_name=name,
        passed=not failing,
        severity=dg.AssetCheckSeverity(worst),
        description=f"{len(failing)} of {len(verdicts)} partitions of {len(accounts)} accounts have failing rows.",
        metadata={
            "failing_rows": sum(v.failing_rows for v in failing),
            "failing_partitions": [key(*v.partition) for v in failing[:SHOWN_FAILURES]],
            "reasons": [v.reason or "" for v in failing[:SHOWN_FAILURES]],
        },
    )


def _report(context: dg.AssetCheckExecutionContext, evaluation: dg.AssetCheckEvaluation) -> None:
    event = DagsterEvent(
        event_type_value=dg.DagsterEventType.ASSET_CHECK_EVALUATION.value,
        job_name=context.run.job_name,
        event_specific_data=evaluation,
    )
    context.instance.report_dagster_event(event, run_id=context.run.run_id)


def _evaluation(asset_key: dg.AssetKey, name: str, verdict: Verdict) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=asset_key,
        check_name=name,
        passed=verdict.passed,
        severity=dg.AssetCheckSeverity(verdict.severity),
        metadata={
            "failing_rows": dg.MetadataValue.int(verdict.failing_rows),
            "reason": dg.MetadataValue.text(verdict.reason or ""),
        },
        partition=key(*verdict.partition),
    )
