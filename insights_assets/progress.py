"""What a backfill has done so far, kept in one small file each: its counts survive `kill -9`.

Belongs here: the record and its file. Does not belong here: which partitions are done (`sync_log`, by `planning.py`).
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from insights_assets.lake.locking import BusyError, held

FOLDER = "backfills"
KEPT = 200  # records; the oldest go first


@dataclass(frozen=True)
class Record:
    """One backfill: accounts asked for, those with nothing to do, those done, and the failed ones with why.

    `status` is running, finished, failed (partly), or interrupted (its process ended without a word). Instants are UTC
    in ISO form; weeks are the first and last Monday covered; a failure is (account, step, error type, message).
    """

    backfill_id: str
    status: str
    started_at: str
    updated_at: str
    first_week: str
    last_week: str
    steps: tuple[str, ...]
    accounts: int
    skipped: int = 0
    done: tuple[str, ...] = ()
    failed: tuple[tuple[str, str, str, str], ...] = ()

    def counts(self) -> dict[str, Any]:
        """The record as a row of a table."""
        failed = len({account for account, *_ in self.failed})
        row = {**asdict(self), "done": len(self.done), "failed": failed}
        return {k: ", ".join(v) if k == "steps" else v for k, v in row.items()}


class Book:
    """Keeps the record of the backfill that this process runs; made by `keep`."""

    def __init__(self, home: Path, record: Record) -> None:
        self._path = home / FOLDER / f"{record.backfill_id}.json"
        self.record = record

    def update(self, now: datetime, **changes: Any) -> None:
        """Change fields of the record and store it, whole or not at all."""
        self.record = replace(self.record, updated_at=now.isoformat(), **changes)
        fresh = self._path.with_suffix(f".{os.getpid()}.tmp")
        fresh.write_text(json.dumps(asdict(self.record)), encoding="utf-8")
        fresh.replace(self._path)


@contextmanager
def keep(home: Path, record: Record, now: datetime) -> Iterator[Book]:
    """Keep a record for as long as the block runs.

    The lock held meanwhile tells others that the backfill is alive; the operating system drops it with the process.
    """
    _prune(home)
    with held(home / FOLDER / f"{record.backfill_id}.lock"):
        book = Book(home, record)
        book.update(now)
        yield book


def new_id(now: datetime) -> str:
    """An id that sorts by time; two processes never make the same."""
    return f"{now:%Y%m%d-%H%M%S}-{os.getpid()}"


def records(home: Path) -> list[Record]:
    """Every backfill of this home, newest first; one that says it runs and holds no lock was interrupted."""
    found = [_read(path) for path in _newest_first(home)]
    return [
        replace(r, status="interrupted") if r.status == "running" and not _alive(home, r.backfill_id) else r
        for r in found
    ]


def _prune(home: Path) -> None:
    """Remove the oldest records."""
    for path in _newest_first(home)[KEPT:]:
        path.unlink(missing_ok=True)
        path.with_suffix(".lock").unlink(missing_ok=True)


def _newest_first(home: Path) -> list[Path]:
    """Files of records; the file system's own time decides where `INSIGHTS_NOW` makes all of them start at once."""
    return sorted(
        (home / FOLDER).glob("*.json"), key=lambda p: (p.name.rsplit("-", 1)[0], p.stat().st_mtime_ns), reverse=True
    )


def _alive(home: Path, backfill_id: str) -> bool:
    try:
        with held(home / FOLDER / f"{backfill_id}.lock"):
            return False
    except BusyError:
        return True


def _read(path: Path) -> Record:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    content["failed"] = tuple(tuple(row) for row in content["failed"])
    return Record(**(content | {name: tuple(content[name]) for name in ("steps", "done")}))
