"""Steps that ask the API: one account after the other, each failure written to `sync_log` before the run turns red.

Belongs here: what the raw assets share at run time. Does not belong: requests (`graph_api/`), rows (`*_frames.py`).
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import dagster as dg
import polars as pl

from insights_assets import registry
from insights_assets.connection import Gateway
from insights_assets.graph_api.client import GraphClient
from insights_assets.graph_api.errors import GraphApiError
from insights_assets.graph_api.redaction import redact
from insights_assets.lake.deletion import barred
from insights_assets.lake.io_manager import FAILED_ACCOUNTS
from insights_assets.lake.store import Lake, Partition
from insights_assets.lake.sync_log import append
from insights_assets.partitions import split_key, today_in
from insights_assets.settings import SettingsError
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.model import Table

RAW_RESOURCES = {"lake", "gateway", "clock"}


@dataclass
class AccountStep:
    """One account of a step: its registry row, its weeks, an open client, and the fields it had to do without."""

    account: Mapping[str, Any]
    weeks: Sequence[date]
    client: GraphClient
    now: datetime
    dropped_fields: set[str] = field(default_factory=set)

    @property
    def today(self) -> date:
        """Today in the account's time zone."""
        return today_in(self.account["timezone_name"], self.now)

    def spans(self) -> Iterator[tuple[date, date]]:
        """First and last day of each unbroken stretch of weeks, up to yesterday: today is still being counted."""
        yesterday = self.today - timedelta(days=1)
        start = None
        for week in self.weeks:
            start = start or week
            if week + timedelta(weeks=1) not in self.weeks:
                end = min(week + timedelta(days=6), yesterday)
                if start <= end:
                    yield start, end
                start = None


@dataclass
class _Tally:
    requests: int = 0
    dropped_fields: set[str] = field(default_factory=set)
    started: float = field(default_factory=time.monotonic)


def fetch(
    context: dg.AssetExecutionContext, table: Table, ask: Callable[[AccountStep], pl.DataFrame]
) -> dg.MaterializeResult[pl.DataFrame]:
    """Run `ask` for each account of the run's partitions and join the rows; deleted weeks are not asked for.

    An account that fails among others keeps what is stored of it; the check `synced` turns red for its partitions.

    Raises:
        dagster.Failure: every account failed; the sentence says what to do, and `sync_log` has each error type.
    """
    lake: Lake = context.resources.lake
    now: datetime = context.resources.clock()
    accounts = lake.read(ACCOUNTS)
    weeks_of: dict[str, list[date]] = {}
    asked = [split_key(k) for k in context.partition_keys]
    gone = barred(lake, {account_id for account_id, _ in asked})
    for account_id, week in asked:
        if (account_id, week) not in gone:
            weeks_of.setdefault(account_id, []).append(week)
    frames = [table.empty()]
    tally = _Tally()
    failed: dict[str, str] = {}
    for account_id, weeks in sorted(weeks_of.items()):
        try:
            with _recorded(context, lake, table, [(account_id, w) for w in weeks], tally, now):
                rows = _ask_account(context.resources.gateway, accounts, account_id, sorted(weeks), ask, tally, now)
        except dg.Failure as failure:
            failed[account_id] = failure.description or "failed"
            if len(failed) == len(weeks_of):
                raise
        else:
            frames.append(rows)
    return dg.MaterializeResult(
        value=pl.concat(frames),
        metadata={
            "requests": tally.requests,
            "duration_s": round(time.monotonic() - tally.started, 3),
            "dropped_fields": sorted(tally.dropped_fields),
            FAILED_ACCOUNTS: failed,
        },
    )


def _ask_account(
    gateway: Gateway,
    accounts: pl.DataFrame,
    account_id: str,
    weeks: list[date],
    ask: Callable[[AccountStep], pl.DataFrame],
    tally: _Tally,
    now: datetime,
) -> pl.DataFrame:
    account = registry.one(accounts, account_id)
    with gateway.client(account, now=now) as client:
        step = AccountStep(account, weeks, client, now)
        try:
            return ask(step)
        finally:
            tally.dropped_fields |= step.dropped_fields
            tally.requests += client.transport.requests


@contextmanager
def _recorded(
    context: dg.AssetExecutionContext,
    lake: Lake,
    table: Table,
    partitions: list[Partition],
    tally: _Tally,
    now: datetime,
) -> Iterator[None]:
    try:
        yield
    except (GraphApiError, SettingsError, registry.UnknownAccountError) as error:
        known = error if isinstance(error, GraphApiError) else None
        message = redact(str(error))
        outcome = {
            "status": "failed",
            "error_type": known.error_type if known else "unknown",
            "error_code": known.code if known else None,
            "error_subcode": known.subcode if known else None,
            "message": message,
            "attempts": known.attempts if known else 1,
            "retry_after": now + timedelta(seconds=known.retry_after_s) if known and known.retry_after_s else None,
        }
        duration = time.monotonic() - tally.started
        append(
            *(lake, table, partitions),
            run_id=context.run.run_id,
            now=now,
            duration_s=duration,
            requests=tally.requests,
            outcome=outcome,
        )
        # allow_retries=False: the client has already spent its retries on what can be retried.
        raise dg.Failure(
            description=message, metadata={"error_type": outcome["error_type"]}, allow_retries=False
        ) from None
