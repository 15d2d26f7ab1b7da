"""Asynchronous report runs: a snapshot taken at once, readable after a while."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from insights_assets.sandbox.errors import GraphError, no_object
from insights_assets.sandbox.insight_rows import RowWriter

STAGES = ((0.1, "Job Not Started", 0), (0.3, "Job Started", 5), (0.85, "Job Running", 60), (1.0, "Job Running", 100))
COMPLETED: Final = "Job Completed"
ENDED: Final = frozenset({COMPLETED, "Job Failed", "Job Skipped"})
# The rows of a run are made again from its snapshot's instant, so only those being read need be kept.
WRITERS_KEPT: Final = 16


@dataclass(frozen=True)
class Fate:
    """What becomes of a run instead of being completed.

    Attributes:
        ends: The status it stays at; `Job Completed` for one that only lingers.
        percent: The percentage it stays at.
        polls: Polls that say 100 percent and Job Running before it is completed.
        error: The error fields of a failed run.
    """

    ends: str = COMPLETED
    percent: int = 0
    polls: int = 0
    error: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Run:
    """A report run; `make` writes its rows anew, always the same."""

    id: str
    account_id: str
    token: str
    make: Callable[[], RowWriter]
    latency_s: float
    started: float
    created: datetime
    since: str
    until: str
    fate: Fate


class Reports:
    """Keeps the runs of one server.

    Args:
        latency_s: Seconds until a run is complete, or a function of its number of rows.
        monotonic: A clock in seconds; injected, so that tests need not sleep.
    """

    def __init__(self, latency_s: float | Callable[[int], float], monotonic: Callable[[], float]) -> None:
        self._latency_s = latency_s
        self._monotonic = monotonic
        self._runs: dict[str, Run] = {}
        self._made: Counter[str] = Counter()
        self._polls: Counter[str] = Counter()
        self._writers: OrderedDict[str, RowWriter] = OrderedDict()
        self._lock = threading.Lock()

    def create(
        self,
        key: str,
        account_id: str,
        token: str,
        make: Callable[[], RowWriter],
        writer: RowWriter,
        *,
        created: datetime,
        days: tuple[str, str],
        fate: Fate,
    ) -> str:
        """Starts a run and gives its id, which follows from `key` and how often it was started.

        Args:
            key: The question, the same for the same question.
            account_id: The account without its prefix.
            token: Only this token sees the run.
            make: Writes the rows anew.
            writer: Its rows.
            created: The instant of the snapshot.
            days: First and last day.
            fate: What becomes of it.
        """
        latency = self._latency_s(len(writer)) if callable(self._latency_s) else self._latency_s
        with self._lock:
            self._made[key] += 1
            digest = blake2b(f"{key}:{self._made[key]}".encode(), digest_size=8).digest()
            run_id = f"60{int.from_bytes(digest) % 10**14:014d}"
            self._runs[run_id] = Run(
                run_id, account_id, token, make, latency, self._monotonic(), created, *days, fate=fate
            )
            self._keep(run_id, writer)
        return run_id

    def account_of(self, run_id: str) -> str | None:
        """The account of a run, with its prefix; None when there is no such run."""
        run = self._runs.get(run_id)
        return None if run is None else f"act_{run.account_id}"

    def get(self, run_id: str, token: str) -> Run:
        """A run of this token."""
        run = self._runs.get(run_id)
        if run is None or run.token != token:
            raise no_object(run_id)
        return run

    def delete(self, run: Run) -> dict[str, Any]:
        """Forgets a run."""
        with self._lock:
            self._runs.pop(run.id, None)
            self._writers.pop(run.id, None)
        return {"success": True}

    def stage(self, run: Run) -> tuple[str, int]:
        """Status and percentage; 100 percent may still be running."""
        share = (self._monotonic() - run.started) / run.latency_s if run.latency_s > 0 else 1.0
        name, percent = next(
            ((name, percent) for limit, name, percent in STAGES if share < limit), (run.fate.ends, run.fate.percent)
        )
        # A run that is stuck never shows a stage beyond the one it is stuck at.
        if run.fate.ends not in ENDED:
            return (run.fate.ends, run.fate.percent) if percent > run.fate.percent else (name, percent)
        if name == COMPLETED:
            return (COMPLETED, 100) if self._polls[run.id] >= run.fate.polls else ("Job Running", 100)
        return name, percent

    def status(self, run: Run) -> dict[str, Any]:
        """The run's JSON."""
        name, percent = self.stage(run)
        if (name, percent) == ("Job Running", 100):
            self._polls[run.id] += 1
        result: dict[str, Any] = {
            "id": run.id,
            "account_id": run.account_id,
            "time_ref": int(run.created.timestamp()),
            "async_status": name,
            "async_percent_completion": percent,
            "is_bookmarked": False,
            "is_running": name not in ENDED,
            "date_start": run.since,
            "date_stop": run.until,
        }
        if name in ENDED:
            result["time_completed"] = int(run.created.timestamp() + run.latency_s)
            result |= (run.fate.error or {}) if name != COMPLETED else {}
        return result

    def rows(self, run: Run) -> RowWriter:
        """The rows of a run that is complete."""
        if self.stage(run)[0] != COMPLETED:
            raise GraphError("Error accessing adreport job", 2601, subcode=1815107, transient=True)
        with self._lock:
            writer = self._writers.get(run.id)
        if writer is None:
            writer = run.make()
        with self._lock:
            self._keep(run.id, writer)
        return writer

    def _keep(self, run_id: str, writer: RowWriter) -> None:
        self._writers[run_id] = writer
        self._writers.move_to_end(run_id)
        while len(self._writers) > WRITERS_KEPT:
            self._writers.popitem(last=False)
