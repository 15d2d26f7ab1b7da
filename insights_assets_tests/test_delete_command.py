"""`insights delete` as a user meets it: shows, asks, deletes, tells Dagster, can be lifted."""

import os
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from insights_assets.assets.insights import insights_daily
from insights_assets.cli import main
from insights_assets.lake.catalog import query
from insights_assets.lake.store import Lake
from insights_assets.partitions import key
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

DAYS = ("--since", "2026-03-04", "--until", "2026-03-04", "--by", "kim")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home with one account, one week of which Dagster knows."""
    monkeypatch.setattr(os, "environ", {**os.environ, "INSIGHTS_HOME": str(tmp_path), "INSIGHTS_MODE": "live"})
    os.environ["INSIGHTS_NOW"] = "2026-03-15T20:00:00+00:00"
    lake = Lake(str(tmp_path / "lake"))
    lake.overwrite(ACCOUNTS, frame_of(ACCOUNTS, valid_row(ACCOUNTS)))
    lake.replace(INSIGHTS_DAILY, frame_of(INSIGHTS_DAILY, valid_row(INSIGHTS_DAILY, date=WEEK)), [("act_1", WEEK)])
    return tmp_path


def run(*words, told=""):
    return CliRunner().invoke(main, list(words), input=told)


def left(home):
    return Lake(str(home / "lake")).read(INSIGHTS_DAILY).height


def test_it_shows_asks_deletes_marks_and_can_be_lifted(home: Path):
    refused = run("delete", "1", *DAYS, told="n\n")
    assert refused.exit_code == 1
    assert "insights_daily" in refused.output
    assert left(home) == 1
    instance = dg.DagsterInstance.get()
    instance.report_runless_asset_event(dg.AssetMaterialization(insights_daily.key, partition=key("act_1", WEEK)))
    done = run("delete", "1", *DAYS, "--yes")
    assert done.exit_code == 0, done.output
    assert "Weeks 2026-03-02 to 2026-03-02 of act_1 stay empty until `insights undelete" in done.output
    assert "`insights backfill --accounts act_1 --since 2026-03-09" in done.output
    assert left(home) == 0
    newest = instance.get_latest_data_version_record(insights_daily.key, partition_key=key("act_1", WEEK))
    assert newest.asset_materialization.metadata["dagster/partition_row_count"].value == 0
    (record,) = query(Lake(str(home / "lake")), "FROM deletions").to_dicts()
    assert (record["deleted_by"], record["rows"], record["tables"]) == ("kim", 1, ["insights_daily"])
    lifted = run("undelete", record["deletion_id"], "--by", "ann")
    assert "can be read again" in lifted.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("delete", "1", "--since", "2026-03-05", "--until", "2026-03-04", "--by", "kim"), "swap them"),
        (("delete", "1", "--since", "2026-03-04", "--until", "2026-03-04"), "--by"),
    ],
)
def test_mistakes_are_one_sentence_and_delete_nothing(home: Path, words, told):
    outcome = run(*words)
    assert outcome.exit_code == 2
    assert told in outcome.output
    assert left(home) == 1
