"""Keys, tokens' settings, the audit log, the commands: what is kept, what is shown, and what never is."""

import json
import stat
from dataclasses import replace

import pytest
from click.testing import CliRunner

from insights_assets.api.audit import FILE as AUDIT
from insights_assets.api.keys import FILE, KeyStore
from insights_assets.api.tokens import token_reader
from insights_assets.api_settings import ApiSettings, parse
from insights_assets.cli import main
from insights_assets.problems import InputError
from insights_assets.settings import SettingsError, load_settings
from insights_assets_tests.api.fleet_of_two import NOW, build
from insights_assets_tests.api.served import key, make_app, running, settings_of


def test_a_key_is_kept_as_a_hash_in_a_file_of_its_owner(tmp_path):
    made, secret = KeyStore(tmp_path).add("dashboard", "viewer", ["act_2", "act_1"], NOW)
    text = (tmp_path / FILE).read_text()
    assert secret not in text
    assert secret.split("_", 2)[2] not in text
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert made.accounts == ("act_1", "act_2")
    assert "sha256" not in made.told()
    assert KeyStore(tmp_path).find(secret) == made


def test_another_process_sees_a_key_come_and_go(tmp_path):
    mine, theirs = KeyStore(tmp_path), KeyStore(tmp_path)
    assert mine.find("ik_00000000_x") is None
    made, secret = theirs.add("x", "manager", None, NOW)
    assert mine.find(secret) == made
    theirs.revoke(made.key_id, NOW)
    assert mine.find(secret) is None
    assert [k.revoked_at for k in mine.list()] == [NOW.isoformat()]
    with pytest.raises(InputError, match="no key"):
        mine.revoke("ffffffff", NOW)


@pytest.mark.parametrize(
    ("name", "role"), [("", "viewer"), ("two\nlines", "viewer"), ("x", "root"), ("x" * 101, "admin")]
)
def test_a_key_that_cannot_be_is_refused(tmp_path, name, role):
    with pytest.raises(InputError):
        KeyStore(tmp_path).add(name, role, None, NOW)


def test_keys_by_command(tmp_path, monkeypatch):
    monkeypatch.setenv("INSIGHTS_HOME", str(tmp_path))
    run = CliRunner().invoke
    made = run(main, ["keys", "add", "ci", "--role", "manager", "--accounts", "1,act_2", "--json"])
    secret = json.loads(made.stdout)["secret"]
    assert KeyStore(tmp_path).find(secret).accounts == ("act_1", "act_2")
    listed = run(main, ["keys", "list", "--json"]).stdout
    assert secret not in listed
    (shown,) = json.loads(listed)
    assert shown["role"] == "manager"
    assert "ci" in run(main, ["keys", "list"]).stdout
    assert run(main, ["keys", "revoke", shown["key_id"]]).exit_code == 0
    assert KeyStore(tmp_path).find(secret) is None
    assert run(main, ["keys", "revoke", "nope"]).exit_code == 2
    assert run(main, ["keys", "add", "x", "--accounts", "rm -rf"]).exit_code == 2


def test_an_admin_makes_keys_no_wider_than_their_own(tmp_path, lake):
    app = make_app(settings_of(tmp_path, lake.root))
    with running(app) as client:
        boss, scoped = key(app, "admin"), key(app, "admin", ["act_1"])
        made = client.post("/keys", headers=scoped, json={"name": "ok", "accounts": ["act_1"]})
        assert made.status_code == 201
        assert made.headers["Cache-Control"] == "no-store"
        for wider in (None, ["act_2"], ["act_1", "act_2"]):
            refused = client.post("/keys", headers=scoped, json={"name": "no", "accounts": wider})
            assert refused.status_code == 403
        secret = made.json()["secret"]
        assert client.get("/accounts", headers={"X-API-Key": secret}).json()["total"] == 1
        assert secret not in client.get("/keys", headers=boss).text
        wide = client.post("/keys", headers=boss, json={"name": "wide"}).json()["key_id"]
        assert client.delete(f"/keys/{wide}", headers=scoped).status_code == 404
        assert client.delete(f"/keys/{made.json()['key_id']}", headers=scoped).status_code == 200
        assert client.get("/accounts", headers={"X-API-Key": secret}).status_code == 401
        lines = client.get("/audit", headers=boss).json()["items"]
        assert [line["action"] for line in lines] == ["key revoked", "key added", "key added"]
        assert all(secret not in json.dumps(line) for line in lines)
        assert stat.S_IMODE((tmp_path / AUDIT).stat().st_mode) == 0o600


