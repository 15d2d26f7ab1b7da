"""A Postgres server that cannot be used is one sentence, with the reason and without the password."""

import os

import pytest
from click.testing import CliRunner

from insights_assets.cli import main
from insights_assets.instance.server import require_server
from insights_assets.problems import FailedError
from insights_assets.settings import SettingsError, load_settings

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


@pytest.mark.parametrize(("command", "code"), [(["config", "show"], 0), (["accounts", "discover"], 3)])
def test_commands_tell_no_password(tmp_path, monkeypatch, command, code):
    monkeypatch.setattr(os, "environ", dict(os.environ))  # the commands hand variables on to their children
    url = f"postgresql://me:{SECRET}@127.0.0.1:1/db"
    given = {"INSIGHTS_HOME": str(tmp_path), "INSIGHTS_MODE": "live", "META_ACCESS_TOKEN": "x", "DAGSTER_PG_URL": url}
    done = CliRunner().invoke(main, command, env=given)
    assert done.exit_code == code, done.output
    assert SECRET not in done.output
    assert ("Connection refused" in done.output) == (code != 0)
    assert "Traceback" not in done.output


def test_a_password_that_is_not_encoded_is_not_shown(tmp_path):
    for url in (f"postgresql://me:{SECRET}@x@host/db", f"postgresql://me:{SECRET}#x@host/db", f"postgres://{SECRET}"):
        with pytest.raises(SettingsError, match="percent-encoded") as caught:
            load_settings({"INSIGHTS_HOME": str(tmp_path), "DAGSTER_PG_URL": url})
        assert SECRET not in str(caught.value)
        assert caught.value.__context__ is None


def test_the_settings_do_not_show_it(tmp_path):
    settings = load_settings({"INSIGHTS_HOME": str(tmp_path), "DAGSTER_PG_URL": f"postgresql://me:{SECRET}@host/db"})
    assert SECRET in settings.postgres_url
    assert SECRET not in repr(settings)
