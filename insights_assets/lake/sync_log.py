"""The sync log: one row for each partition and run of a step, appended after its write (or its failure)."""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from insights_assets.lake.changes import read_files
from insights_assets.lake.store import Lake, Partition
from insights_assets.logged import told
from insights_assets.tables.model import Table
from insights_assets.tables.operations import SYNC_LOG

TOLD = ("step", "requests", "duration_s", "attempts", "error_type", "error_code", "message", "retry_after", "run_id")
logger = logging.getLogger(__name__)
SUCCESS: Mapping[str, Any] = {"status": "ok"}


def append(
    lake: Lake,
    table: Table,
    partitions: Sequence[Partition],
    *,
    run_id: str,
    now: datetime,
    duration_s: float,
    requests: int = 0,
    rows: Mapping[Partition, int] | None = None,
    notes: Mapping[str, str] | None = None,
    outcome: Mapping[str, Any] = SUCCESS,
) -> None:
    """Log one run of a step.

    Args:
        lake: where the log is.
        table: the step's table.
        partitions: what the run covered.
        run_id: the Dagster run.
        now: when the step ended.
        duration_s: seconds, over all partitions.
        requests: API requests, over all partitions.
        rows: rows stored by partition; missing is 0.
        notes: what is to be said of an account although nothing failed.
        outcome: `status` and, for a failure, the error columns.
    """
    stored = rows or {}
    base: dict[str, Any] = {
        "step": table.name,
        "error_type": None,
        "error_code": None,
        "error_subcode": None,
        "message": None,
        "attempts": 1,
        "requests": requests,
        "duration_s": duration_s,
        "retry_after": None,
        "run_id": run_id,
        "finished_at": now,
        **outcome,
    }
    said = dict(notes or {})
    lines = [
        {"account_id": a, "week": w, "rows": stored.get((a, w), 0), **base, "message": said.get(a, base["message"])}
        for a, w in partitions
    ]
    lake.append(SYNC_LOG, pl.DataFrame(lines, schema=SYNC_LOG.schema))
    _tell(lines)


def _tell(lines: Sequence[Mapping[str, Any]]) -> None:
    """One line of the log for a run of a step, whatever number of partitions it covers."""
    if not lines:
        return
    base, accounts = lines[0], {line["account_id"] for line in lines}
    weeks = sorted({line["week"] for line in lines})
    logger.log(
        logging.INFO if base["status"] == "ok" else logging.WARNING,
        "step %s",
        base["status"],
        extra=told(
            account_id=base["account_id"] if len(accounts) == 1 else None,
            accounts=len(accounts) if len(accounts) > 1 else None,
            week=weeks[0],
            last_week=weeks[-1] if len(weeks) > 1 else None,
            partitions=len(lines),
            rows=sum(line["rows"] for line in lines),
            **{name: base[name] for name in TOLD},
        ),
    )


def requests(lake: Lake, accounts: Sequence[str]) -> int:
    """API requests of all logged runs of these accounts; a run's count stands in the row of each of its weeks."""
    rows = lake.read(SYNC_LOG, accounts=accounts).unique(["account_id", "step", "run_id", "finished_at"])
    return int(rows["requests"].sum())


def recent(lake: Lake, files: pl.DataFrame, accounts: Collection[str]) -> pl.DataFrame:
    """Rows of some files of the log, of these accounts; all else than when and how long of successes may be null.

    Each run of a step adds a file: a fleet that was not compacted for two weeks has 200 an account. What a file of one
    successful step holds stands in its statistics, so only the others are opened.

    Args:
        lake: the lake.
        files: rows of `changes.file_statistics`.
        accounts: which accounts.
    """
    if files.is_empty():
        return SYNC_LOG.empty()
    chosen = files.filter(pl.col("partition.account_id").is_in(list(accounts)))
    span = (pl.col("max.week") - pl.col("min.week")).dt.total_days() // 7 + 1
    told = (
        (pl.col("min.step") == pl.col("max.step"))
        & (pl.col("min.run_id") == pl.col("max.run_id"))
        & (pl.col("min.finished_at") == pl.col("max.finished_at"))
        & (pl.col("min.status") == "ok")
        & (pl.col("max.status") == "ok")
        & (span == pl.col("num_records"))
    )
    plain = chosen.filter(told).select(
        pl.col("partition.account_id").alias("account_id"),
        pl.date_ranges("min.week", "max.week", "1w").alias("week"),
        *(pl.col(f"max.{name}").alias(name) for name in ("step", "status", "duration_s", "run_id", "finished_at")),
    )
    rows = plain.explode("week", empty_as_null=False)
    known = [
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in SYNC_LOG.schema.items()
    ]
    return pl.concat([rows.select(known), read_files(lake, SYNC_LOG, chosen.filter(~told))])
