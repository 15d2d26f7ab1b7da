"""Open files of the SQLite event log: an engine and a connection of each of the newest are kept by a process.

The last connection to close writes the whole log of a file (WAL) into it and waits for the disk: opening and closing
for each event took a quarter of a raw run of one account. https://www.sqlite.org/wal.html#ckpt
"""

import atexit
import os
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any, Final

from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS, create_db_conn_string
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import QueuePool

KEPT: Final = 32
"""Files: the index and the newest runs'."""
_engines: OrderedDict[str, Engine] = OrderedDict()
_lock = threading.Lock()


def engine_of(path: str) -> Engine:
    """The engine of a file; it keeps one connection for whoever asks next."""
    with _lock:
        engine = _engines.pop(path, None) or _open(path)
        _engines[path] = engine
        if len(_engines) > KEPT:
            _engines.popitem(last=False)[1].dispose()
        return engine


def remove(path: str) -> None:
    """Remove a file with what stands beside it; a connection that another process keeps to it finds it gone."""
    with _lock:
        engine = _engines.pop(path, None)
    if engine is not None:
        engine.dispose()
    for beside in ("", "-wal", "-shm"):
        Path(f"{path}{beside}").unlink(missing_ok=True)


def _open(path: str) -> Engine:
    folder, name = os.path.split(path)
    engine = create_engine(
        create_db_conn_string(folder, name.removesuffix(".db")),
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=-1,
        connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
    )

    def connected(connection: Any, record: Any) -> None:
        # A power cut may take the newest events, as it may take the newest files of a lake on a disk; it breaks
        # neither, and a killed process loses nothing. https://www.sqlite.org/pragma.html#pragma_synchronous
        connection.execute("PRAGMA synchronous = NORMAL")
        record.info["file"] = _file(path)

    def checked_out(connection: Any, record: Any, proxy: Any) -> None:
        del connection, proxy
        if record.info.get("file") != _file(path):
            # Removed with its run, or wiped: what is written to a removed file is lost.
            raise DisconnectionError("The file is another one.")

    event.listen(engine, "connect", connected)
    event.listen(engine, "checkout", checked_out)
    return engine


def _file(path: str) -> tuple[int, int] | None:
    try:
        found = Path(path).stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _close() -> None:
    """At the end of the process, so that its files are whole without their logs."""
    for engine in _engines.values():
        engine.dispose()


def _forget() -> None:
    """A forked process opens its own: a connection to SQLite must not cross a fork."""
    global _lock  # noqa: PLW0603 - one that a thread of the parent held stays locked
    _lock = threading.Lock()
    for engine in _engines.values():
        engine.dispose(close=False)
    _engines.clear()


atexit.register(_close)
os.register_at_fork(after_in_child=_forget)
