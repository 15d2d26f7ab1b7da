"""Causes in what the system records about itself: checks and syncs of accounts, blocks and errors of all together."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from insights_assets.alert_settings import AlertSettings, Thresholds
from insights_assets.automation.alerts.life_cycle import Observation, Signal
from insights_assets.automation.alerts.wording import one_line
from insights_assets.tables.registry import TABLES

HOPELESS = ("token_invalid", "permission", "api_version")  # the same call again fails again
SYNC_WINDOW = timedelta(days=7)
SLOW_WINDOW = timedelta(days=14)
STORM_WINDOW = timedelta(hours=1)
ERROR_WINDOW = timedelta(hours=24)
EARLIER_RUNS = 4
STORM_ACCOUNTS = 10
SHOWN = 10


def checks(failed: pl.DataFrame, accounts: list[str]) -> Observation:
    """Red checks.

    Args:
        failed: rows of the view `check_results` that did not pass, of these accounts.
        accounts: the accounts that were looked at.
    """
    key = ["account_id", "table_name", "check_name"]
    grouped = failed.sort("week", descending=True).group_by(key, maintain_order=True)
    signals = tuple(
        Signal(
            kind="check_failed",
            account_id=row["account_id"],
            subject_key=f"{row['table_name']}:{row['check_name']}",
            subject=f"check {row['check_name']} of {row['table_name']}",
            severity="high" if row["blocking"] else "low",
            summary=f"Check {row['check_name']} of {row['table_name']} failed in {len(row['weeks'])} weeks: "
            f"{one_line(row['reason'] or 'no reason was recorded', 200)}",
            week=row["weeks"][0],
            evidence={
                "failing_rows": row["failing_rows"],
                "weeks": row["weeks"][:SHOWN],
                "weeks_in_all": len(row["weeks"]),
                "severity": "ERROR" if row["blocking"] else "WARN",
                "reason": row["reason"],
            },
        )
        for row in grouped.agg(
            weeks="week",
            failing_rows=pl.col("failing_rows").sum(),
            blocking=(pl.col("severity") == "ERROR").any(),
            reason=pl.col("reason").first(),
        ).iter_rows(named=True)
    )
    return Observation(signals, frozenset(("check_failed", account) for account in accounts))


def failed_syncs(log: pl.DataFrame, settings: AlertSettings, now: datetime) -> Observation:
    """Steps that fail again and again, by account and type of error.

    Args:
        log: rows of `sync_log`.
        settings: thresholds.
        now: the instant (UTC).
    """
    recent = log.filter(pl.col("finished_at") >= now - SYNC_WINDOW).sort("finished_at")
    partition = ["account_id", "week", "step"]
    failures = recent.with_columns(
        last_ok=pl.col("finished_at").filter(pl.col("status") == "ok").max().over(partition)
    ).filter(pl.col("status") == "failed", pl.col("last_ok").is_null() | (pl.col("finished_at") > pl.col("last_ok")))
    open_ = failures.group_by(partition, maintain_order=True).agg(
        pl.len().alias("times"),
        pl.col("error_type").last().fill_null("unknown"),
        pl.col("error_code", "error_subcode", "message", "retry_after", "finished_at").last(),
    )
    thresholds = {account: settings.of(account).sync_failures for account in open_["account_id"].unique()}
    needed = pl.col("account_id").replace_strict(thresholds, default=2, return_dtype=pl.Int64)
    hopeless = pl.col("error_type").is_in(HOPELESS)
    lasting = open_.filter(hopeless | (pl.col("times") >= needed)).sort("finished_at")
    signals = tuple(
        Signal(
            kind="sync_failed",
            account_id=row["account_id"],
            subject_key=row["error_type"],
            subject=f"sync of {row['account_id']}",
            severity=_failure_severity(row["error_type"]),
            summary=f"{row['account_id']} cannot be read ({row['error_type']}): "
            f"{one_line(row['message'] or 'no message was recorded', 300)}",
            week=row["week"],
            evidence={
                "error_type": row["error_type"],
                "error_code": row["error_code"],
                "error_subcode": row["error_subcode"],
                "steps": row["step"],
                "weeks": row["weeks"],
                "failures_in_a_row": row["times"],
                "retry_after": row["retry_after"],
            },
        )
        for row in lasting.group_by("account_id", "error_type", maintain_order=True)
        .agg(
            pl.col("step").unique().sort(),
            pl.col("times", "week").max(),
            pl.col("week").n_unique().alias("weeks"),
            pl.col("message", "error_code", "error_subcode", "retry_after").last(),
        )
        .iter_rows(named=True)
    )
    return Observation(signals, frozenset(("sync_failed", account) for account in recent["account_id"].unique()))


def _failure_severity(error_type: str) -> str:
    return "critical" if error_type in HOPELESS else "medium" if error_type == "rate_limited" else "high"


def slow_syncs(log: pl.DataFrame, settings: AlertSettings, now: datetime) -> Observation:
    """Accounts whose newest run took far longer than earlier runs over as many weeks and the same steps."""
    raw = [name for name, table in TABLES.items() if table.layer == "raw"]
    steps = log.filter(pl.col("finished_at") >= now - SLOW_WINDOW, pl.col("status") == "ok", pl.col("step").is_in(raw))
    # The duration is the step's over all weeks of its run, repeated in the row of each week.
    runs = (
        steps.group_by("account_id", "run_id", "step", "finished_at")
        .agg(pl.col("duration_s").first(), pl.col("week").n_unique().alias("weeks"))
        .group_by("account_id", "run_id")
        .agg(
            pl.col("duration_s").sum(),
            pl.col("weeks", "finished_at").max(),
            pl.col("step").unique().sort().str.join(","),
        )
        .sort("account_id", "finished_at")
    )
    newest = runs.unique("account_id", keep="last", maintain_order=True)
    like = runs.join(newest, on=["account_id", "weeks", "step"], suffix="_newest").filter(
        pl.col("run_id") != pl.col("run_id_newest")
    )
    usual = like.group_by("account_id").agg(pl.col("duration_s").median().alias("usual"), pl.len().alias("earlier"))
    compared = newest.join(usual, on="account_id").filter(pl.col("earlier") >= EARLIER_RUNS)
    signals = []
    for row in compared.sort("account_id").iter_rows(named=True):
        own = settings.of(row["account_id"])
        if row["duration_s"] >= max(own.slow_sync_min_s, own.slow_sync_factor * row["usual"]):
            signals.append(_slow(row, own.slow_sync_factor))
    return Observation(tuple(signals), frozenset(("slow_sync", account) for account in compared["account_id"]))


def _slow(row: Mapping[str, Any], factor: float) -> Signal:
    account_id, took, usual = row["account_id"], row["duration_s"], row["usual"]
    return Signal(
        kind="slow_sync",
        account_id=account_id,
        subject_key="sync",
        subject=f"sync of {account_id}",
        severity="medium" if took >= 2 * factor * usual else "low",
        summary=f"Reading {account_id} took {took:,.0f} s, usually {usual:,.0f} s.",
        evidence={
            "duration_s": round(took, 1),
            "usual_s": round(usual, 1),
            "weeks": row["weeks"],
            "run_id": row["run_id"],
            "earlier_runs": row["earlier"],
        },
    )


def rate_limits(blocked_steps: int, accounts: list[str], thresholds: Thresholds) -> Observation:
    """A storm of blocks: steps blocked in the last hour, and the accounts they belong to."""
    looked = frozenset({("rate_limit_storm", None)})
    if blocked_steps < thresholds.rate_limit_blocks:
        return Observation((), looked)
    signal = Signal(
        kind="rate_limit_storm",
        account_id=None,
        subject_key="instance",
        subject="all accounts",
        severity="critical" if len(accounts) >= STORM_ACCOUNTS else "high",
        summary=f"{blocked_steps} steps of {len(accounts)} accounts were blocked in the last hour.",
        evidence={
            "blocked_steps": blocked_steps,
            "accounts": sorted(accounts)[:SHOWN],
            "accounts_in_all": len(accounts),
        },
    )
    return Observation((signal,), looked)


def errors(failed: int, ended: int, thresholds: Thresholds) -> Observation:
    """Too many failures: steps (one for each account and week) of the last 24 hours, and how many of them failed."""
    looked = frozenset({("error_share", None)})
    share = failed / ended if ended else 0.0
    if ended < thresholds.error_min_steps or share <= thresholds.error_share:
        return Observation((), looked)
    signal = Signal(
        kind="error_share",
        account_id=None,
        subject_key="instance",
        subject="all accounts",
        severity="high" if share > 4 * thresholds.error_share else "medium",
        summary=f"{share:.1%} of the steps of the last 24 hours failed ({failed:,} of {ended:,}).",
        evidence={"failed": failed, "ended": ended, "share": round(share, 4)},
    )
    return Observation((signal,), looked)
