"""What is new in a table and what its files hold, told by the commit log as the rows would tell it."""

from datetime import timedelta

import polars as pl
import pytest

from insights_assets.lake import sync_log
from insights_assets.lake.changes import changed_accounts, ended_since, file_statistics, read_files
from insights_assets.lake.store import Lake
from insights_assets.tables.operations import CHECK_RESULTS, SYNC_LOG
from insights_assets_tests.tables.rows import OBSERVED, WEEK, frame_of, valid_row


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path / "lake"))


def changed(lake, table, since):
    return changed_accounts(lake, table, lake.delta(table), since)


def test_accounts_that_were_written_since_a_version(lake):
    for account in ("act_1", "act_2", "act_3"):
        lake.append(CHECK_RESULTS, frame_of(CHECK_RESULTS, valid_row(CHECK_RESULTS, account_id=account)))
    version = lake.delta(CHECK_RESULTS).version()
    assert changed(lake, CHECK_RESULTS, version) == set()
    assert changed(lake, CHECK_RESULTS, version - 1) == {"act_3"}
    assert changed(lake, CHECK_RESULTS, None) == {"act_1", "act_2", "act_3"}
    assert changed(lake, CHECK_RESULTS, 999) == {"act_1", "act_2", "act_3"}


def test_rows_that_were_taken_out_are_a_change_too(lake):
    lake.append(CHECK_RESULTS, frame_of(CHECK_RESULTS, valid_row(CHECK_RESULTS)))
    version = lake.delta(CHECK_RESULTS).version()
    lake.replace(CHECK_RESULTS, CHECK_RESULTS.empty(), [("act_1", WEEK)])
    assert changed(lake, CHECK_RESULTS, version) == {"act_1"}


def log(lake, account, hours, *, weeks=3, **changes):
    at = OBSERVED + timedelta(hours=hours)
    row = {"status": "ok", "retry_after": None, "finished_at": at, "run_id": f"r{hours}", "duration_s": 0.1 + hours}
    rows = [
        valid_row(SYNC_LOG, account_id=account, week=WEEK + timedelta(weeks=n), **{**row, **changes})
        for n in range(weeks)
    ]
    lake.append(SYNC_LOG, frame_of(SYNC_LOG, *rows))


def test_the_statistics_tell_the_rows_that_reading_would(lake):
    log(lake, "act_1", 1, step="ads")
    log(lake, "act_1", 2, step="ads", status="failed", error_type="network")
    log(lake, "act_2", 3, step="campaigns", weeks=1)
    # Two steps in one file, as a compaction leaves them, and a range with a hole.
    many = [
        valid_row(SYNC_LOG, account_id="act_1", step=s, status="ok", run_id="x", retry_after=None) for s in ("a", "b")
    ]
    lake.append(SYNC_LOG, frame_of(SYNC_LOG, *many))
    hole = [valid_row(SYNC_LOG, account_id="act_1", status="ok", week=WEEK + timedelta(weeks=n)) for n in (0, 2)]
    lake.append(SYNC_LOG, frame_of(SYNC_LOG, *hole))
    files = file_statistics(lake.delta(SYNC_LOG))
    told = sync_log.recent(lake, files, ["act_1", "act_2"])
    kept = ["account_id", "week", "step", "status", "error_type", "run_id", "finished_at", "duration_s"]
    assert told.select(kept).sort(kept).equals(lake.read(SYNC_LOG).select(kept).sort(kept))
    assert set(sync_log.recent(lake, files, ["act_2"])["account_id"]) == {"act_2"}


def test_a_file_of_one_good_step_is_not_opened(lake):
    log(lake, "act_1", 1, step="ads")
    files = file_statistics(lake.delta(SYNC_LOG)).with_columns(path=pl.lit("account_id=act_1/gone.parquet"))
    assert sync_log.recent(lake, files, ["act_1"]).height == 3


def test_old_files_are_left_out_by_their_largest_instant(lake):
    log(lake, "act_1", 1)
    log(lake, "act_1", 5)
    files = ended_since(file_statistics(lake.delta(SYNC_LOG)), "finished_at", OBSERVED + timedelta(hours=4))
    assert set(read_files(lake, SYNC_LOG, files)["run_id"]) == {"r5"}


def test_a_table_that_was_never_written_has_nothing(lake):
    files = file_statistics(lake.delta(SYNC_LOG))
    assert ended_since(files, "finished_at", OBSERVED).is_empty()
    assert read_files(lake, SYNC_LOG, files).schema == SYNC_LOG.schema
    assert sync_log.recent(lake, files, ["act_1"]).is_empty()
