"""Runs that are started by hand: launched once an account, followed by their id in the Dagster instance.

Belongs here: what is at work, starting, following. Does not belong here: what a trigger runs (`triggers.py`), the
process (`run_worker.py`).
"""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import uuid4

import dagster as dg
from dagster import DagsterEventType

from insights_assets.api.triggers import Order
from insights_assets.instance.owners import ACCOUNT_TAG, account_of
from insights_assets.lake.locking import AccountLocks
from insights_assets.progress import records

LONGEST_RUN: Final = timedelta(days=1)
ENDED: Final = ("SUCCESS", "FAILURE", "CANCELED")
_ALIVE: Final = [s for s in dg.DagsterRunStatus if s.value not in ENDED]
_TOLD: Final = {
    DagsterEventType.STEP_START: "step_started",
    DagsterEventType.STEP_SUCCESS: "step_succeeded",
    DagsterEventType.STEP_FAILURE: "step_failed",
    DagsterEventType.RUN_START: "run_started",
    DagsterEventType.RUN_SUCCESS: "run_succeeded",
    DagsterEventType.RUN_FAILURE: "run_failed",
    DagsterEventType.RUN_CANCELED: "run_canceled",
}


class Process(Protocol):
    """A process that was started."""

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""


def start_process(order: Order) -> Process:
    """Start the process of an order; its variables go through stdin, where no list of processes shows them."""
    command = [sys.executable, "-m", "insights_assets.api.run_worker"]
    process = subprocess.Popen(  # noqa: S603 - our own arguments
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
    )
    if process.stdin is not None:
        json.dump(order.plain(), process.stdin)
        process.stdin.close()
    return process


class BusyAccountError(Exception):
    """Something is at work on the account already; `run_id` names it."""

    def __init__(self, run_id: str, detail: str) -> None:
        super().__init__(detail)
        self.run_id = run_id


class TooManyRunsError(Exception):
    """As many runs as may be are at work."""


@dataclass
class Runs:
    """Starts and follows runs; for many threads.

    `environment` makes the process work on the same home; `start` is what starts it.
    """

    instance: dg.DagsterInstance
    home: Path
    environment: Mapping[str, str]
    at_once: int
    now: Callable[[], datetime]
    start: Callable[[Order], Process] = start_process
    _started: dict[str, tuple[Order, Process]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def launch(self, order: Order) -> str:
        """Start a run, unless one of the account is at work.

        Returns:
            The run's id; it is in the Dagster instance within seconds.

        Raises:
            BusyAccountError: a run or a backfill works on the account.
            TooManyRunsError: as many as may be are at work.
        """
        with self._lock:
            if (at_work := self._at_work(order.account_id)) is not None:
                raise BusyAccountError(at_work, f"Run {at_work} works on {order.account_id}; wait until it has ended.")
            if sum(process.poll() is None for _, process in self._started.values()) >= self.at_once:
                raise TooManyRunsError
            named = replace(order, run_id=str(uuid4()), environment=dict(self.environment))
            self._forget()
            self._started[named.run_id] = (named, self.start(named))
            return named.run_id

    def _at_work(self, account_id: str) -> str | None:
        own = (i for i, (o, p) in self._started.items() if o.account_id == account_id and p.poll() is None)
        if (started := next(own, None)) is not None:
            return started
        filters = dg.RunsFilter(statuses=_ALIVE, tags={ACCOUNT_TAG: account_id})
        for record in self.instance.get_run_records(filters, limit=20):
            # Runs that work for a day were killed with their process (automation/fleet.py).
            if record.create_timestamp > self.now() - LONGEST_RUN and record.dagster_run.run_id not in self._started:
                return record.dagster_run.run_id
        with AccountLocks(self.home / "locks" / "accounts") as locks:
            if locks.take([account_id]):
                running = [r.backfill_id for r in records(self.home) if r.status == "running"]
                return running[0] if running else "unknown"
        return None

    def _forget(self) -> None:
        """Processes that ended and whose run is in the instance need no memory of ours."""
        ended = [i for i, (_, p) in self._started.items() if p.poll() is not None and self.instance.get_run_by_id(i)]
        for run_id in ended:
            del self._started[run_id]

    def find(self, run_id: str) -> dict[str, Any] | None:
        """What is known of a run: run_id, account_id, status, reason, created and ended (UTC), steps by outcome."""
        record = self.instance.get_run_record_by_id(run_id)
        if record is None:
            return self._before_it_is_there(run_id)
        return _told(record)

    def _before_it_is_there(self, run_id: str) -> dict[str, Any] | None:
        if run_id not in self._started:
            return None
        order, process = self._started[run_id]
        status = "STARTING" if process.poll() is None else "FAILURE"
        return {"run_id": run_id, "account_id": order.account_id, "status": status, "reason": order.reason}

    def newest(self, account_id: str | None, most: int) -> list[dict[str, Any]]:
        """The newest runs, of an account or of all."""
        filters = dg.RunsFilter(tags={ACCOUNT_TAG: account_id}) if account_id else None
        return [_told(record) for record in self.instance.get_run_records(filters, limit=most)]

    def events(self, run_id: str, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
        """What happened after a cursor: event, step, at; and the next cursor."""
        if self.instance.get_run_by_id(run_id) is None:
            return [], cursor
        found = self.instance.get_records_for_run(run_id, cursor=cursor, of_type=set(_TOLD), limit=200)
        told = [
            {
                "event": _TOLD[entry.dagster_event.event_type],
                "step": (entry.dagster_event.step_key or "").split("__")[-1] or None,
                "at": datetime.fromtimestamp(entry.timestamp, self.now().tzinfo),
            }
            for entry in (record.event_log_entry for record in found.records)
            if entry.dagster_event is not None
        ]
        return told, found.cursor


def _told(record: dg.RunRecord) -> dict[str, Any]:
    run = record.dagster_run
    ended = record.end_time
    return {
        "run_id": run.run_id,
        "account_id": run.tags.get(ACCOUNT_TAG) or account_of(run.tags),
        "status": run.status.value,
        "reason": run.tags.get("insights/reason"),
        "created_at": record.create_timestamp,
        "ended_at": datetime.fromtimestamp(ended, record.create_timestamp.tzinfo) if ended else None,
    }
