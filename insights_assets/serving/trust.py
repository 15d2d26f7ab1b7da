"""What limits the numbers: failed steps, red checks, refused rows, young weeks, and how past predictions did."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from insights_assets.analytics.burnout_outcomes import burnout_quality, observed_burnout
from insights_assets.lake.store import Lake
from insights_assets.serving.figures import count_words
from insights_assets.serving.model import FailedCheck, FailedStep, Quality, Trust
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.model import Table
from insights_assets.tables.operations import CHECK_RESULTS, QUARANTINE, SYNC_LOG

OUTCOME_KEY = ["account_id", "ad_id", "week", "horizon_weeks"]


@dataclass(frozen=True)
class Scope:
    """Which part of the lake a report is about: whole weeks of some accounts (None: all)."""

    lake: Lake
    accounts: Collection[str] | None
    since: date
    until: date

    def read(self, table: Table, since: date | None = None) -> pl.DataFrame:
        """Rows of a partitioned table, from an earlier week where asked."""
        return self.lake.read(table, accounts=self.accounts, since=since or self.since, until=self.until)


def collect_trust(
    scope: Scope,
    *,
    names: Mapping[str, str],
    running_weeks: Collection[date],
    features: pl.DataFrame,
    predictions: pl.DataFrame,
) -> tuple[Trust, pl.DataFrame]:
    """Gather what limits the numbers, and the outcomes of past predictions (for the picture).

    Args:
        scope: accounts and weeks of the report.
        names: account names by id.
        running_weeks: weeks that are not over in some account.
        features: rows of `features_ad`, with the 4 weeks before the period.
        predictions: rows of `burnout_predictions` of the period.
    """
    checks = scope.read(CHECK_RESULTS)
    refused = scope.read(QUARANTINE).filter(pl.col("table_name").is_not_null())
    unsettled = features.filter((pl.col("week") >= scope.since) & ~pl.col("is_settled"))["week"]
    observed = observed_burnout(features)
    trust = Trust(
        checks=checks.height,
        failed_checks=failed_checks(checks, names),
        failed_steps=failed_steps(scope.read(SYNC_LOG), names),
        quarantined=count_words(refused["table_name"]),
        running_weeks=tuple(sorted(set(running_weeks))),
        unsettled_since=unsettled.sort()[0] if unsettled.len() else None,
        quality=tuple(Quality(**row) for row in burnout_quality(predictions, observed).to_dicts()),
    )
    outcomes = predictions.join(observed.rename({"entity_id": "ad_id"}), on=OUTCOME_KEY, how="inner")
    return trust, outcomes.select(*OUTCOME_KEY, "risk_score", "burnt").sort(OUTCOME_KEY)


def failed_steps(log: pl.DataFrame, names: Mapping[str, str]) -> tuple[FailedStep, ...]:
    """Group the steps whose newest run failed by account, step and words.

    Args:
        log: rows of `sync_log`.
        names: account names by id.
    """
    newest = log.sort("finished_at").unique(["account_id", "week", "step"], keep="last")
    keys = ("account_id", "step", "error_type", "message")
    grouped = (
        newest.filter(pl.col("status") == "failed")
        .with_columns(
            pl.col("error_type").fill_null("unknown"), pl.col("message").fill_null("No message was recorded.")
        )
        .group_by(keys)
        .agg(pl.len().alias("weeks"), pl.col("retry_after").max())
    )
    return tuple(FailedStep(account_name=_name(names, row), **row) for row in grouped.sort(keys).to_dicts())


def failed_checks(checks: pl.DataFrame, names: Mapping[str, str]) -> tuple[FailedCheck, ...]:
    """Group the red checks by account, table and check, with the reason of the newest week.

    Args:
        checks: rows of `check_results`.
        names: account names by id.
    """
    keys = ("account_id", "table_name", "check_name", "severity")
    grouped = (
        checks.filter(~pl.col("passed"))
        .with_columns(pl.col("reason").fill_null(""))
        .sort("week")
        .group_by(keys, maintain_order=True)
        .agg(pl.len().alias("weeks"), pl.col("failing_rows").sum(), pl.col("reason").last())
    )
    return tuple(FailedCheck(account_name=_name(names, row), **row) for row in grouped.sort(keys).to_dicts())


def newest_days(scope: Scope) -> dict[str, tuple[date, int]]:
    """Return the newest day and the number of rows of daily insights by account, without reading the wide columns."""
    newest = scope.lake.rows(
        INSIGHTS_DAILY,
        ("account_id", "date"),
        accounts=scope.accounts,
        since=scope.since,
        until=scope.until,
        then=lambda rows: rows.group_by("account_id").agg(pl.col("date").max(), pl.len().alias("rows")),
    )
    return {account: (day, count) for account, day, count in newest.iter_rows()}


def _name(names: Mapping[str, str], row: Mapping[str, str]) -> str:
    return names.get(row["account_id"], row["account_id"])
