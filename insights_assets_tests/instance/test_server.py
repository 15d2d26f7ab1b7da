"""A Postgres server that cannot be used is one sentence, with the reason and without the password."""

import pytest

from insights_assets.instance.server import require_server
from insights_assets.problems import FailedError

SECRET = "pa55word-of-the-server"


def test_a_server_that_answers_is_fine(postgres_url):
    require_server(postgres_url)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (f"postgresql://me:{SECRET}@127.0.0.1:1/db", "Connection refused"),
        (f"postgresql://me:{SECRET}@/db?host=/nowhere", "No such file"),
        (f"postgresql://me:{SECRET}@127.0.0.1:1/db?sslmode={SECRET}", "sslmode"),
        (f"{SECRET}", "no database URL"),
    ],
)
def test_one_sentence_tells_the_reason(url, reason):
    with pytest.raises(FailedError) as caught:
        require_server(url)
    message = str(caught.value)
    assert message.startswith("The Postgres server that DAGSTER_PG_URL names cannot be used")
    assert reason in message
    assert SECRET not in message
    assert "\n" not in message
    assert caught.value.__context__ is None, "nothing else is shown"


def test_a_database_that_is_not_there(postgres_url):
    with pytest.raises(FailedError, match='database "gone" does not exist'):
        require_server(postgres_url.replace("/test_", "/gone?application_name=").replace("?host", "&host"))
