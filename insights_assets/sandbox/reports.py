"""Asynchronous report runs: a snapshot taken at once, readable after a while."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from insights_assets.sandbox.errors import GraphError, no_object
from insights_assets.sandbox.insight_rows import RowWriter

STAGES = ((0.1, "Job Not Started", 0), (0.3, "Job Started", 5), (0.85, "Job Running", 60), (1.0, "Job Running", 100))


@dataclass(frozen=True)
class Run:
    """A report run."""

    id: str
    account_id: str
    token: str
    writer: RowWriter
    started: float
    created: datetime
    since: str
    until: str


class Reports:
    """Keeps the runs of one server.

    Args:
        latency_s: Seconds until a run is complete.
        monotonic: A clock in seconds; injected, so that tests need not sleep.
    """

    def __init__(self, latency_s: float, monotonic: Callable[[], float]) -> None:
        self._latency_s = latency_s
        self._monotonic = monotonic
        self._runs: dict[str, Run] = {}
        self._lock = threading.Lock()

    def create(self, account_id: str, token: str, writer: RowWriter, created: datetime, days: tuple[str, str]) -> str:
        """Starts a run and gives its id."""
        with self._lock:
            run_id = f"60{len(self._runs) + 1:014d}"
            self._runs[run_id] = Run(run_id, account_id, token, writer, self._monotonic(), created, *days)
        return run_id

    def __contains__(self, run_id: str) -> bool:
        return run_id in self._runs

    def get(self, run_id: str, token: str) -> Run:
        """A run of this token."""
        run = self._runs.get(run_id)
        if run is None or run.token != token:
            raise no_object(run_id)
        return run

    def stage(self, run: Run) -> tuple[str, int]:
        """Status and percentage; 100 percent may still be running."""
        share = (self._monotonic() - run.started) / self._latency_s if self._latency_s > 0 else 1.0
        return next(((name, percent) for limit, name, percent in STAGES if share < limit), ("Job Completed", 100))

    def status(self, run: Run) -> dict[str, Any]:
        """The run's JSON."""
        name, percent = self.stage(run)
        result: dict[str, Any] = {
            "id": run.id,
            "account_id": run.account_id,
            "time_ref": int(run.created.timestamp()),
            "async_status": name,
            "async_percent_completion": percent,
            "is_bookmarked": False,
            "is_running": name != "Job Completed",
            "date_start": run.since,
            "date_stop": run.until,
        }
        if name == "Job Completed":
            result["time_completed"] = int(run.created.timestamp() + self._latency_s)
        return result

    def rows(self, run: Run) -> RowWriter:
        """The rows of a run that is complete."""
        if self.stage(run)[0] != "Job Completed":
            raise GraphError("Error accessing adreport job", 2601, subcode=1815107, transient=True)
        return run.writer
