"""Causes that only Dagster knows: runs that failed unexplained, and checks without partitions."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
import polars as pl

from insights_assets.automation.alerts.life_cycle import Alert, Observation, Signal
from insights_assets.automation.alerts.wording import one_line
from insights_assets.graph_api.redaction import redact
from insights_assets.lake.changes import file_statistics, read_files
from insights_assets.lake.store import Lake
from insights_assets.partitions import split_key
from insights_assets.tables.operations import SYNC_LOG

KIND = "run_failed"
FORGOTTEN_AFTER = timedelta(days=3)
LATER_RUNS = 200
_CHECK_FAILED = "DagsterAssetCheckFailedError"


def failed_run(
    lake: Lake, run: dg.DagsterRun, failures: Sequence[dg.DagsterEvent], reason: str | None
) -> Signal | None:
    """A failed run as a cause, unless the records explain each of its failed steps already.

    Args:
        lake: where `sync_log` is.
        run: the run.
        failures: its step failures; none when it was killed or never started.
        reason: what Dagster says about the run as a whole.
    """
    explained = _logged_steps(lake, run.run_id) if failures else set()
    left = [e for e in failures if _step(e) not in explained and not _is_check(e)]
    if failures and not left:
        return None
    account = account_of(run)
    steps = sorted({_step(e) for e in left})
    told = next((_message(e) for e in left), reason or "")
    said = one_line(redact(told), 300) or "it ended without a word"
    what = f"job {run.job_name}" + (f" on {account}" if account else "")
    return Signal(
        kind=KIND,
        account_id=account,
        subject_key=f"job:{run.job_name}",
        subject=what,
        severity="high",
        summary=f"A run of {what} failed{' in ' + ', '.join(steps) if steps else ''}: {said}",
        evidence={"run_id": run.run_id, "job": run.job_name, "steps": steps, "message": said},
    )


def ended_runs(instance: dg.DagsterInstance, alerts: Iterable[Alert], now: datetime) -> Observation:
    """Alerts on failed runs whose job has succeeded since on the same account, or that nothing repeated for days."""
    ended = set()
    for alert in alerts:
        if alert.kind != KIND or alert.status == "resolved":
            continue
        evidence = json.loads(alert.evidence)
        failed = instance.get_run_record_by_id(evidence["run_id"])
        if failed is None or now - alert.last_seen_at >= FORGOTTEN_AFTER:
            ended.add(alert.alert_id)
            continue
        later = instance.get_run_records(
            dg.RunsFilter(
                job_name=evidence["job"],
                statuses=[dg.DagsterRunStatus.SUCCESS],
                created_after=failed.create_timestamp,
            ),
            limit=LATER_RUNS,
        )
        if any(account_of(record.dagster_run) == alert.account_id for record in later):
            ended.add(alert.alert_id)
    return Observation(ended=frozenset(ended))


def checks_without_partitions(instance: dg.DagsterInstance, keys: Sequence[dg.AssetCheckKey]) -> Observation:
    """Red checks that are about no partition, by their newest verdict; those with partitions are in `check_results`."""
    if not keys:
        return Observation()
    signals, judged = [], True
    for key, record in instance.event_log_storage.get_latest_asset_check_execution_by_key(keys).items():
        event = record.event.dagster_event if record.event else None
        evaluation = event.event_specific_data if event else None
        if not isinstance(evaluation, dg.AssetCheckEvaluation):
            judged = False  # asked for and not answered yet: that is no good verdict
            continue
        if evaluation.passed:
            continue
        table = key.asset_key.path[-1]
        said = one_line(redact(evaluation.description or "no reason was recorded"), 300)
        signals.append(
            Signal(
                kind="check_failed",
                account_id=None,
                subject_key=f"{table}:{key.name}",
                subject=f"check {key.name} of {table}",
                severity="high" if evaluation.severity == dg.AssetCheckSeverity.ERROR else "low",
                summary=f"Check {key.name} of {table} failed: {said}",
                evidence={"run_id": record.run_id, "severity": evaluation.severity.value},
            )
        )
    return Observation(tuple(signals), frozenset({("check_failed", None)} if judged else ()))


def account_of(run: dg.DagsterRun) -> str | None:
    """The account of a run, where its partitions are all of one."""
    tags = run.tags
    first, last = (tags.get(f"dagster/asset_partition_range_{end}") for end in ("start", "end"))
    keys = [k for k in (first, last, tags.get("dagster/partition")) if k and "|" in k]
    accounts = {split_key(key)[0] for key in keys}
    return accounts.pop() if len(accounts) == 1 else None


def _logged_steps(lake: Lake, run_id: str) -> set[str]:
    """Steps whose failure of this run is in `sync_log`."""
    files = file_statistics(lake.delta(SYNC_LOG))
    if files.is_empty():
        return set()
    may = files.filter(pl.lit(run_id).is_between(pl.col("min.run_id"), pl.col("max.run_id")))
    return set(read_files(lake, SYNC_LOG, may).filter(run_id=run_id, status="failed")["step"])


def _step(event: dg.DagsterEvent) -> str:
    """The table of a step: `raw__ads` is `ads`."""
    return (event.step_key or "run").split("__", 1)[-1]


def _is_check(event: dg.DagsterEvent) -> bool:
    return any(error.cls_name == _CHECK_FAILED for error in _errors(event))


def _message(event: dg.DagsterEvent) -> str:
    """The innermost error's own words."""
    return next((error.message for error in reversed(_errors(event))), "")


def _errors(event: dg.DagsterEvent) -> list[Any]:
    """The error of a step and what caused it, outermost first."""
    found = []
    error = event.step_failure_data.error
    while error is not None:
        found.append(error)
        error = error.cause
    return found
