"""The record of a backfill survives its process and says so."""

import multiprocessing
import os
import signal
from datetime import UTC, datetime, timedelta

import pytest

from insights_assets import progress

NOW = datetime(2026, 3, 30, 3, tzinfo=UTC)
SPAWN = multiprocessing.get_context("spawn")


def record(backfill_id="a", **changes):
    plain = {"status": "running", "started_at": NOW.isoformat(), "updated_at": NOW.isoformat(), "accounts": 4}
    plain |= {"first_week": "2026-03-02", "last_week": "2026-03-09", "steps": ("ads", "insights_daily")}
    return progress.Record(backfill_id=backfill_id, **{**plain, **changes})


def work(home, ready):
    with progress.keep(home, record(), NOW) as book:
        book.update(NOW, done=("act_1",), failed=(("act_2", "ads", "data", "broken"),))
        ready.set()
        signal.pause()


def test_a_killed_backfill_keeps_its_counts_and_is_called_interrupted(tmp_path):
    ready = SPAWN.Event()
    process = SPAWN.Process(target=work, args=(tmp_path, ready))
    process.start()
    assert ready.wait(30)
    assert [r.status for r in progress.records(tmp_path)] == ["running"]
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    (left,) = progress.records(tmp_path)
    assert left.status == "interrupted"
    counts = left.counts()
    assert (counts["accounts"], counts["done"], counts["failed"], counts["skipped"]) == (4, 1, 1, 0)
    assert left.failed == (("act_2", "ads", "data", "broken"),)


def test_a_finished_backfill_stays_finished(tmp_path):
    later = NOW + timedelta(minutes=3)
    with progress.keep(tmp_path, record(), NOW) as book:
        book.update(later, status="finished", skipped=4)
    assert progress.records(tmp_path) == [record(status="finished", skipped=4, updated_at=later.isoformat())]


def test_records_are_newest_first_and_the_oldest_are_dropped(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "KEPT", 2)
    for name in "abcd":
        with progress.keep(tmp_path, record(name), NOW):
            pass
    assert [r.backfill_id for r in progress.records(tmp_path)] == ["d", "c", "b"]


def test_backfills_of_one_instant_are_ordered_by_when_they_were_written(tmp_path):
    for stamp, pid in enumerate(("9999", "10001", "500")):
        with progress.keep(tmp_path, record(f"20260330-030000-{pid}"), NOW):
            pass
        os.utime(tmp_path / progress.FOLDER / f"20260330-030000-{pid}.json", (stamp, stamp))
    assert [r.backfill_id.split("-")[-1] for r in progress.records(tmp_path)] == ["500", "10001", "9999"]


def test_an_update_that_dies_halfway_leaves_the_old_record(tmp_path, monkeypatch):
    with progress.keep(tmp_path, record(), NOW) as book:
        monkeypatch.setattr(progress.Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            book.update(NOW, done=("act_1",))
        monkeypatch.undo()
        assert progress.records(tmp_path)[0].done == ()
