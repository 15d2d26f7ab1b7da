"""Every setting is read once, and a wrong one is one sentence that names it and what is allowed."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from insights_assets.problems import InputError
from insights_assets.settings import SettingsError, load_settings
from insights_assets.settings_file import KEYS
from insights_assets.tables.columns import FAMILIES

VARIABLES = (
    "INSIGHTS_HOME",
    "INSIGHTS_LAKE",
    "INSIGHTS_MODE",
    "META_ACCESS_TOKEN",
    "META_GRAPH_URL",
    "META_GRAPH_VERSION",
    "INSIGHTS_RATE_LIMIT_MAX_WAIT_S",
    "INSIGHTS_NOW",
    "INSIGHTS_SANDBOX_URL",
    "INSIGHTS_LOG_FORMAT",
    "INSIGHTS_LOG_LEVEL",
    "DAGSTER_PG_URL",
    "INSIGHTS_SETTINGS",
)


@pytest.fixture
def home(tmp_path):
    return tmp_path


def load(home, **environment):
    return load_settings({"INSIGHTS_HOME": str(home), **environment})


def test_without_anything_it_is_the_sandbox_in_the_home(home):
    settings = load(home)
    assert settings.mode == "sandbox"
    assert settings.lake == str(home / "lake")
    assert settings.token is None
    assert settings.sandbox_url is None
    assert settings.graph_url == "https://graph.facebook.com"


def test_a_token_alone_means_live(home):
    assert load(home, META_ACCESS_TOKEN="EAAB").mode == "live"
    assert load(home, META_ACCESS_TOKEN="EAAB", INSIGHTS_MODE="sandbox").mode == "sandbox"


def test_a_lake_may_be_a_path_or_an_object_store(home, monkeypatch):
    monkeypatch.chdir(home)
    assert load(home, INSIGHTS_LAKE="there").lake == str(home / "there")
    assert load(home, INSIGHTS_LAKE="s3://bucket/lake").lake == "s3://bucket/lake"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-21T06:00:00+00:00", datetime(2026, 11, 21, 6, tzinfo=UTC)),
        ("2026-11-21T06:00Z", datetime(2026, 11, 21, 6, tzinfo=UTC)),
        ("2026-11-21T06:00", datetime(2026, 11, 21, 6, tzinfo=UTC)),
        ("2026-11-21T08:00+02:00", datetime(2026, 11, 21, 6, tzinfo=UTC)),
    ],
)
def test_now_can_be_fixed(home, text, instant):
    assert load(home, INSIGHTS_NOW=text).now() == instant


def test_a_simulator_that_runs_is_named_directly_or_as_the_graph_url_of_sandbox_mode(home):
    url = "http://127.0.0.1:8765/"
    assert load(home, INSIGHTS_SANDBOX_URL=url).sandbox_url == url.rstrip("/")
    assert load(home, META_GRAPH_URL=url, INSIGHTS_MODE="sandbox").sandbox_url == url.rstrip("/")
    assert load(home, META_GRAPH_URL=url, META_ACCESS_TOKEN="x").sandbox_url is None


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("INSIGHTS_MODE", "prod", "sandbox, live, hybrid"),
        ("META_GRAPH_URL", "graph.facebook.com", "http:// or https://"),
        ("META_GRAPH_URL", "ftp://graph.facebook.com", "http:// or https://"),
        ("META_GRAPH_VERSION", "26.0", "v26.0"),
        ("META_GRAPH_VERSION", "v26", "v26.0"),
        ("META_GRAPH_VERSION", "v26.0/me", "v26.0"),
        ("INSIGHTS_NOW", "yesterday", "ISO instant"),
        ("INSIGHTS_RATE_LIMIT_MAX_WAIT_S", "soon", "a number"),
        ("INSIGHTS_RATE_LIMIT_MAX_WAIT_S", "-1", "zero or more"),
        ("INSIGHTS_RATE_LIMIT_MAX_WAIT_S", "nan", "zero or more"),
        ("INSIGHTS_RATE_LIMIT_MAX_WAIT_S", "inf", "zero or more"),
        ("INSIGHTS_SANDBOX_URL", "127.0.0.1:8765", "http:// or https://"),
    ],
)
def test_a_wrong_variable_is_a_sentence_that_names_it_and_what_is_allowed(home, name, value, allowed):
    with pytest.raises(SettingsError) as caught:
        load(home, **{name: value})
    message = str(caught.value)
    assert message.startswith(name)
    assert value in message
    assert allowed in message
    assert "\n" not in message


VARIABLES = (
    "INSIGHTS_LAKE", "INSIGHTS_MODE", "META_GRAPH_URL", "META_GRAPH_VERSION", "INSIGHTS_SANDBOX_URL",
    "INSIGHTS_RATE_LIMIT_MAX_WAIT_S", "INSIGHTS_NOW", "META_ACCESS_TOKEN", "META_APP_SECRET", "INSIGHTS_SETTINGS",
    "INSIGHTS_SANDBOX_SCENARIO",
)  # fmt: skip


@pytest.mark.parametrize("name", VARIABLES)
def test_an_empty_variable_counts_as_unset(home, name):
    assert load(home, **{name: ""}) == load(home)


def test_secrets_are_not_shown(home):
    settings = load(home, META_ACCESS_TOKEN="EAAB-secret", META_APP_SECRET="app-secret")
    assert (settings.token, settings.app_secret) == ("EAAB-secret", "app-secret")
    assert "EAAB-secret" not in repr(settings)
    assert "app-secret" not in repr(settings)
    assert "secret" not in str(dict(settings.origins)).replace("app_secret", "").replace("META_APP_SECRET", "")


def test_the_file_is_read_and_each_value_knows_where_it_came_from(home):
    (home / "settings.toml").write_text('refresh_after_h = 6\nsandbox_seed = 11\n[families]\nact_1 = "purchase"\n')
    settings = load(home, INSIGHTS_MODE="live")
    assert (settings.refresh_after_h, settings.sandbox_seed, settings.families) == (6.0, 11, {"act_1": "purchase"})
    assert settings.origins["sandbox_seed"] == str(home / "settings.toml")
    assert settings.origins["mode"] == "environment INSIGHTS_MODE"
    assert settings.origins["graph_url"] == "default"


def test_every_setting_has_an_origin(home):
    origins = load(home).origins
    assert origins["families"] == origins["refresh_after_h"] == origins["sandbox_seed"] == "default"


def test_accounts_of_families_may_be_written_without_prefix(home):
    (home / "settings.toml").write_text('[families]\n123 = "purchase"\nact_4 = "messages"\n')
    assert load(home).families == {"act_123": "purchase", "act_4": "messages"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("refresh_after = 6", "unknown keys (refresh_after); allowed are refresh_after_h, sandbox_seed, families"),
        ("refresh_after_h = 'soon'", "refresh_after_h in "),
        ("refresh_after_h = -1", "zero or more"),
        ("sandbox_seed = 7.5", "sandbox_seed in "),
        ("[families]\nact_1 = 'happiness'", ", ".join(FAMILIES)),
        ("families = 3", "must map account ids"),
        ("[families]\nshop = 'purchase'", "'shop', which is not an ad account id"),
        ("not toml at all", "cannot be read as TOML"),
    ],
)
def test_a_wrong_file_is_a_sentence_that_names_it(home, content, said):
    (home / "settings.toml").write_text(content)
    with pytest.raises(SettingsError) as caught:
        load(home)
    assert said in str(caught.value)
    assert str(home / "settings.toml") in str(caught.value)


def test_a_named_file_must_exist(home):
    with pytest.raises(SettingsError, match=r"INSIGHTS_SETTINGS names .* which does not exist"):
        load(home, INSIGHTS_SETTINGS=str(home / "nowhere.toml"))


TOML = st.recursive(
    st.booleans() | st.integers(-(2**62), 2**62) | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("key", KEYS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_value_of_a_key_is_taken_or_refused_in_one_sentence(key, data):
    value = data.draw(TOML)
    try:
        KEYS[key](value, f"{key} in settings.toml")
    except InputError as error:
        told = str(error)
        assert key in told
        assert told.endswith(".")


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(VARIABLES), st.text(max_size=12), max_size=4))
@example({"INSIGHTS_NOW": "0001-01-01T00:00+14:00"})
def test_any_environment_is_taken_or_refused(environment):
    try:
        assert load_settings(environment).mode in ("sandbox", "live", "hybrid")
    except SettingsError as error:
        named = [name for name in environment if name in str(error)]
        assert named
