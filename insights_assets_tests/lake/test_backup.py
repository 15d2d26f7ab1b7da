"""A copy taken while others write is a whole lake of one moment, also when it was cut short before."""

import shutil
import threading
from datetime import timedelta
from itertools import count

import pytest

from insights_assets.lake import backup, cleaning
from insights_assets.lake.backup import save
from insights_assets.lake.cleaning import tidy_log
from insights_assets.lake.compaction import compact
from insights_assets.lake.inspection import inspect
from insights_assets.lake.store import Lake
from insights_assets.problems import InputError
from insights_assets.tables.entities import ADS
from insights_assets.tables.operations import CHECK_RESULTS, SYNC_LOG
from insights_assets_tests.tables.rows import OBSERVED, WEEK, frame_of, valid_row

WRITTEN = (ADS, SYNC_LOG, CHECK_RESULTS)


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path / "home" / "lake"), sleep=lambda _: None)


@pytest.fixture
def copy(tmp_path):
    return Lake(str(tmp_path / "copy" / "lake"))


def step(lake, n):
    """As a run does it: the rows, then the claim that they are there, then the verdict on them."""
    week = WEEK + timedelta(weeks=n)
    lake.replace(ADS, frame_of(ADS, valid_row(ADS, week=week, name=str(n))), [("act_1", week)])
    told = {"week": week, "step": "ads", "status": "ok", "finished_at": OBSERVED + timedelta(hours=n)}
    lake.append(SYNC_LOG, frame_of(SYNC_LOG, valid_row(SYNC_LOG, **told)))
    lake.append(CHECK_RESULTS, frame_of(CHECK_RESULTS, valid_row(CHECK_RESULTS, week=week)))


def taken(lake, copy):
    return save(lake, WRITTEN, backup.Path(copy.root))


def whole(copy):
    for table in WRITTEN:
        assert inspect(copy, table, accounts=9, draw="").problems == ()
    made, claimed, judged = (set(copy.read(t)["week"]) for t in (ADS, SYNC_LOG, CHECK_RESULTS))
    assert claimed <= made, "a claim without its rows"
    assert judged <= made, "a verdict without its rows"
    return made


def test_a_copy_reads_as_the_lake(lake, copy):
    for n in range(3):
        step(lake, n)
    saved = taken(lake, copy)
    assert saved.tables == 3
    assert len(whole(copy)) == 3
    for table in (ADS, SYNC_LOG):
        assert copy.read(table).equals(lake.read(table))
    assert taken(lake, copy).files == 0


def test_the_next_copy_takes_what_is_new(lake, copy, monkeypatch):
    monkeypatch.setattr(cleaning, "CHECKPOINT_FROM", 3)
    for n in range(4):
        step(lake, n)
    taken(lake, copy)
    compact(lake, ADS, from_files=2)
    tidy_log(lake, ADS)
    step(lake, 4)
    saved = taken(lake, copy)
    # Data: the joined file and three of the step; log: the join, its checkpoint and three commits.
    assert saved.files == 9
    assert len(whole(copy)) == 5
    copy.replace(ADS, ADS.empty(), [("act_1", WEEK)])  # it is a lake: it can be written


def test_writers_need_not_stand_still(lake, copy):
    step(lake, 0)
    going, numbers = threading.Event(), count(1)

    def write():
        while not going.is_set():
            step(lake, next(numbers))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = [len((taken(lake, copy), whole(copy))[1]) for _ in range(3)]
    finally:
        going.set()
        writer.join()
    assert seen == sorted(seen)
    assert seen[-1] > 1


def test_a_copy_that_is_cut_short_is_the_one_before(lake, copy, tmp_path, monkeypatch):
    step(lake, 0)
    taken(lake, copy)
    step(lake, 1)
    real = backup._copy
    for after in count(0):
        cut = Lake(str(tmp_path / f"cut after {after}"))
        shutil.copytree(copy.root, cut.root)
        left = [after]

        def dying(*given, left=left):
            if not left[0]:
                raise KeyboardInterrupt
            done = real(*given)
            left[0] -= done is not None
            return done

        monkeypatch.setattr(backup, "_copy", dying)
        try:
            taken(lake, cut)
        except KeyboardInterrupt:
            assert len(whole(cut)) in {1, 2}
        else:
            break
        monkeypatch.setattr(backup, "_copy", real)
        taken(lake, cut)
        assert len(whole(cut)) == 2
    assert after == 6  # a file and a commit of each table


def test_the_copy_of_another_lake_is_not_overwritten(lake, copy, tmp_path):
    step(lake, 0)
    taken(lake, copy)
    other = Lake(str(tmp_path / "other" / "lake"))
    step(other, 0)
    step(other, 1)
    with pytest.raises(InputError, match=r"holds the copy of another lake \(table check_results has other commits\)"):
        taken(other, copy)
    copy.append(ADS, frame_of(ADS, valid_row(ADS, account_id="act_9")))
    with pytest.raises(InputError, match="another lake"):
        taken(lake, copy)
