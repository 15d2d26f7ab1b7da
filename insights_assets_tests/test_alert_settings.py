"""The table `[alerts]` of the settings file: defaults, thresholds of one account, and errors that show no secret."""

import os

import pytest

from insights_assets.alert_settings import AlertSettings, Thresholds
from insights_assets.settings import SettingsError, load_settings
from insights_assets.sink_settings import MissingSecretError, Secret


def load(tmp_path, text):
    (tmp_path / "settings.toml").write_text(text, encoding="utf-8")
    return load_settings({"INSIGHTS_HOME": str(tmp_path)})


def test_without_the_table_alerts_go_to_the_log(tmp_path):
    settings = load_settings({"INSIGHTS_HOME": str(tmp_path)})
    assert settings.alerts == AlertSettings()
    assert [(s.name, s.type) for s in settings.alerts.sinks] == [("log", "log")]
    assert settings.origins["alerts"] == "default"


def test_an_account_has_the_common_thresholds_and_its_own(tmp_path):
    text = "[alerts.thresholds]\nfrequency = 4\n[alerts.accounts.123]\ntarget_roas = 2.5\n"
    alerts = load(tmp_path, text).alerts
    assert alerts.of("act_123") == Thresholds(frequency=4.0, target_roas=2.5)
    assert alerts.of("act_9") == Thresholds(frequency=4.0)


def test_what_is_shown_names_the_sinks(tmp_path):
    text = '[alerts]\n[alerts.sinks.team]\ntype = "slack"\nurl_env = "HOOK"\n'
    assert str(load(tmp_path, text).alerts) == "sinks: team (slack); cool-down 24 h; accounts with own thresholds: 0"


SMTP = """[alerts.sinks.m]
type = "smtp"
host = "mail.example.org"
sender = "a@example.org"
recipients = ["b@example.org"]
"""
HOOK = '[alerts.sinks.h]\ntype = "webhook"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("alerts = 3", ["alerts in", "must be a table"]),
        ("[alerts]\ncooldown = 3", ["unknown keys (cooldown)", "cooldown_h"]),
        ("[alerts]\ncooldown_h = -1", ["cooldown_h of alerts in", "zero or more"]),
        ("[alerts]\ndigest_over = 1.5", ["digest_over", "whole number"]),
        ("[alerts.thresholds]\nbudget_share = 2", ["budget_share", "0 to 1"]),
        ("[alerts.thresholds]\nroas_weeks = 0", ["roas_weeks", "1 or more"]),
        ('[alerts.thresholds]\nfinding_severity = "awful"', ["'awful'", "low, medium, high, critical"]),
        ("[alerts.thresholds]\nfrequency = true", ["frequency", "True"]),
        ("[alerts.accounts.me]\nfrequency = 4", ["'me'", "act_ and digits"]),
        ("[alerts.accounts.act_1]\nerror_share = 0.1", ["unknown keys (error_share)"]),
        ('[alerts.sinks.h]\ntype = "pigeon"', ["'pigeon'", "log, webhook, slack, smtp"]),
        (HOOK, ["url_env", "url_file"]),
        (HOOK + 'url_env = "A"\nurl_file = "/b"', ["both"]),
        (HOOK + 'url_env = "A"\nmin_severity = "x"', ["min_severity", "'x'"]),
        (SMTP + 'tls = "maybe"', ["'maybe'", "starttls"]),
        (SMTP + 'username = "u"', ["username", "password_env"]),
        (SMTP + 'password_env = "P"', ["username"]),
        (SMTP + 'username = "u"\npassword_env = "P"\ntls = "none"', ["in the clear", "starttls"]),
        (SMTP.replace("a@example.org", "a@example.org\\nBcc: c@d"), ["sender", "one line"]),
        (SMTP.replace('["b@example.org"]', "[]"), ["recipients"]),
        (SMTP.replace("b@example.org", "b@x, c@x"), ["recipients", "plain mail address"]),
    ],
)
def test_a_wrong_value_is_one_sentence_that_says_where_and_what_is_allowed(tmp_path, text, words):
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, text)
    assert all(word in str(refused.value) for word in words), str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("key", ["url_env", "url_file", "url", "secret_env"])
def test_a_secret_put_where_its_name_belongs_is_not_repeated(tmp_path, key):
    other = "" if key.startswith("url") else 'url_env = "A"\n'
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, f'{HOOK}{other}{key} = "https://hooks.example.org/services/secretsecret"\n')
    assert "secretsecret" not in str(refused.value)


def test_secrets_are_read_from_their_place_when_they_are_needed(tmp_path):
    path = tmp_path / "secret"
    path.write_text("  s3cret \nsecond line\n", encoding="utf-8")
    assert Secret(file=str(path)).read() == "s3cret"
    assert Secret(env="HOOK").read({"HOOK": " value\n"}) == "value"
    assert "HOOK" not in os.environ
    for missing in (Secret(env="HOOK"), Secret(file=str(tmp_path / "none"))):
        with pytest.raises(MissingSecretError):
            missing.read()
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(MissingSecretError, match="is empty"):
        Secret(file=str(path)).read()
