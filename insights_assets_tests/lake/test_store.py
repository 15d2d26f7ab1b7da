"""A write replaces exactly its partitions, once, whoever else is writing; what is not named stays byte for byte."""

import multiprocessing
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from insights_assets.lake.changes import file_statistics, read_files
from insights_assets.lake.store import Lake, LakeError
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.operations import CHECK_RESULTS, SYNC_LOG
from insights_assets.tables.registry import TABLES
from insights_assets.tables.results import RESULTS_WEEKLY
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

ACCOUNT_IDS = ["act_1", "act_2", "act_3"]
WEEKS = [WEEK + timedelta(weeks=n) for n in range(5)]
EVERYTHING = [(a, w) for a in ACCOUNT_IDS for w in WEEKS]


def results(partitions, value=1.0, entity="1"):
    rows = [
        valid_row(RESULTS_WEEKLY, account_id=a, week=w, entity_id=entity, results=value) for a, w in sorted(partitions)
    ]
    return frame_of(RESULTS_WEEKLY, *rows)


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path))


def values(lake):
    return {(r["account_id"], r["week"]): r["results"] for r in lake.read(RESULTS_WEEKLY).to_dicts()}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())
def test_a_row_of_every_table_comes_back_as_it_was_written(lake, table):
    frame = frame_of(table, valid_row(table))
    lake.append(table, frame)
    assert lake.read(table).equals(frame)


@pytest.mark.parametrize("root", ["läke o'f", "100% mine", "a b#c?d", "日本"])
def test_a_root_of_any_name_reads_as_it_was_written(tmp_path, root):
    lake = Lake(str(tmp_path / root))
    partitions = EVERYTHING[:2]
    lake.replace(RESULTS_WEEKLY, results(partitions), partitions)
    lake.replace(RESULTS_WEEKLY, results(partitions[:1], 2.0), partitions[:1])
    assert values(lake) == {partitions[0]: 2.0, partitions[1]: 1.0}
    files = read_files(lake, RESULTS_WEEKLY, file_statistics(lake.delta(RESULTS_WEEKLY)))
    assert files.sort("week").equals(lake.read(RESULTS_WEEKLY))


def test_an_unwritten_table_is_empty_and_has_its_columns(lake):
    rows = lake.read(RESULTS_WEEKLY, accounts=["act_1"], since=WEEK, until=WEEK)
    assert rows.is_empty()
    assert rows.schema == RESULTS_WEEKLY.schema
    assert lake.delta(RESULTS_WEEKLY) is None


def test_reading_takes_both_ends_of_the_window_and_only_the_accounts_named(lake):
    lake.append(RESULTS_WEEKLY, results(EVERYTHING))
    rows = lake.read(RESULTS_WEEKLY, accounts=["act_2"], since=WEEKS[1], until=WEEKS[3])
    assert rows.select("account_id", "week").rows() == [("act_2", w) for w in WEEKS[1:4]]
    assert lake.read(RESULTS_WEEKLY, accounts=[]).is_empty()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sets(st.sampled_from(EVERYTHING), max_size=10),
    st.sets(st.sampled_from(EVERYTHING), min_size=1, max_size=8),
    st.data(),
)
def test_replace_touches_its_partitions_and_nothing_else(before, named, data):
    kept = data.draw(st.sets(st.sampled_from(sorted(named))))
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(folder)
        lake.append(RESULTS_WEEKLY, results(before, value=1.0))
        expected = dict.fromkeys(before - named, 1.0) | dict.fromkeys(kept, 2.0)
        for _ in range(2):  # running it again changes nothing
            lake.replace(RESULTS_WEEKLY, results(kept, value=2.0), named)
            assert values(lake) == expected
            assert lake.read(RESULTS_WEEKLY).height == len(expected)


