"""Care of the lake: files are joined and removed while others read and write, and what is wrong with it is said."""

import os
import threading
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from insights_assets.lake import cleaning
from insights_assets.lake.changes import changed_accounts
from insights_assets.lake.cleaning import Expiry, expire, tidy_log, vacuum
from insights_assets.lake.compaction import compact, files_of
from insights_assets.lake.inspection import inspect, strays
from insights_assets.lake.locking import held
from insights_assets.lake.store import Lake
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.alerts import ALERTS
from insights_assets.tables.entities import ADS
from insights_assets.tables.operations import QUARANTINE, SYNC_LOG
from insights_assets.tables.registry import TABLES
from insights_assets_tests.tables.rows import OBSERVED, WEEK, frame_of, valid_row

LONG_AGO = 1_000_000_000


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path / "lake"), sleep=lambda _: None)


def add(lake, table, account, **changes):
    lake.append(table, frame_of(table, valid_row(table, account_id=account, **changes)))


def many(lake, *accounts, files=4):
    for account in accounts:
        for n in range(files):
            add(lake, ADS, account, ad_id=str(n))


def data_files(lake, table):
    return sorted(Path(lake.uri(table)).rglob("*.parquet"))


def test_files_of_crowded_accounts_are_joined_and_rows_stay(lake):
    many(lake, "act_1", "act_2")
    add(lake, ADS, "act_3")
    before = lake.read(ADS)
    planned = compact(lake, ADS, from_files=4, dry_run=True)
    assert (planned.accounts, planned.files_before, planned.files_after) == (2, 8, 2)
    assert files_of(ADS, lake.delta(ADS)) == {"act_1": 4, "act_2": 4, "act_3": 1}
    assert compact(lake, ADS, from_files=4) == planned
    assert files_of(ADS, lake.delta(ADS)) == {"act_1": 1, "act_2": 1, "act_3": 1}
    assert lake.read(ADS).equals(before)
    assert compact(lake, ADS, from_files=2).accounts == 0


def test_an_unpartitioned_table_is_joined_as_one(lake):
    for n in range(4):
        add(lake, ACCOUNTS, f"act_{n}")
    done = compact(lake, ACCOUNTS, from_files=4)
    assert (done.files_before, done.files_after, lake.count(ACCOUNTS)) == (4, 1, 4)


def test_a_busy_account_is_left_and_the_others_are_joined(lake, monkeypatch):
    monkeypatch.setattr("insights_assets.lake.compaction.LOCK_WAIT_S", 0)
    many(lake, "act_1", "act_2")
    with lake.lock(ADS, ["act_1"]):
        done = compact(lake, ADS, from_files=4)
    assert done.files_after == 5
    (sentence,) = done.skipped
    assert sentence.startswith("ads of act_1 was left as it is: Table ads is being written by another process")
    assert files_of(ADS, lake.delta(ADS)) == {"act_1": 4, "act_2": 1}


def test_a_writer_without_locks_loses_nothing_to_a_compaction(tmp_path):
    """As in an object store: the commit log alone keeps them apart."""
    lake = Lake(f"file://{tmp_path}/lake", sleep=lambda _: None)
    many(lake, "act_1", files=3)

    def write():
        for n in range(6):
            rows = frame_of(ADS, *(valid_row(ADS, ad_id=str(i), name=str(n)) for i in range(3)))
            lake.replace(ADS, rows, [("act_1", WEEK)])
            add(lake, ADS, "act_2", ad_id=str(n))

    writer = threading.Thread(target=write)
    writer.start()
    left = []
    while writer.is_alive():
        left += compact(lake, ADS, from_files=2).skipped
    writer.join()
    rows = lake.read(ADS)
    assert rows.filter(account_id="act_1")["name"].to_list() == ["5"] * 3
    assert rows.filter(account_id="act_2")["ad_id"].cast(int).sort().to_list() == list(range(6))
    assert all("was left as it is" in sentence for sentence in left)


def test_a_reader_keeps_its_files_and_what_died_goes(lake):
    many(lake, "act_1")
    reader = lake.delta(ADS)
    compact(lake, ADS, from_files=2)
    died = Path(lake.uri(ADS)) / "account_id=act_1" / "of-a-dead-writer.parquet"
    died.write_bytes(b"half")
    at_work = died.with_name("of-a-writer-at-work.parquet")
    at_work.write_bytes(b"half")
    for path in data_files(lake, ADS):
        if path != at_work:
            os.utime(path, (LONG_AGO, LONG_AGO))
    assert vacuum(lake, ADS, keep_h=24, dry_run=True) == ["account_id=act_1/of-a-dead-writer.parquet"]
    assert died.exists()
    assert vacuum(lake, ADS, keep_h=24) == ["account_id=act_1/of-a-dead-writer.parquet"]
    assert not died.exists()
    assert at_work.exists()
    assert pl.scan_delta(reader).collect().height == 4
    assert lake.read(ADS).height == 4


