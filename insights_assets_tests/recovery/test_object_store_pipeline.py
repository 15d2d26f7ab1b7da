"""The whole pipeline on an object store, by the commands of a user: the same tables as on a disk, and no key shown."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from insights_assets.lake.store import Lake
from insights_assets.tables.registry import TABLES
from insights_assets_tests.object_store import BUCKET, KEY, SECRET, s3_server, variables

pytestmark = pytest.mark.slow
NOW = "2026-03-29T06:00:00+00:00"
# Of the run that wrote a row, not of what it says; and frames whose sort key is one of them.
OF_THE_RUN = ("run_id", "duration_s", "requests", "attempts")
NOT_COMPARED = ("sync_log", "alerts", "alert_outbox")


def insights(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("INSIGHTS_", "META_", "DAGSTER", "AWS_"))}
    given = {**kept, "INSIGHTS_HOME": str(home), "INSIGHTS_NOW": NOW, "INSIGHTS_MODE": "sandbox", **environment}
    command = [sys.executable, "-c", "from insights_assets.cli import main; main()", *words]
    return subprocess.run(command, env=given, capture_output=True, text=True, check=False, timeout=1200)


def test_the_demo_on_an_object_store_is_the_demo_on_a_disk(tmp_path, monkeypatch):
    demo = ("demo", "--accounts", "2", "--weeks", "4", "--workers", "2")
    on_disk = insights(tmp_path / "disk", *demo)
    assert on_disk.returncode == 0, on_disk.stdout + on_disk.stderr
    with s3_server() as endpoint:
        store = {**variables(endpoint), "INSIGHTS_LAKE": f"s3://{BUCKET}/team/lake"}
        home = tmp_path / "store"
        outputs = [insights(home, *demo, **store)]
        assert outputs[0].returncode == 0, outputs[0].stdout + outputs[0].stderr
        assert "account-weeks synced" in outputs[0].stdout
        for words, said in (
            (("sql", "SELECT count(*) AS days FROM insights_daily"), "days"),
            (("status",), "backfill_id"),
            (("maintain",), "The lake is whole."),
            (("config", "show"), "team/lake"),
        ):
            done = insights(home, *words, **store)
            assert done.returncode == 0, done.stdout + done.stderr
            assert said in done.stdout
            outputs.append(done)
        assert not any(s in o.stdout + o.stderr for o in outputs for s in (SECRET, KEY))
        assert not (home / "lake").exists()
        for name, value in variables(endpoint).items():
            monkeypatch.setenv(name, value)
        here, there = Lake(str(tmp_path / "disk" / "lake")), Lake(store["INSIGHTS_LAKE"])
        for table in TABLES.values():
            one, other = (lake.read(table).drop(OF_THE_RUN, strict=False) for lake in (here, there))
            assert one.height == other.height, table.name
            if table.name not in NOT_COMPARED:
                # Sums over files in another order differ in the last bits.
                assert_frame_equal(one, other, rel_tol=1e-9, abs_tol=1e-9)
        assert here.count(TABLES["insights_daily"]) > 100
