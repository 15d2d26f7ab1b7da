"""What lies in the lake's storage, beside what its tables say: names and sizes, on a disk or in an object store."""

from pathlib import Path
from urllib.parse import unquote

import polars as pl
from deltalake import DeltaTable
from deltalake.fs import DeltaStorageHandler
from pyarrow.fs import FileSelector, FileSystem, FileType, LocalFileSystem, PyFileSystem, SubTreeFileSystem

from insights_assets.lake.store import Lake

LOG = "_delta_log"


def storage(lake: Lake, place: str = "") -> FileSystem:
    """The file system below a place of the lake, whatever it lies on."""
    if lake.remote:
        return PyFileSystem(DeltaStorageHandler(f"{lake.root}/{place}".rstrip("/"), lake.storage_options or None))
    return SubTreeFileSystem(str(Path(lake.root, place)), LocalFileSystem())


def files_below(files: FileSystem, folder: str = "") -> dict[str, int]:
    """Size in bytes by path of every file, log and locks included; nothing where the folder is not there."""
    found = files.get_file_info(FileSelector(folder, allow_not_found=True, recursive=True))
    return {info.path.lstrip("/"): info.size for info in found if info.type == FileType.File}


def named_files(snapshot: DeltaTable) -> dict[str, int]:
    """Size in bytes by path of every file of a snapshot, as its log says."""
    actions = pl.DataFrame(snapshot.get_add_actions(flatten=True))
    if actions.is_empty():
        return {}
    return {unquote(path): size for path, size in actions.select("path", "size_bytes").iter_rows()}