def test_what_left_the_table_is_removed_after_its_time(lake):
    many(lake, "act_1")
    compact(lake, ADS, from_files=2)
    version = lake.delta(ADS).version()
    assert len(vacuum(lake, ADS, keep_h=0)) == 4
    assert len(data_files(lake, ADS)) == 1
    # A comparison of versions needs the log alone.
    for since in (version - 1, version):
        assert changed_accounts(lake, ADS, lake.delta(ADS), since) == ({"act_1"} if since < version else set())


def test_a_long_log_gets_a_checkpoint(lake, monkeypatch):
    monkeypatch.setattr(cleaning, "CHECKPOINT_FROM", 3)
    many(lake, "act_1", files=5)
    folder = Path(lake.uri(ADS)) / "_delta_log"
    tidy_log(lake, ADS)
    assert (folder / "_last_checkpoint").exists()
    assert lake.read(ADS).height == 5
    add(lake, ACCOUNTS, "act_1")
    tidy_log(lake, ACCOUNTS)
    assert not (Path(lake.uri(ACCOUNTS)) / "_delta_log" / "_last_checkpoint").exists()


def test_rows_leave_when_their_time_is_over(lake):
    for days in (0, 10):
        add(lake, QUARANTINE, "act_1", observed_at=OBSERVED + timedelta(days=days))
    for n, resolved in enumerate((None, OBSERVED, OBSERVED + timedelta(days=10))):
        add(lake, ALERTS, "act_1", alert_id=f"{n:016x}", resolved_at=resolved)
    before = OBSERVED + timedelta(days=5)
    for table, column in ((QUARANTINE, "observed_at"), (ALERTS, "resolved_at")):
        assert expire(lake, Expiry(table, column), before, dry_run=True) == 1
        assert expire(lake, Expiry(table, column), before) == 1
        version = lake.delta(table).version()
        assert expire(lake, Expiry(table, column), before) == 0
        assert lake.delta(table).version() == version
    assert lake.read(QUARANTINE)["observed_at"].to_list() == [OBSERVED + timedelta(days=10)]
    assert lake.read(ALERTS)["alert_id"].to_list() == [f"{n:016x}" for n in (0, 2)]


def look(lake, table, accounts=20):
    return inspect(lake, table, accounts=accounts, draw="2026-W11")


def test_a_whole_table_has_no_problem_and_its_figures(lake):
    many(lake, "act_1", "act_2", files=2)
    found = look(lake, ADS)
    assert (found.rows, found.files, found.small_files, found.log_files, found.problems) == (4, 4, 4, 4, ())
    assert found.bytes == sum(p.stat().st_size for p in data_files(lake, ADS))
    assert look(lake, SYNC_LOG).problems == ()


def test_a_lost_and_a_cut_file_are_told(lake):
    many(lake, "act_1", files=3)
    lost, cut, _ = data_files(lake, ADS)
    lost.unlink()
    cut.write_bytes(cut.read_bytes()[:-10])
    first, second = look(lake, ADS, accounts=0).problems
    assert first.startswith(f"Table ads: 1 of 3 files are not there, the first is account_id=act_1/{lost.name};")
    assert second.startswith("Table ads: 1 of 3 files have another size than the log says")


def test_keys_that_are_there_twice_are_told_for_the_accounts_that_are_read(lake):
    for _ in range(2):
        add(lake, ADS, "act_2", ad_id="7")
    add(lake, ADS, "act_1")
    (problem,) = look(lake, ADS).problems
    assert problem.startswith(f"Table ads: 1 keys are there more than once, the first is act_2, {WEEK}, 7;")
    drawn = {bool(inspect(lake, ADS, accounts=1, draw=str(n)).problems) for n in range(9)}
    assert drawn == {True, False}


def test_a_table_that_cannot_be_opened_is_told(lake):
    add(lake, ADS, "act_1")
    (Path(lake.uri(ADS)) / "_delta_log" / f"{0:020}.json").write_text("{")
    (problem,) = look(lake, ADS).problems
    assert problem.startswith("Table ads at ")


def test_what_is_no_tables_is_named(lake):
    add(lake, ADS, "act_1")
    with held(Path(lake.root) / "_locks" / "ads" / "00.lock"):
        pass
    (Path(lake.root) / "raw" / "ads_of_last_year").mkdir()
    (Path(lake.root) / "raw" / "ads_of_last_year" / "x.parquet").write_bytes(b"")
    assert strays(lake, TABLES.values()) == ["raw/ads_of_last_year"]
