"""What the system records about itself: runs of steps, verdicts of checks, rows that were refused."""

import polars as pl

from insights_assets.tables.columns import Instant, account_id, count, observed_at, one_of, week
from insights_assets.tables.model import Table, TableModel, column

# The check of a table's model: a partition counts as finished only with its good verdict.
SCHEMA_CHECK = "schema"
ERROR_TYPES = ("token_invalid", "permission", "rate_limited", "network", "data", "api_version", "unknown")


class SyncLog(TableModel):
    """One step (asset) for one account and week in one run."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    step: pl.String = column("Asset name")
    status: pl.String = one_of("ok or failed", ("ok", "failed"))
    error_type: pl.String = one_of("Kind of failure", ERROR_TYPES, nullable=True)
    error_code: pl.Int64 = column("Graph API error code", nullable=True)
    error_subcode: pl.Int64 = column("Graph API error subcode", nullable=True)
    message: pl.String = column(
        "One redacted sentence: what failed and what to do, or what is to be known of a success", nullable=True
    )
    attempts: pl.Int64 = column("Tries within the run", unit="count", ge=1)
    requests: pl.Int64 = count("API requests of the step, over all weeks of the run")
    duration_s: pl.Float64 = column("Duration of the step, over all weeks of the run", unit="seconds", ge=0)
    rows: pl.Int64 = count("Rows stored for this week")
    retry_after: Instant = column("When a blocked account may be asked again", unit="UTC instant", nullable=True)
    run_id: pl.String = column("Dagster run")
    finished_at: Instant = observed_at("When the step ended")


class CheckResults(TableModel):
    """The newest verdict of one check on one partition of a table."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    table_name: pl.String = column("Table that was checked")
    check_name: pl.String = column("Check")
    passed: pl.Boolean = column("Verdict")
    severity: pl.String = one_of("ERROR blocks what is downstream, WARN does not", ("ERROR", "WARN"))
    failing_rows: pl.Int64 = count("Rows that failed")
    reason: pl.String = column("First failing reasons", nullable=True)
    observed_at: Instant = observed_at("When the check ran")


class Quarantine(TableModel):
    """A row that a table refused, with the reason; the partition's previous good row, if any, was kept."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    table_name: pl.String = column("Table that refused the row")
    reason: pl.String = column("Failed checks")
    row: pl.String = column("The row, as JSON")
    observed_at: Instant = observed_at("When it was refused")


SYNC_LOG = Table("sync_log", "ops", SyncLog, ("account_id", "week", "step", "finished_at"))
CHECK_RESULTS = Table("check_results", "ops", CheckResults, ("account_id", "week", "table_name", "check_name"))
QUARANTINE = Table("quarantine", "ops", Quarantine, ("account_id", "week", "table_name", "row"))
