"""A process keeps the newest files of the event log open, and notices when one is another file."""

from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from insights_assets.instance import sqlite_files


@pytest.fixture(autouse=True)
def none_kept(monkeypatch):
    """Only this test's files are kept, and none after it."""
    monkeypatch.setattr(sqlite_files, "_engines", type(sqlite_files._engines)())
    yield
    sqlite_files._close()


def add(path, value):
    """Write one value; the file's log stays beside it as storage has it."""
    with sqlite_files.engine_of(str(path)).begin() as connection:
        connection.execute(text("PRAGMA journal_mode = WAL"))
        connection.execute(text("CREATE TABLE IF NOT EXISTS events (value TEXT)"))
        connection.execute(text("INSERT INTO events VALUES (:value)"), {"value": value})


def read(path):
    with sqlite_files.engine_of(str(path)).begin() as connection:
        return [row[0] for row in connection.execute(text("SELECT value FROM events"))]


def held(folder):
    """Files below a folder that this process has open."""
    return {Path(f.path).name for f in psutil.Process().open_files() if Path(f.path).is_relative_to(folder)}


def test_a_file_stays_open_between_two_uses_and_its_log_is_not_written_back_each_time(tmp_path):
    path = tmp_path / "index.db"
    add(path, "one")
    assert held(tmp_path) >= {"index.db", "index.db-wal"}
    add(path, "two")
    assert read(path) == ["one", "two"]


def test_a_power_cut_may_take_the_newest_events_but_commits_do_not_wait_for_the_disk(tmp_path):
    add(tmp_path / "index.db", "one")
    with sqlite_files.engine_of(str(tmp_path / "index.db")).begin() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 1  # NORMAL


def test_what_is_written_after_another_process_removed_the_file_is_in_the_new_one(tmp_path):
    path = tmp_path / "run.db"
    add(path, "one")
    for beside in tmp_path.glob("run.db*"):
        beside.unlink()
    add(path, "two")
    sqlite_files._close()
    assert read(path) == ["two"]


def test_removing_takes_the_log_along_so_that_it_never_meets_a_new_file(tmp_path):
    path = tmp_path / "run.db"
    add(path, "one")
    sqlite_files.remove(str(path))
    assert not list(tmp_path.iterdir())
    assert not held(tmp_path)
    add(path, "two")
    assert read(path) == ["two"]


def test_only_the_newest_files_are_kept_open(tmp_path):
    for number in range(sqlite_files.KEPT + 8):
        add(tmp_path / f"{number}.db", "one")
        add(tmp_path / "index.db", str(number))
    kept = {name for name in held(tmp_path) if name.endswith(".db")}
    assert len(kept) == sqlite_files.KEPT
    assert "index.db" in kept, "used last, so kept"
    assert "0.db" not in kept
    assert read(tmp_path / "0.db") == ["one"]


def test_a_forked_process_does_not_use_its_parents_connections(tmp_path):
    path = tmp_path / "index.db"
    add(path, "one")
    parents = sqlite_files.engine_of(str(path))
    own = parents.connect()
    sqlite_files._forget()
    assert sqlite_files.engine_of(str(path)) is not parents
    assert own.execute(text("SELECT value FROM events")).scalar_one() == "one", (
        "the parent's is not closed by the child"
    )
    own.close()
    parents.dispose()
