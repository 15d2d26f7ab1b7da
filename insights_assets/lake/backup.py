"""A copy of the lake taken while others write: each table one version, and no table claims what another lacks.

Belongs here: the order. `sync_log` and `check_results` say what is done, so their versions are taken first and their
logs written last; what says what was overwritten (`restatements`, `quarantine`) the other way round. A copy that is cut
short loses nothing of the one before, and taking it again finishes it (docs/adr/0025).
"""

import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyarrow.fs import FileSystem

from insights_assets.lake.failures import told
from insights_assets.lake.listing import LOG, files_below, named_files, storage
from insights_assets.lake.snapshot import Snapshot
from insights_assets.lake.store import Lake, LakeError
from insights_assets.problems import InputError
from insights_assets.tables.model import Table
from insights_assets.tables.operations import CHECK_RESULTS, QUARANTINE, SYNC_LOG
from insights_assets.tables.restatements import RESTATEMENTS

_CLAIMS: Final = (CHECK_RESULTS.name, SYNC_LOG.name)
_BEFORE_DATA: Final = (QUARANTINE.name, RESTATEMENTS.name)
# Commits, and checkpoints in one file or several; what a writer has not finished has another name.
_ENTRY: Final = re.compile(rf"{LOG}/(\d{{20}})\.(?:json|checkpoint(?:\.[\w.-]+)?\.parquet)")
_CHUNK: Final = 4 << 20


@dataclass(frozen=True)
class Saved:
    """What a copy took: tables, files that were new to it and their bytes."""

    tables: int
    files: int
    bytes: int


def save(lake: Lake, tables: Iterable[Table], target: Path) -> Saved:
    """Copy the newest version of every table below a folder; files that it has from an earlier copy stay.

    Raises:
        InputError: the folder holds the copy of another lake.
        LakeError: a table could not be read.
    """
    opened = [(t, s) for t in _in_order(tables) if (s := lake.open(t)) is not None]
    for table, snapshot in opened:
        _require_earlier(lake, table, snapshot, target)
    copied = []
    try:
        for table, snapshot in opened:
            files = storage(lake, _place(table))
            copied += [_copy(files, path, target / _place(table), size) for path, size in named_files(snapshot).items()]
        for table, snapshot in reversed(opened):
            files = storage(lake, _place(table))
            copied += [
                _copy(files, path, target / _place(table), size) for path, size in _log(files, snapshot.version())
            ]
    except OSError as error:
        raise LakeError(f"The lake at {lake.root} cannot be copied: {told(error)}; take the copy again.") from error
    return Saved(len(opened), sum(size is not None for size in copied), sum(size or 0 for size in copied))


def _in_order(tables: Iterable[Table]) -> list[Table]:
    return sorted(tables, key=lambda t: (t.name not in _CLAIMS, t.name in _BEFORE_DATA, t.name))


def _place(table: Table) -> str:
    return f"{table.layer}/{table.name}"


def _log(files: FileSystem, version: int) -> Iterator[tuple[str, int]]:
    """Entries of a table's log up to a version, the oldest first."""
    for path, size in sorted(files_below(files, LOG).items()):
        entry = _ENTRY.fullmatch(path)
        if entry and int(entry[1]) <= version:
            yield path, size


def _require_earlier(lake: Lake, table: Table, snapshot: Snapshot, target: Path) -> None:
    """The folder's newest commit must be one of this table: a lake that was restored goes on with other commits."""
    commits = sorted((target / _place(table) / LOG).glob("*.json"))
    if not commits:
        return
    newest = commits[-1]
    same = int(newest.stem) <= snapshot.version()
    files = storage(lake, _place(table))
    if same and f"{LOG}/{newest.name}" in files_below(files, LOG):
        with files.open_input_stream(f"{LOG}/{newest.name}") as stream:
            same = stream.read() == newest.read_bytes()
    if not same:
        raise InputError(
            f"{target} holds the copy of another lake (table {table.name} has other commits); name an empty folder."
        )


def _copy(files: FileSystem, path: str, target: Path, size: int) -> int | None:
    """Copy a file, whole or not at all; its size, or None when it was there."""
    copy = target / path
    if copy.exists() and copy.stat().st_size == size:
        return None
    copy.parent.mkdir(parents=True, exist_ok=True)
    half = copy.with_name(f"{copy.name}.half")
    with files.open_input_stream(path) as source, half.open("wb") as sink:
        shutil.copyfileobj(source, sink, _CHUNK)
    half.replace(copy)
    return size
