"""The instance's folder: which database it is for, and that nobody changes it without noticing."""

from pathlib import Path

import pytest
import yaml

from insights_assets.instance_home import child_environment, dagster_home
from insights_assets.settings import SettingsError, load_settings

URL = "postgresql://me:pa55word@127.0.0.1:1/db"
ROOT = Path(__file__).parents[2]
STORAGES = {"run_storage", "event_log_storage", "schedule_storage"}


def made(home, **environment):
    settings = load_settings({"INSIGHTS_HOME": str(home), **environment})
    return dagster_home(settings) / "dagster.yaml"


def test_sqlite_by_default_and_postgres_by_url(tmp_path):
    sqlite = yaml.safe_load(made(tmp_path / "one").read_text())
    postgres = yaml.safe_load(made(tmp_path / "two", DAGSTER_PG_URL=URL).read_text())
    assert sqlite["event_log_storage"]["class"] == "BatchedSqliteEventLogStorage"
    assert {postgres[s]["class"] for s in STORAGES} == {
        "PostgresRunStorage",
        "BatchedPostgresEventLogStorage",
        "PostgresScheduleStorage",
    }
    assert all(postgres[s]["config"]["postgres_url"] == {"env": "DAGSTER_PG_URL"} for s in STORAGES)
    # Twins: nothing else differs.
    assert {k: v for k, v in sqlite.items() if k not in STORAGES} == {
        k: v for k, v in postgres.items() if k not in STORAGES
    }


def test_children_get_the_url(tmp_path):
    assert "DAGSTER_PG_URL" not in child_environment(load_settings({"INSIGHTS_HOME": str(tmp_path / "a")}), None)
    settings = load_settings({"INSIGHTS_HOME": str(tmp_path / "b"), "DAGSTER_PG_URL": URL})
    environment = child_environment(settings, None)
    assert environment["DAGSTER_PG_URL"] == URL
    assert environment["DAGSTER_EVENT_BATCH_SIZE"] == "1000"


def test_a_home_moves_to_postgres_when_the_url_is_set(tmp_path):
    assert "Sqlite" in made(tmp_path).read_text()
    assert "DAGSTER_PG_URL" in made(tmp_path, DAGSTER_PG_URL=URL).read_text()
    assert "DAGSTER_PG_URL" in made(tmp_path, DAGSTER_PG_URL=URL).read_text()


def test_a_home_on_postgres_does_not_fall_back_in_silence(tmp_path):
    made(tmp_path, DAGSTER_PG_URL=URL)
    with pytest.raises(SettingsError, match="needs DAGSTER_PG_URL, which is not set"):
        made(tmp_path)


def test_an_edited_file_is_left_alone(tmp_path):
    config = made(tmp_path)
    config.write_text(config.read_text() + "# mine\n")
    assert made(tmp_path).read_text().endswith("# mine\n")
    with pytest.raises(SettingsError, match="does not use it; remove that file"):
        made(tmp_path, DAGSTER_PG_URL=URL)
    assert config.read_text().endswith("# mine\n")


def test_the_wheel_has_both_files():
    told = (ROOT / "pyproject.toml").read_text()
    for name in ("dagster.yaml", "deploy/dagster.yaml"):
        assert (ROOT / name).exists()
        assert f'"{name}" = "insights_assets/{name}"' in told
