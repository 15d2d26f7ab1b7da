"""One holder at a time, also between processes; a killed holder leaves nothing behind."""

import multiprocessing
import os
import signal
from zlib import crc32

import pytest

from insights_assets.lake.locking import AccountLocks, BusyError, held, writing
from insights_assets.lake.store import Lake, LakeError
from insights_assets.lake.writing import store
from insights_assets.tables.entities import ADS
from insights_assets_tests.tables.rows import OBSERVED, WEEK, frame_of, valid_row

SPAWN = multiprocessing.get_context("spawn")


def hold(path, ready):
    with held(path):
        ready.set()
        signal.pause()


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock until it is killed."""
    ready = SPAWN.Event()
    process = SPAWN.Process(target=hold, args=(tmp_path / "a.lock", ready))
    process.start()
    assert ready.wait(30)
    yield process
    process.kill()
    process.join()


def test_a_second_holder_is_refused_and_told_by_whom(tmp_path, holder):
    with pytest.raises(BusyError, match=f"process {holder.pid} holds it"), held(tmp_path / "a.lock"):
        pass


@pytest.mark.usefixtures("holder")
def test_it_waits_as_long_as_it_was_told(tmp_path):
    pauses = []
    with pytest.raises(BusyError), held(tmp_path / "a.lock", wait_s=2, sleep=pauses.append):
        pass
    assert sum(pauses) == pytest.approx(2)


def test_kill_9_frees_the_lock(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    with held(tmp_path / "a.lock"):
        assert (tmp_path / "a.lock").read_text() == str(os.getpid())


def test_a_lock_can_be_taken_again_after_it_was_left(tmp_path):
    for _ in range(2):
        with held(tmp_path / "a.lock"):
            pass


def test_writers_of_one_account_exclude_each_other_and_many_accounts_need_few_files(tmp_path):
    with writing(tmp_path, [f"act_{n}" for n in range(1000)], wait_s=0):
        assert len(list(tmp_path.iterdir())) <= 64
        with pytest.raises(BusyError), writing(tmp_path, ["act_5"], wait_s=0):
            pass
    with writing(tmp_path, ["act_5"], wait_s=0):
        pass


def test_a_write_waits_for_another_process_that_writes_the_same_account(tmp_path):
    lake = Lake(str(tmp_path), write_wait_s=0)
    with held(tmp_path / "_locks" / ADS.name / f"{crc32(b'act_1') % 64:02d}.lock"):
        with pytest.raises(LakeError, match="Table ads is being written by another process"):
            store(lake, ADS, frame_of(ADS, valid_row(ADS)), [("act_1", WEEK)], OBSERVED)
        store(lake, ADS, frame_of(ADS, valid_row(ADS, account_id="act_2")), [("act_2", WEEK)], OBSERVED)
    assert lake.read(ADS)["account_id"].to_list() == ["act_2"]


def take(path, accounts, ready):
    with AccountLocks(path) as locks:
        assert locks.take(accounts) == set()
        ready.set()
        signal.pause()


def test_an_account_belongs_to_one_backfill_until_that_ends(tmp_path):
    ready, path = SPAWN.Event(), tmp_path / "accounts"
    process = SPAWN.Process(target=take, args=(path, ["act_1", "act_2"], ready))
    process.start()
    assert ready.wait(30)
    with AccountLocks(path) as locks:
        assert locks.take(["act_1", "act_3"]) == {"act_1"}
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert locks.take(["act_1", "act_2", "act_3"]) == set()
