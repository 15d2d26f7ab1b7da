"""`insights maintain` and `insights backup` as a user meets them, and the weekly job that does the same."""

import json
import os
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from insights_assets.automation.maintenance import maintenance
from insights_assets.cli import main
from insights_assets.commands.maintain import _about_new_columns
from insights_assets.definitions import PARTITIONED_ASSETS
from insights_assets.lake.compaction import files_of
from insights_assets.lake.store import Lake
from insights_assets.settings import load_settings
from insights_assets.tables.entities import ADS, CAMPAIGNS
from insights_assets.tables.registry import TABLES
from insights_assets_tests.lake import earlier_lake
from insights_assets_tests.tables.rows import frame_of, valid_row


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    # The command makes the instance's variables this process's own; they go with the test.
    for name in ("DAGSTER_HOME", "INSIGHTS_LAKE", "INSIGHTS_MODE", "DAGSTER_EVENT_BATCH_SIZE"):
        monkeypatch.setenv(name, "")
    kept = dict(os.environ)
    monkeypatch.setenv("INSIGHTS_HOME", str(folder))
    monkeypatch.setenv("INSIGHTS_NOW", "2026-03-11T06:00:00+00:00")
    yield folder
    for name in set(os.environ) - set(kept):
        del os.environ[name]


@pytest.fixture
def lake(home):
    made = Lake(str(home / "lake"))
    for n in range(9):
        made.append(ADS, frame_of(ADS, valid_row(ADS, ad_id=str(n))))
    return made


def insights(*arguments, code=0, **environment):
    done = CliRunner().invoke(main, arguments, env=environment)
    assert done.exit_code == code, done.output + str(done.exception)
    return done


def test_a_dry_run_tells_what_the_run_then_does(lake):
    version = lake.delta(ADS).version()
    dry = json.loads(insights("maintain", "--dry-run", "--json").stdout)
    assert lake.delta(ADS).version() == version
    wet = json.loads(insights("maintain", "--json").stdout)
    for report in (dry, wet):
        (joined,) = report["compacted"]
        assert (joined["table"], joined["files_before"], joined["files_after"]) == ("ads", 9, 1)
        assert (report["problems"], report["left"], report["removed_runs"]) == ([], [], 0)
    assert files_of(ADS, lake.delta(ADS)) == {"act_1": 1}
    told = insights("maintain").stdout
    assert "joined: 0 files to 0, in 0 tables." in told
    assert "The lake is whole." in told


def test_what_is_wrong_is_told_and_is_a_failure_and_stops_nobody_else(lake):
    lake.append(CAMPAIGNS, frame_of(CAMPAIGNS, valid_row(CAMPAIGNS)))
    (lost,) = Path(lake.uri(CAMPAIGNS)).rglob("*.parquet")
    lost.unlink()
    report = json.loads(insights("maintain", "--json", code=3).stdout)
    assert any("Table campaigns" in problem for problem in report["problems"])
    assert files_of(ADS, lake.delta(ADS)) == {"act_1": 1}


def test_an_earlier_lake_is_brought_to_today_by_the_command(home):
    earlier_lake.write(home / "lake", earlier_lake.releases()[0])
    assert "insights maintain --migrate" in insights("sql", "SELECT 1", code=3).stderr
    assert "would be rewritten" in insights("maintain", "--migrate", "--dry-run").stdout
    told = insights("maintain", "--migrate").stdout
    assert "anomalies_ad: is rewritten, 2 rows (adds granularity, date)" in told
    (chosen,) = re.findall(r"insights backfill --force --select '(.*)' --since DATE --until DATE", told)
    found = {key.path[-1] for key in dg.AssetSelection.from_string(chosen).resolve(list(PARTITIONED_ASSETS))}
    assert found == {"anomalies_ad", "creatives", "features_ad", "insights_daily"}
    assert insights("maintain", "--migrate").stdout == "Every table has today's columns.\n"
    assert "2" in insights("sql", "SELECT count(*) FROM anomalies").stdout


def test_every_table_that_lacks_a_column_is_told_how_it_gets_it_or_that_it_does_not():
    told = list(_about_new_columns(list(TABLES.values())))
    (chosen,) = re.findall(r"--select '(.*)' --since", told[0])
    found = {key.path[-1] for key in dg.AssetSelection.from_string(chosen).resolve(list(PARTITIONED_ASSETS))}
    assert found == {asset.key.path[-1] for asset in PARTITIONED_ASSETS}
    assert told[1].startswith("New columns stay empty in old rows of accounts, alert_outbox, alerts,")
    assert "sync_log" in told[1]
    assert not list(_about_new_columns([]))


def test_the_weekly_job_does_the_same_and_fails_when_something_is_wrong(lake):
    settings = load_settings()
    job, schedule = maintenance(lake, TABLES.values(), settings)
    assert (schedule.cron_schedule, schedule.default_status) == ("10 1 * * 0", dg.DefaultScheduleStatus.STOPPED)
    with dg.DagsterInstance.ephemeral() as instance:
        assert job.execute_in_process(instance=instance).success
        assert files_of(ADS, lake.delta(ADS)) == {"act_1": 1}
        next(Path(lake.uri(ADS)).glob("account_id=act_1/*zstd*")).unlink()
        assert not job.execute_in_process(instance=instance, raise_on_error=False).success


@pytest.mark.usefixtures("lake")
def test_a_backup_is_a_home(home, tmp_path):
    insights("maintain")  # makes the instance
    (home / "settings.toml").write_text("refresh_after_h = 5\n")
    with closing(sqlite3.connect(home / "dagster" / "written.db")) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE t (n INTEGER)")
        database.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(50)])
        database.commit()
        # Rows that are in the write-ahead log alone are in the copy too.
        target = tmp_path / "copy"
        first = json.loads(insights("backup", str(target), "--json").stdout)
    assert first["tables"] == 1
    assert (target / "settings.toml").read_text() == "refresh_after_h = 5\n"
    with closing(sqlite3.connect(target / "dagster" / "written.db")) as copied:
        assert copied.execute("SELECT count(*) FROM t").fetchone() == (50,)
    assert not [p for p in target.rglob("*") if p.name.endswith((".lock", ".half", "-wal", "-shm"))]
    again = json.loads(insights("backup", str(target), "--json").stdout)
    assert again["files"] == 0
    shutil.rmtree(home)
    told = insights("maintain", "--dry-run", INSIGHTS_HOME=str(target), INSIGHTS_LAKE="", DAGSTER_HOME="")
    assert "The lake is whole." in told.stdout
    assert Lake(str(target / "lake")).read(ADS).height == 9
