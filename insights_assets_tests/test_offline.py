"""Dropped files of offline conversions: rows of the lowest entity named, twice is once, a bad file stops no other."""

import os
from datetime import UTC, date, datetime

import dagster as dg
import polars as pl
import pytest

from insights_assets import offline
from insights_assets.assets.offline import offline_conversions
from insights_assets.definitions import build_defs
from insights_assets.lake.store import Lake
from insights_assets.partitions import range_tags
from insights_assets.problems import InputError
from insights_assets.settings import load_settings
from insights_assets.tables.offline_conversions import OFFLINE_CONVERSIONS

MON, SUN, NEXT = date(2026, 3, 2), date(2026, 3, 8), date(2026, 3, 9)
HEAD = "account_id,date,campaign_id,ad_id,event,conversions,revenue,currency\n"


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / offline.FOLDER
    path.mkdir()
    return path


def put(folder, name, text, at=1_700_000_000):
    path = folder / name
    path.write_text(text)
    os.utime(path, (at, at))
    return path


def test_rows_are_attributed_to_the_lowest_entity_named(folder):
    path = put(
        folder, "a.csv", HEAD + "1,2026-03-02,7,9,lead,2,10,eur\nact_1,2026-03-08,7,,,1,,\n1,2026-03-09,,,,3,30,\n"
    )
    rows = offline.read_file(path)
    names = ("week", "date", "level", "entity_id", "campaign_id", "event", "conversions", "revenue", "currency")
    assert rows.sort("date").select(names).rows() == [
        (MON, MON, "ad", "9", "7", "lead", 2.0, 10.0, "EUR"),
        (MON, SUN, "campaign", "7", "7", "purchase", 1.0, None, None),
        (NEXT, NEXT, "account", "act_1", None, "purchase", 3.0, 30.0, None),
    ]
    assert OFFLINE_CONVERSIONS.split(rows).bad.is_empty()


def test_sales_of_one_key_are_added(folder):
    path = put(folder, "a.csv", HEAD + "1,2026-03-02 10:04:00,,9,,1,10,\n1,2026-03-02T19:30:00,,9,,1,2.5,\n")
    assert offline.read_file(path).select("conversions", "revenue").rows() == [(2.0, 12.5)]


def test_parquet_says_the_same_as_csv(folder):
    csv = offline.read_file(put(folder, "a.csv", HEAD + "1,2026-03-02,,9,,2,10,\n"))
    path = folder / "b.parquet"
    pl.DataFrame({"account_id": [1], "date": [MON], "ad_id": [9], "conversions": [2], "revenue": [10.0]}).write_parquet(
        path
    )
    assert offline.read_file(path).drop("file").equals(csv.drop("file"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("account_id,date\n1,2026-03-02\n", "a.csv has no column conversions"),
        (HEAD + "1,2026-03-02,,,,1,1,\n1,yesterday,,,,1,1,\n", "a.csv, row 2: date is 'yesterday'"),
        (HEAD + "shop,2026-03-02,,,,1,1,\n", "account_id is 'shop', not an ad account id"),
        (HEAD + "1,2026-03-02,,,,,1,\n", "conversions is None, not a number"),
        (HEAD + "1,2026-03-02,,,,1,much,\n", "revenue is 'much', not a number"),
        ("", "a.csv cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence_and_stops_no_other(folder, text, said):
    path = put(folder, "a.csv", text)
    with pytest.raises(InputError, match=said):
        offline.read_file(path)
    put(folder, "b.csv", HEAD + "1,2026-03-02,,9,,2,10,\n")
    drop = offline.read_folder(folder)
    assert (drop.rows.height, list(drop.refused)) == (1, ["a.csv"])


def test_the_later_file_wins_a_key_and_a_folder_read_twice_is_the_same(folder):
    put(folder, "2026-03-10.csv", HEAD + "1,2026-03-02,,9,,2,10,\n1,2026-03-03,,9,,1,5,\n", at=100)
    put(folder, "2026-03-11.csv", HEAD + "1,2026-03-02,,9,,3,15,\n", at=200)
    put(folder, "notes.txt", "no conversions")
    drop = offline.read_folder(folder)
    assert drop.rows.select("date", "conversions").rows() == [(MON, 3.0), (date(2026, 3, 3), 1.0)]
    assert drop.changed_at == {("act_1", MON): datetime.fromtimestamp(200, UTC)}
    assert offline.read_folder(folder).rows.equals(drop.rows)
    assert offline.read_folder(folder / "nowhere").rows.is_empty()


def test_the_asset_loads_its_partitions_quarantines_bad_rows_and_can_be_repeated(tmp_path, folder):
    put(
        folder,
        "a.csv",
        HEAD + "1,2026-03-02,,9,,2,10,\n1,2026-03-03,,9,,-1,5,\n1,2026-03-09,,9,,4,5,\n2,2026-03-02,,9,,1,5,\n",
    )
    put(folder, "b.csv", "nothing\n")
    settings, lake = load_settings({"INSIGHTS_HOME": str(tmp_path)}), Lake(str(tmp_path / "lake"))
    job = build_defs(settings, overrides={"lake": lake}).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("account", ["act_1", "act_2"])
        for _ in range(2):
            result = job.get_subset(asset_selection={offline_conversions.key}).execute_in_process(
                instance=instance, tags=range_tags(["act_1"], [MON]), raise_on_error=False
            )
            assert not result.success, "the negative row must turn the check red"
            rows = lake.read(OFFLINE_CONVERSIONS)
            assert rows.select("account_id", "week", "conversions").rows() == [("act_1", MON, 2.0)]
            (event,) = result.asset_materializations_for_node("raw__offline_conversions")
            assert event.metadata["refused_files"].value == [
                "b.csv has no column account_id; it needs account_id, date, conversions."
            ]
            assert event.metadata["refused_rows"].value == 1