def test_rows_outside_the_partitions_are_refused_and_nothing_is_written(lake):
    lake.append(RESULTS_WEEKLY, results(EVERYTHING))
    stray = results([("act_1", WEEKS[0]), ("act_2", WEEKS[0])], value=9.0)
    with pytest.raises(ValueError, match=r"results_weekly: rows outside the run's partitions, e\.g\. \('act_2'"):
        lake.replace(RESULTS_WEEKLY, stray, [("act_1", WEEKS[0])])
    assert set(values(lake).values()) == {1.0}


def test_a_frame_of_another_shape_is_refused_and_nothing_is_written(lake):
    lake.append(RESULTS_WEEKLY, results(EVERYTHING))
    with pytest.raises(TypeError, match="missing spend"):
        lake.replace(RESULTS_WEEKLY, results(EVERYTHING).drop("spend"), EVERYTHING)
    assert len(values(lake)) == len(EVERYTHING)


def test_an_empty_frame_empties_its_partitions(lake):
    lake.append(RESULTS_WEEKLY, results(EVERYTHING))
    lake.replace(RESULTS_WEEKLY, RESULTS_WEEKLY.empty(), [("act_1", WEEKS[0]), ("act_3", WEEKS[4])])
    assert set(EVERYTHING) - set(values(lake)) == {("act_1", WEEKS[0]), ("act_3", WEEKS[4])}


def test_no_partitions_and_no_rows_write_nothing(lake):
    lake.append(RESULTS_WEEKLY, results(EVERYTHING))
    version = lake.delta(RESULTS_WEEKLY).version()
    lake.replace(RESULTS_WEEKLY, RESULTS_WEEKLY.empty(), [])
    assert lake.delta(RESULTS_WEEKLY).version() == version


def test_one_replace_is_one_commit_however_many_partitions_it_covers(lake):
    lake.append(RESULTS_WEEKLY, results(EVERYTHING))
    version = lake.delta(RESULTS_WEEKLY).version()
    lake.replace(RESULTS_WEEKLY, results(EVERYTHING, value=2.0), EVERYTHING)
    assert lake.delta(RESULTS_WEEKLY).version() == version + 1


def test_where_narrows_the_replacement_and_quotes_its_value(lake):
    names = ["plain", "it's", "x' OR '1'='1"]
    for name in names:
        row = valid_row(CHECK_RESULTS, table_name=name, failing_rows=1)
        lake.replace(CHECK_RESULTS, frame_of(CHECK_RESULTS, row), [("act_1", WEEK)], where={"table_name": [name]})
    changed = valid_row(CHECK_RESULTS, table_name=names[2], failing_rows=7)
    lake.replace(CHECK_RESULTS, frame_of(CHECK_RESULTS, changed), [("act_1", WEEK)], where={"table_name": [names[2]]})
    stored = dict(lake.read(CHECK_RESULTS).select("table_name", "failing_rows").iter_rows())
    assert stored == {"plain": 1, "it's": 1, "x' OR '1'='1": 7}


def test_append_adds_and_overwrite_replaces_all(lake):
    for run in ("a", "b"):
        lake.append(SYNC_LOG, frame_of(SYNC_LOG, valid_row(SYNC_LOG, run_id=run)))
    assert sorted(lake.read(SYNC_LOG)["run_id"]) == ["a", "b"]
    for account in ("act_1", "act_2"):
        lake.overwrite(ACCOUNTS, frame_of(ACCOUNTS, valid_row(ACCOUNTS, account_id=account)))
    assert lake.read(ACCOUNTS)["account_id"].to_list() == ["act_2"]


def test_ensure_creates_every_table_once(lake):
    for _ in range(2):
        lake.ensure(TABLES.values())
    assert {lake.delta(t).version() for t in TABLES.values()} == {0}
    assert all(lake.read(t).is_empty() for t in TABLES.values())


def _replace_often(root, account_id, week, worker, times):
    lake = Lake(root)
    for _ in range(times):
        rows = [
            valid_row(RESULTS_WEEKLY, account_id=account_id, week=week, entity_id=str(n), results=float(worker))
            for n in range(1, 4)
        ]
        lake.replace(RESULTS_WEEKLY, frame_of(RESULTS_WEEKLY, *rows), [(account_id, week)])


