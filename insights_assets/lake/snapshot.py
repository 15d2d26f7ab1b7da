"""Snapshots of Delta tables, kept open: a log is read once, and looked at again instead of read anew.

A fleet's log is long: `sync_log` of 111 accounts has 990 commits, which take 40 ms to read and 1 to 3 to look at again,
and a step asks for a dozen snapshots.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

MOST_HELD: Final = 128  # tables; a lake has half as many


class Snapshot(DeltaTable):
    """One version of a table, whose files are named as they are on the disk.

    delta-rs names them below a percent-encoded root (`l%C3%A4ke`), where polars and DuckDB would look for them in vain.
    """

    def file_uris(self, *args: Any, **filters: Any) -> list[str]:
        """Files as `DeltaTable` gives them; addresses in an object store stay as they are."""
        return [uri if "://" in uri else unquote(uri) for uri in super().file_uris(*args, **filters)]


@dataclass
class _Held:
    snapshot: Snapshot
    version: int
    stamp: tuple[int, int]  # of the commit file of that version: a table that was made anew has another


class Handles(threading.local):
    """Snapshots of tables on a disk that this thread has open, each moved on to the newest version when asked for.

    Whoever asks again moves the snapshot that was given before: what a write is computed from needs one of its own.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[str, _Held] = OrderedDict()

    def newest(
        self, uri: str, anew: Callable[[], Snapshot | None], fitting: Callable[[Snapshot], Snapshot]
    ) -> Snapshot | None:
        """The newest version of a table.

        Args:
            uri: the table's folder.
            anew: opens it; None when it was never written.
            fitting: raises when the columns of a version that others wrote are not those of the table.
        """
        held = self._held.pop(uri, None)
        if held is not None:
            version = held.snapshot.version()
            if version == held.version and _stamp(uri, version) == held.stamp:
                try:
                    return self.keep(uri, self._moved_on(uri, held.snapshot, fitting))
                except (DeltaError, OSError):
                    pass  # as when it was never open
        snapshot = anew()
        return None if snapshot is None else self.keep(uri, snapshot)

    def _moved_on(self, uri: str, snapshot: Snapshot, fitting: Callable[[Snapshot], Snapshot]) -> Snapshot:
        if not _commit_file(uri, snapshot.version() + 1).exists():
            return snapshot
        snapshot.update_incremental()
        return fitting(snapshot)

    def keep(self, uri: str, snapshot: Snapshot) -> Snapshot:
        """Hold a snapshot as it is now; one that a write moved has to be held again, or it is opened anew."""
        version = snapshot.version()
        stamp = _stamp(uri, version)
        if stamp is not None:  # else the log was cleaned up to here, and nothing tells this table from another
            self._held[uri] = _Held(snapshot, version, stamp)
        while len(self._held) > MOST_HELD:
            self._held.popitem(last=False)
        return snapshot


def _commit_file(uri: str, version: int) -> Path:
    return Path(uri, "_delta_log", f"{version:020}.json")


def _stamp(uri: str, version: int) -> tuple[int, int] | None:
    try:
        told = _commit_file(uri, version).stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size
