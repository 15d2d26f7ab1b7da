"""`insights backup`: a copy of the home and its lake that is a home itself, taken while others write."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click

from insights_assets.lake.backup import save
from insights_assets.lake.store import Lake
from insights_assets.settings import load_settings
from insights_assets.tables.registry import TABLES

LAKE = "lake"
# SQLite's own beside a database: their content is in the copy that its backup makes.
BESIDE = (".db-wal", ".db-shm", ".db-journal")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def backup(folder: Path, *, as_json: bool) -> None:
    """Copy the home and its lake into a folder that is a home itself; again, it takes what is new.

    Nothing has to stand still. To restore, copy the folder back and name it in INSIGHTS_HOME.
    """
    settings = load_settings()
    target = folder.absolute()
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    saved = save(Lake(settings.lake), TABLES.values(), target / LAKE)
    left_out = [target, *([] if "://" in settings.lake else [Path(settings.lake)])]
    others = sum(_save(path, target / path.relative_to(settings.home)) for path in _files(settings.home, left_out))
    if as_json:
        counts = {"tables": saved.tables, "files": saved.files, "bytes": saved.bytes, "other_files": others}
        click.echo(json.dumps({"folder": str(target), **counts}))
        return
    click.echo(
        f"{saved.tables} tables ({saved.files:,} new files, {saved.bytes / 1e6:,.1f} MB), {others:,} other files."
    )
    click.echo(f"Look whether it is whole: INSIGHTS_HOME={target} insights maintain --dry-run")
    if settings.postgres_url:
        click.echo("Dagster's runs and events are in Postgres and not in this copy; pg_dump has them.")


def _files(home: Path, left_out: list[Path]) -> Iterator[Path]:
    for path in sorted(home.rglob("*")):
        inside = any(path.is_relative_to(place) for place in left_out)
        if path.is_file() and not inside and not path.name.endswith((*BESIDE, ".lock")):
            yield path


def _save(source: Path, copy: Path) -> bool:
    """Copy a file when it is new or changed: a database as of one moment, whoever writes it."""
    try:
        told = source.stat()
        if copy.exists() and copy.stat().st_mtime_ns == told.st_mtime_ns and not _has_journal(source):
            return False
        copy.parent.mkdir(parents=True, exist_ok=True)
        half = copy.with_name(f"{copy.name}.half")
        if source.suffix == ".db":
            half.unlink(missing_ok=True)
            with (
                closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as database,
                closing(sqlite3.connect(half)) as sink,
            ):
                database.backup(sink)
            shutil.copystat(source, half)
        else:
            shutil.copy2(source, half)
    except FileNotFoundError:
        return False  # gone since it was listed
    half.replace(copy)
    return True


def _has_journal(source: Path) -> bool:
    return any(source.with_name(f"{source.stem}{suffix}").exists() for suffix in BESIDE)
