"""Each account is read from the server of its mode with its own token, and a missing token is one sentence."""

from datetime import UTC, datetime

import pytest

from insights_assets.connection import Gateway, embedded_sandbox
from insights_assets.graph_api import GraphApiError
from insights_assets.settings import SettingsError, load_settings
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets_tests.tables.rows import valid_row

SANDBOX = "http://127.0.0.1:9"
LIVE = "https://graph.example"


def account(**changes):
    return valid_row(ACCOUNTS, **{"token_env": None, "token_path": None, "source": "discovered", **changes})


def gateway(tmp_path, tokens=None, **environment):
    names = {"INSIGHTS_HOME": str(tmp_path), "INSIGHTS_SANDBOX_URL": SANDBOX, "META_GRAPH_URL": LIVE, **environment}
    return Gateway(load_settings(names), tokens or {})


@pytest.fixture
def seen(monkeypatch):
    """What a client would have been made with; nothing is sent."""
    calls = []

    class Client:
        @classmethod
        def connect(cls, **options):
            calls.append(options)
            return cls()

    monkeypatch.setattr("insights_assets.connection.GraphClient", Client)
    return calls


@pytest.mark.parametrize(
    ("mode", "source", "url", "token"),
    [
        ("sandbox", "discovered", SANDBOX, "sandbox-token"),
        ("live", "sandbox", LIVE, "general"),
        ("hybrid", "sandbox", SANDBOX, "sandbox-token"),
        ("hybrid", "discovered", LIVE, "general"),
    ],
)
def test_the_mode_picks_the_server(tmp_path, seen, mode, source, url, token):
    gateway(tmp_path, INSIGHTS_MODE=mode, META_ACCESS_TOKEN="general").client(account(source=source))
    assert (seen[0]["base_url"], seen[0]["token"]) == (url, token)


def test_the_sandbox_never_sees_the_app_secret(tmp_path, seen):
    for mode in ("sandbox", "live"):
        made = gateway(tmp_path, INSIGHTS_MODE=mode, META_ACCESS_TOKEN="general", META_APP_SECRET="app-secret")
        made.client(account())
    assert [c["app_secret"] for c in seen] == [None, "app-secret"]


def test_an_account_is_read_with_its_own_token(tmp_path, seen):
    file = tmp_path / "token"
    file.write_text("from-file\n")
    made = gateway(tmp_path, {"TOKEN_1": "from-env"}, INSIGHTS_MODE="live", META_ACCESS_TOKEN="general")
    made.client(account(token_env="TOKEN_1"))
    made.client(account(token_path=str(file)))
    made.client(account())
    made.client()
    assert [c["token"] for c in seen] == ["from-env", "from-file", "general", "general"]


def test_the_limits_and_version_of_the_settings_reach_the_client(tmp_path, seen):
    gateway(tmp_path, INSIGHTS_RATE_LIMIT_MAX_WAIT_S="12", META_GRAPH_VERSION="v25.0").client(account())
    assert (seen[0]["max_wait_s"], seen[0]["version"]) == (12.0, "v25.0")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"token_env": "TOKEN_1"}, "takes its token from TOKEN_1, which is not set"),
        ({"token_path": "/nowhere/token"}, "The token file /nowhere/token cannot be read"),
        ({}, "set META_ACCESS_TOKEN, or use INSIGHTS_MODE=sandbox"),
    ],
)
def test_a_missing_token_is_a_sentence(tmp_path, changes, said):
    with pytest.raises(SettingsError) as caught:
        gateway(tmp_path, INSIGHTS_MODE="live").client(account(**changes))
    assert said in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"  \n", b"\xff\xfe\x00"])
def test_a_token_file_without_a_token_is_a_sentence(tmp_path, content):
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match="token file"):
        gateway(tmp_path, INSIGHTS_MODE="live").client(account(token_path=str(file)))


def test_the_embedded_simulator_plays_the_scenario_of_the_settings(tmp_path):
    names = {"INSIGHTS_SANDBOX_URL": "", "META_GRAPH_URL": "", "INSIGHTS_SANDBOX_SCENARIO": "badtoken"}
    made = gateway(tmp_path, INSIGHTS_MODE="sandbox", **names)
    with made.client() as client:
        accounts = [one.id for one in client.ad_accounts()]
        assert client.account(accounts[0]).id == accounts[0]
        with pytest.raises(GraphApiError) as caught:
            client.account(accounts[-1])
    assert (caught.value.code, caught.value.subcode) == (190, 463)


def test_an_unknown_scenario_is_a_sentence(tmp_path):
    settings = load_settings({"INSIGHTS_HOME": str(tmp_path), "INSIGHTS_SANDBOX_SCENARIO": "hurricane"})
    assert settings.origins["sandbox_scenario"] == "environment INSIGHTS_SANDBOX_SCENARIO"
    with pytest.raises(SettingsError, match=r"INSIGHTS_SANDBOX_SCENARIO is 'hurricane'; allowed are default, .*storm"):
        embedded_sandbox(settings)


def test_clients_share_the_limits_of_their_token_and_what_reports_taught(tmp_path, seen):
    made = gateway(tmp_path, {"TOKEN_1": "from-env"}, INSIGHTS_MODE="live", META_ACCESS_TOKEN="general")
    made.client(account(account_id="act_1"))
    made.client(account(account_id="act_2"))
    made.client(account(token_env="TOKEN_1"))
    first, second, other = (c["limiter"] for c in seen)
    assert first is second
    assert first is not other
    assert len({id(c["memory"]) for c in seen}) == 1
    names = [c["limiter"].shared.path for c in seen]
    assert names[0] != names[2]
    assert names[0].parent == tmp_path / "limits"
    assert not any(token in str(name) for name in names for token in ("general", "from-env"))


def test_blocks_end_on_the_time_line_of_the_caller(tmp_path, seen):
    made = gateway(tmp_path, INSIGHTS_MODE="sandbox", INSIGHTS_NOW="2026-03-30T03:00:00+00:00")
    made.client(account())
    made.client(account(), now=datetime(2026, 3, 30, 4, tzinfo=UTC))
    instants = [datetime.fromtimestamp(c["instant"](), UTC) for c in seen]
    assert [round((i - datetime(2026, 3, 30, 3, tzinfo=UTC)).total_seconds()) for i in instants] == [0, 3600]
