"""What only Postgres has: a batch is there wholly or not at all, one connection is kept, a fork opens its own."""

import os

import pytest
import sqlalchemy

from insights_assets.instance.postgres_batches import PostgresBatches
from insights_assets_tests.instance.histories import planned_batch


@pytest.fixture
def storage(postgres_url):
    opened = PostgresBatches(postgres_url)
    yield opened
    opened.dispose()


def sessions(url):
    """Server processes of the database, besides the one that asks."""
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    count = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with engine.connect() as connection:
        return set(connection.execute(sqlalchemy.text(count)).scalars())


def test_a_batch_that_fails_halfway_leaves_nothing(storage, monkeypatch):
    def fails(*_):
        raise RuntimeError("on purpose")

    monkeypatch.setattr(storage, "_store_asset_event", fails)
    with pytest.raises(RuntimeError, match="on purpose"):
        storage.store_event_batch(planned_batch("run"))
    assert storage.get_maximum_record_id() is None
    assert storage.get_records_for_run("run").records == []


def test_one_connection_serves_many_events_and_is_closed_at_the_end(storage, postgres_url):
    for event in planned_batch("run"):
        storage.store_event(event)
        assert len(sessions(postgres_url)) <= 1
    (first,) = sessions(postgres_url)
    storage.store_event_batch(planned_batch("other"))
    assert sessions(postgres_url) == {first}
    storage.dispose()
    assert sessions(postgres_url) == set()


def test_a_connection_that_the_server_closed_is_replaced(storage, postgres_url):
    storage.store_event_batch(planned_batch("run"))
    engine = sqlalchemy.create_engine(postgres_url, poolclass=sqlalchemy.NullPool)
    (only,) = sessions(postgres_url)
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": only})
    storage.store_event_batch(planned_batch("other"))
    assert len(storage.get_records_for_run("other").records) == len(planned_batch("other"))


def test_a_fork_does_not_speak_on_its_parents_connection(storage, postgres_url):
    storage.store_event_batch(planned_batch("run"))
    before = sessions(postgres_url)
    child = os.fork()
    if child == 0:
        try:
            storage.store_event_batch(planned_batch("child"))
            storage.dispose()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert len(storage.get_records_for_run("child").records) == len(planned_batch("child"))
    assert sessions(postgres_url) == before, "the parent's connection lives, and is the only one"