def _run_all(jobs):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_replace_often, args=job) for job in jobs]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=60)
    assert [p.exitcode for p in processes] == [0] * len(jobs)


def test_processes_writing_different_accounts_lose_and_double_nothing(lake):
    lake.ensure([RESULTS_WEEKLY])
    _run_all([(lake.root, account_id, WEEK, n, 4) for n, account_id in enumerate(("act_1", "act_2"), start=1)])
    rows = lake.read(RESULTS_WEEKLY)
    assert rows.select("account_id", "entity_id", "results").rows() == [
        (a, e, float(n)) for n, a in enumerate(("act_1", "act_2"), start=1) for e in ("1", "2", "3")
    ]


def test_writers_on_the_same_partition_leave_the_rows_of_exactly_one(lake):
    lake.ensure([RESULTS_WEEKLY])
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: _replace_often(lake.root, "act_1", WEEK, n, 3), range(1, 5)))
    rows = lake.read(RESULTS_WEEKLY)
    assert rows["entity_id"].to_list() == ["1", "2", "3"]
    assert rows["results"].n_unique() == 1


def test_writers_on_different_weeks_of_one_account_keep_each_others_rows(lake):
    lake.ensure([RESULTS_WEEKLY])
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: _replace_often(lake.root, "act_1", WEEKS[n], n + 1, 3), range(4)))
    counts = lake.read(RESULTS_WEEKLY).group_by("week").len().sort("week")
    assert counts.rows() == [(w, 3) for w in WEEKS[:4]]


class _FirstWriter(Lake):
    """A lake whose writers all find the table missing before any of them writes."""

    def meet(self, barrier):
        object.__setattr__(self, "barrier", barrier)
        return self

    def delta(self, table):
        found = super().delta(table)
        if found is None:
            self.barrier.wait(timeout=20)
        return found


def test_two_first_writers_of_one_partition_do_not_double_its_rows(tmp_path):
    barrier = Barrier(2)

    def write(worker):
        lake = _FirstWriter(str(tmp_path)).meet(barrier)
        lake.replace(RESULTS_WEEKLY, results([("act_1", WEEK)], value=float(worker)), [("act_1", WEEK)])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, (1, 2)))
    assert Lake(str(tmp_path)).read(RESULTS_WEEKLY).height == 1


@pytest.mark.parametrize("damage", ["not json", "{}"])
def test_a_corrupt_table_is_one_sentence(lake, damage):
    lake.append(RESULTS_WEEKLY, results(EVERYTHING))
    for entry in (Path(lake.uri(RESULTS_WEEKLY)) / "_delta_log").glob("*.json"):
        entry.write_text(damage)
    with pytest.raises(LakeError, match=r"^Table results_weekly at .* cannot be (opened|read): "):
        lake.read(RESULTS_WEEKLY)


def test_a_missing_data_file_is_one_sentence(lake):
    lake.append(RESULTS_WEEKLY, results(EVERYTHING))
    for part in Path(lake.uri(RESULTS_WEEKLY)).rglob("*.parquet"):
        part.unlink()
    with pytest.raises(LakeError, match=r"^Table results_weekly at .* cannot be (opened|read): "):
        lake.read(RESULTS_WEEKLY)


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "core").write_text("a file where the folder should be")
    with pytest.raises(LakeError, match=r"^Table results_weekly at "):
        Lake(str(tmp_path)).append(RESULTS_WEEKLY, results([("act_1", date(2026, 3, 2))]))


def test_storage_credentials_are_not_shown():
    assert "hunter2" not in repr(Lake("s3://bucket/lake", {"AWS_SECRET_ACCESS_KEY": "hunter2"}))


def test_frames_come_back_sorted_by_key(lake):
    lake.append(RESULTS_WEEKLY, results(EVERYTHING).sample(fraction=1.0, shuffle=True, seed=3))
    rows = lake.read(RESULTS_WEEKLY)
    assert rows.equals(rows.sort(RESULTS_WEEKLY.key))
    assert isinstance(rows, pl.DataFrame)