def test_an_alert_is_taken_on_by_who_says_so(tmp_path):
    app = make_app(settings_of(tmp_path / "home", build(tmp_path / "lake").root))
    name = "0" * 15 + "2"
    with running(app) as client:
        manager, other = key(app, "manager"), key(app, "manager", ["act_1"])
        assert client.post(f"/alerts/{name}/ack", headers=other).status_code == 404
        acknowledged = client.post(f"/alerts/{name}/ack", headers=manager).json()
        assert (acknowledged["status"], acknowledged["acknowledged_by"][:4]) == ("acknowledged", "key:")
        shown = client.get("/alerts", headers=manager, params={"status": "acknowledged"}).json()
        assert [row["alert_id"] for row in shown["items"]] == [name]
        snoozed = client.post(f"/alerts/{name}/snooze", headers=manager, params={"hours": 2}).json()
        assert snoozed["status"] == "snoozed"
        assert client.post(f"/alerts/{name}/snooze", headers=manager, params={"hours": -1}).status_code == 422
        actions = [
            (x["action"], x["account_id"]) for x in client.get("/audit", headers=key(app, "admin")).json()["items"]
        ]
        assert actions == [("snooze", "act_2"), ("ack", "act_2")]


def test_a_broken_line_of_the_audit_log_hides_no_other(tmp_path, lake):
    app = make_app(settings_of(tmp_path, lake.root))
    app.state.audit.write(NOW, "key:1", "admin", "first", account_id=None)
    with (tmp_path / AUDIT).open("a") as file:
        file.write('{"cut short')
    assert [line["action"] for line in app.state.audit.newest()] == ["first"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"nope": 1}, "unknown keys"),
        ({"requests_per_minute": 0}, "1 or more"),
        ({"live_rows": "many"}, "whole number"),
        ({"jwt_secret_env": "A", "jwt_public_key_file": "b"}, "name one"),
    ],
)
def test_wrong_settings_are_named(given, told):
    with pytest.raises(InputError, match=told):
        parse(given, "api of settings.toml")


def test_settings_come_from_the_file_and_show_no_secret(tmp_path):
    (tmp_path / "settings.toml").write_text('[api]\njwt_secret_env = "MINE"\nrequests_per_minute = 60\n')
    settings = load_settings({"INSIGHTS_HOME": str(tmp_path)})
    assert settings.api == ApiSettings(jwt_secret_env="MINE", requests_per_minute=60)
    assert str(settings.api) == "tokens: HS256; 60 requests a minute; cache 512 MB"
    with pytest.raises(SettingsError, match="MINE"):
        token_reader(settings.api, {"MINE": "short"})
    for path in ("missing.pem", "settings.toml"):
        with pytest.raises(SettingsError, match=path):
            token_reader(replace(ApiSettings(), jwt_public_key_file=str(tmp_path / path)), {})
    assert token_reader(ApiSettings(), {}) is None


def test_an_unexpected_error_tells_no_more_than_a_name(tmp_path, lake, caplog):
    app = make_app(settings_of(tmp_path, lake.root))
    secret = key(app)

    def boom(*_):
        raise RuntimeError(secret["Authorization"])

    app.state.runs.newest = boom
    with running(app) as client:
        response = client.get("/runs", headers=secret)
    problem = response.json()
    assert (response.status_code, problem["title"]) == (500, "Internal Server Error")
    assert "RuntimeError" not in response.text
    assert problem["detail"].rstrip(".").split()[-1] in caplog.text
