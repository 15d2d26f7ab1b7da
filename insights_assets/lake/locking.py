"""Locks between processes of one machine: a file each, released by the operating system when its holder ends.

Even after `kill -9` nothing has to be cleaned up. On an object store there is no such lock; there Delta's commit log
alone keeps writers apart (docs/adr/0002).
"""

import fcntl
import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from zlib import crc32

# Locks of one table: accounts share them by a hash, so that a run over 1,000 accounts needs no 1,000 open files.
STRIPES: Final = 64
# A write holds its locks for seconds; whoever waits longer than this has met something that hangs.
WRITE_WAIT_S: Final = 600.0
_PAUSE_S: Final = 0.1


class BusyError(RuntimeError):
    """Somebody else holds the lock; the message names the process."""


@contextmanager
def held(path: Path, *, wait_s: float = 0, sleep: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Hold a lock for as long as the block runs.

    Args:
        path: the lock's file; made when missing, never removed (removing it would let two holders in).
        wait_s: longest wait for another holder, in seconds.
        sleep: waits the given seconds.

    Raises:
        BusyError: it was held for longer than that.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        for left in range(max(0, round(wait_s / _PAUSE_S)), -1, -1):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if left == 0:
                    raise BusyError(f"process {_holder(path)} holds it") from None
                sleep(_PAUSE_S)
            else:
                break
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


@contextmanager
def writing(folder: Path, accounts: Collection[str], *, wait_s: float) -> Iterator[None]:
    """Hold the locks of some accounts of a table while its old rows are read and its new ones written.

    They are taken in one order, so two writers never wait for each other.

    Raises:
        BusyError: another writer held one for longer than `wait_s` seconds.
    """
    with ExitStack() as stack:
        for stripe in sorted({crc32(a.encode()) % STRIPES for a in accounts}):
            stack.enter_context(held(folder / f"{stripe:02d}.lock", wait_s=wait_s))
        yield


class AccountLocks:
    """Which accounts a backfill works on: one file for all of them, a byte each. Use it as a context manager.

    The byte's place is a hash of the account's id: two of 1,000 accounts share one with a chance of 1 in 10,000. A
    process never gets in its own way: POSIX record locks are a process's.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def take(self, accounts: Collection[str]) -> set[str]:
        """Take the accounts that nobody has; return those that somebody else has."""
        busy = set()
        for account in accounts:
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, crc32(account.encode()))
            except (BlockingIOError, PermissionError):
                busy.add(account)
        return busy


def _holder(path: Path) -> str:
    return path.read_text(encoding="utf-8") or "?"
