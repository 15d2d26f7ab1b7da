"""Whether the instance's Postgres server can be used: asked once, where Dagster would try six times and show traces."""

from typing import Final

from sqlalchemy import NullPool, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from insights_assets.problems import FailedError

CONNECT_TIMEOUT_S: Final = 10


def require_server(url: str) -> None:
    """Connect once.

    Args:
        url: `postgresql://user:password@host:port/database`.

    Raises:
        FailedError: the server does not answer, or refuses; the sentence has the server's reason, never the password.
    """
    try:
        password = make_url(url).password
        engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_TIMEOUT_S})
        with engine.connect():
            return
    except ArgumentError:
        reason = "it is no database URL"
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        if password:
            reason = reason.replace(str(password), "***")
    raise FailedError(
        f"The Postgres server that DAGSTER_PG_URL names cannot be used ({reason}); start it, or mend the variable."
    )
