"""Tables that stay open answer as those that are opened for each question."""

import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from insights_assets.lake.snapshot import MOST_HELD, Handles, Snapshot
from insights_assets.lake.store import Lake, LakeError, LostRaceError
from insights_assets.tables.entities import ADS
from insights_assets_tests.tables.rows import frame_of, valid_row

WEEK = date(2026, 3, 2)
PLACE = ("act_1", WEEK)


def ads(*names: str) -> pl.DataFrame:
    return frame_of(ADS, *(valid_row(ADS, account_id="act_1", week=WEEK, ad_id=name) for name in names))


def ids(lake: Lake) -> list[str]:
    return lake.read(ADS)["ad_id"].to_list()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = Lake(str(tmp_path / "lake"))
    made.replace(ADS, ads("1"), [PLACE])
    assert ids(made) == ["1"]
    return made


def test_what_another_process_commits_is_seen_at_once(lake):
    write_deltalake(lake.uri(ADS), ads("2"), mode="append")
    assert ids(lake) == ["1", "2"]
    assert lake.count(ADS) == 2


def test_a_table_made_anew_in_the_same_place_is_read_anew(lake):
    lake.replace(ADS, ads("1", "2"), [PLACE])
    shutil.rmtree(lake.uri(ADS))
    assert lake.count(ADS) == 0
    write_deltalake(lake.uri(ADS), ads("3"), partition_by=["account_id"])
    assert ids(lake) == ["3"]


def test_a_table_made_anew_up_to_the_same_version_is_read_anew(lake):
    version = DeltaTable(lake.uri(ADS)).version()
    shutil.rmtree(lake.uri(ADS))
    for name in map(str, range(7, 8 + version)):
        write_deltalake(lake.uri(ADS), ads(name), partition_by=["account_id"], mode="append")
    assert DeltaTable(lake.uri(ADS)).version() == version
    assert ids(lake) == [str(n) for n in range(7, 8 + version)]


def test_columns_that_another_release_added_meanwhile_are_refused(lake):
    newer = ads("2").with_columns(pl.lit("x").alias("of_tomorrow"))
    write_deltalake(lake.uri(ADS), newer, mode="append", schema_mode="merge")
    for _ in range(2):  # and again: it is not held as one that fits
        with pytest.raises(LakeError, match="of_tomorrow"):
            lake.read(ADS)


def test_reading_does_not_move_what_a_write_is_computed_from(lake):
    base = lake.delta(ADS)
    write_deltalake(lake.uri(ADS), ads("2"), mode="overwrite", predicate="account_id = 'act_1'")
    assert ids(lake) == ["2"]
    with pytest.raises(LostRaceError):
        lake.replace(ADS, ads("3"), [PLACE], base=base)
    assert ids(lake) == ["2"]


def test_a_log_that_was_cleaned_is_read_anew(lake):
    delta = DeltaTable(lake.uri(ADS))
    delta.create_checkpoint()
    for commit in Path(lake.uri(ADS), "_delta_log").glob("*.json"):
        commit.unlink()
    assert ids(lake) == ids(lake) == ["1"]


def test_a_table_is_opened_once_and_the_oldest_goes(tmp_path):
    handles, opened = Handles(), []
    uris = [str(tmp_path / str(n)) for n in range(3)]
    for uri in uris:
        write_deltalake(uri, ads("1"))

    def asked(uri: str) -> Snapshot | None:
        return handles.newest(uri, lambda: opened.append(uri) or Snapshot(uri), lambda found: found)

    assert asked(uris[0]) is asked(uris[0])
    assert opened == uris[:1]
    assert handles.newest(str(tmp_path / "none"), lambda: None, lambda found: found) is None
    small = Handles()
    for n in range(MOST_HELD + 1):
        small.newest(uris[0] + "/" * n, lambda: Snapshot(uris[0]), lambda found: found)
    small.newest(uris[0], lambda: opened.append("again"), lambda found: found)
    assert opened == [uris[0], "again"]
