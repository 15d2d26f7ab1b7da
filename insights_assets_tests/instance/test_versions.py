"""On a Dagster that is not known the stock storages are used, and it is said once."""

import importlib
import sys

import dagster
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster_postgres import PostgresEventLogStorage

from insights_assets.instance import postgres, sqlite, versions
from insights_assets_tests.instance.histories import ASSETS, KEYS, planned_batch


@pytest.fixture
def unknown(monkeypatch):
    versions._warn.cache_clear()
    for module in (sqlite, postgres):
        monkeypatch.setattr(module, "is_known", lambda: versions.is_known("1.99.3"))


def test_the_installed_dagster_is_known(caplog):
    assert versions.is_known(dagster.__version__)
    assert not caplog.records


@pytest.mark.parametrize(
    ("version", "known"),
    [
        ("1.13.27", True),
        ("1.13.0rc1", True),
        ("1.14.0", False),
        ("1.1.13", False),
        ("1.130.0", False),
        ("1!0+dev", False),
    ],
)
def test_only_the_compared_minor_versions_are_known(version, known):
    assert versions.is_known(version) == known


@pytest.mark.usefixtures("unknown")
def test_stock_sqlite_is_used_and_said_once(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    for _ in range(2):
        storage = sqlite.BatchedSqliteEventLogStorage.from_config_value(None, {})
    assert type(storage) is SqliteEventLogStorage
    (said,) = caplog.messages
    assert said.startswith("Dagster 1.99.3 is not among the versions")
    storage.store_event_batch(planned_batch("run"))
    assert (tmp_path / "history" / "runs" / "run.db").exists()
    attempts = storage.get_latest_asset_partition_materialization_attempts_without_materializations(ASSETS[0])
    assert set(attempts) == set(KEYS)


@pytest.mark.usefixtures("unknown")
@pytest.mark.parametrize(("entry", "batched"), [(sqlite, "sqlite_batches"), (postgres, "postgres_batches")])
def test_what_an_unknown_dagster_lacks_is_not_imported(entry, batched, tmp_path, monkeypatch):
    # 1.12.22 has no SQLITE_BUSY_TIMEOUT_SECONDS: importing the batched log there is an ImportError.
    name = f"insights_assets.instance.{batched}"
    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    importlib.reload(entry)
    assert name not in sys.modules


@pytest.mark.usefixtures("unknown")
def test_stock_postgres_is_used(postgres_url, caplog):
    storage = postgres.BatchedPostgresEventLogStorage.from_config_value(None, {"postgres_url": postgres_url})
    assert type(storage) is PostgresEventLogStorage
    assert "1.99.3" in caplog.text
    storage.store_event_batch(planned_batch("run"))
    assert len(storage.get_records_for_run("run").records) == len(planned_batch("run"))
