"""The audit log: who changed, started or deleted what, and how it ended; a line of JSON each, only ever added to."""

import json
import os
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

FILE: Final = "api/audit.jsonl"
_TAIL: Final = 4 * 1024 * 1024  # bytes of the newest lines that are read back


class AuditLog:
    """The log of a home; mode 0600."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE
        self._lock = threading.Lock()

    def write(
        self, now: datetime, actor: str, role: str, action: str, *, account_id: str | None, **details: Any
    ) -> None:
        """Add a line, on the disk before anything is answered."""
        line = {"at": now.isoformat(), "actor": actor, "role": role, "action": action, "account_id": account_id}
        text = json.dumps(line | {"details": details}, ensure_ascii=False, default=str) + "\n"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock:
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(handle, text.encode())
                os.fsync(handle)
            finally:
                os.close(handle)

    def newest(self) -> list[Mapping[str, Any]]:
        """The newest lines, newest first; a line that a crash cut short is left out."""
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _TAIL))
                lines = file.read().split(b"\n")
        except FileNotFoundError:
            return []
        whole = lines[1:] if size > _TAIL else lines
        return [json.loads(line) for line in reversed(whole) if line.endswith(b"}")]
