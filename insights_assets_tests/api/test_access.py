"""Every route, whoever asks: without a key, with a wrong one, with too small a role, for an account out of scope."""

import hashlib
import hmac
import re
from dataclasses import replace
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from insights_assets.api.access import PERMISSIONS
from insights_assets.api.tokens import TokenError, token_reader
from insights_assets_tests.api.fleet_of_two import NOW
from insights_assets_tests.api.served import SECRET, Clock, key, make_app, running, settings_of

CLAIMS = {"sub": "kim", "role": "admin", "accounts": "*", "iss": "insights-assets", "aud": "insights-api"}
VALUES = {
    "account_id": "act_1",
    "entity_id": "11",
    "level": "ad",
    "alert_id": "f" * 16,
    "key_id": "0" * 8,
    "run_id": "0" * 8 + "-0000-0000-0000-" + "0" * 12,
}
MANAGED = {"sync-now", "refresh", "classify", "detect", "generate", "ack", "snooze"}
BODIES = {"/keys": {"name": "x"}}


def permission(method, path):
    if path.startswith(("/keys", "/audit")):
        return "keys:write"
    if method == "delete":
        return "data:delete"
    return "operations:write" if path.split("/")[-1] in MANAGED and method == "post" else "analytics:read"


@pytest.fixture(scope="module")
def routes(app):
    """Every route that needs a key: (method, path with values, the permission it needs)."""
    found = [(m, p) for p, methods in app.openapi()["paths"].items() for m in methods if p != "/health"]
    return [(m, re.sub(r"{(\w+)}", lambda x: VALUES[x[1]], p), permission(m, p)) for m, p in found]


def token(key=SECRET, algorithm="HS256", **changes):
    claims = {**CLAIMS, "exp": (NOW + timedelta(hours=1)).timestamp(), **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    return {"Authorization": f"Bearer {jwt.encode(claims, key, algorithm)}"}


def statuses(client, routes, headers):
    return {(m, p): client.request(m, p, headers=headers, json=BODIES.get(p)).status_code for m, p, _ in routes}


def test_there_are_routes_of_every_kind(routes):
    assert {needed for _, _, needed in routes} >= {"analytics:read", "operations:write", "keys:write"}
    assert len(routes) > 35


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": "Bearer ik_00000000_wrong"},
        {"X-API-Key": "' OR 1=1 --"},
        {"Authorization": "Basic YWRtaW46YWRtaW4="},
        token(exp=(NOW - timedelta(minutes=1)).timestamp()),
        token(exp=None),
        token(exp="tomorrow"),
        token(aud="another"),
        token(aud=None),
        token(iss="another"),
        token(sub=None),
        token(role="root"),
        token(accounts=None),
        token(accounts="act_1"),
        token(nbf=(NOW + timedelta(hours=1)).timestamp()),
        token(key="another-secret-of-thirty-two-bytes!!"),
        token(algorithm="HS512"),
        token(key=None, algorithm="none"),
    ],
    ids=range(19),
)
def test_nobody_is_let_in_without_a_good_key_or_token(client, routes, headers):
    for (method, path), status in statuses(client, routes, headers).items():
        assert status == 401, f"{method} {path}"


def test_a_tampered_key_or_token_opens_nothing(client, routes, app, viewer):
    secret = viewer["Authorization"]
    other = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    head, claims, signature = token()["Authorization"].split(".")
    forged = jwt.encode({**CLAIMS, "exp": 2e9, "role": "admin"}, "x" * 32, "HS256").split(".")[1]
    revoked = key(app)
    app.state.keys.revoke(revoked["Authorization"].split("_")[1], NOW)
    for bad in (other, f"{head}.{forged}.{signature}", f"{head}.{claims}.", revoked["Authorization"]):
        assert set(statuses(client, routes, {"Authorization": bad}).values()) == {401}


@pytest.mark.parametrize("role", ["viewer", "manager", "admin"])
def test_a_role_may_do_what_it_is_for_and_no_more(client, routes, app, role):
    headers = key(app, role)
    for method, path, needed in routes:
        status = client.request(method, path, headers=headers, json=BODIES.get(path)).status_code
        assert (status == 403) == (needed not in PERMISSIONS[role]), f"{role}: {method} {path}: {status}"
        assert status < 500
        assert status != 401


def test_another_account_is_as_if_it_did_not_exist(client, routes, app):
    headers = key(app, "admin", ["act_2"])
    known = client.get("/accounts/act_1/ads", headers=headers).json()
    unknown = client.get("/accounts/act_9/ads", headers=headers).json()
    assert known["detail"].replace("act_1", "act_9") == unknown["detail"]
    for method, template, _ in routes:
        path = template.replace("f" * 16, "0" * 15 + "1")  # an alert of act_1
        path += "?since=2026-02-09&until=2026-02-15" if path.endswith("/weeks") else ""
        response = client.request(method, path, headers=headers, json=BODIES.get(path))
        if "act_1" in path or "/alerts/" in path:
            assert response.status_code == 404, f"{method} {path}"
        assert "Shop act_1" not in response.text
        assert '"act_1"' not in response.text, f"{method} {path}"


def test_a_scope_bounds_totals(ask, app):
    both = ask("/overview")
    one = ask("/overview", headers=key(app, accounts=["act_2"]))
    assert {t["currency"] for t in both["totals"]} == {"EUR", "JPY"}
    assert [t["currency"] for t in one["totals"]] == ["JPY"]
    assert one["totals"][0] == next(t for t in both["totals"] if t["currency"] == "JPY")
    assert one["accounts"] == {"registered": 1, "with_delivery": 1}
    assert (both["alerts"]["open"], one["alerts"]["open"]) == (2, 1)
    assert ask("/accounts", headers=key(app, accounts=["act_2"]))["total"] == 1
    assert ask("/overview", headers=key(app, accounts=[]))["totals"] == []


def test_a_token_has_the_role_and_the_accounts_it_says(client):
    scoped = token(role="viewer", accounts=["act_2"])
    assert client.get("/accounts/act_2", headers=scoped).status_code == 200
    assert client.get("/accounts/act_1", headers=scoped).status_code == 404
    assert client.post("/accounts/act_2/refresh", headers=scoped).status_code == 403
    assert client.get("/keys", headers=token()).status_code == 200


def test_a_public_key_reads_no_token_signed_with_itself(tmp_path, lake):
    """The classic confusion: HS256 with the public key as the secret."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = private.public_key().public_bytes(serialization.Encoding.PEM, form)
    (tmp_path / "key.pem").write_bytes(public)
    settings = settings_of(tmp_path, lake.root).api
    reader = token_reader(replace(settings, jwt_secret_env=None, jwt_public_key_file=str(tmp_path / "key.pem")), {})
    claims = {**CLAIMS, "exp": (NOW + timedelta(hours=1)).timestamp()}
    assert reader.read(jwt.encode(claims, private, "RS256"), NOW).subject == "kim"
    head = jwt.encode(claims, "x" * 32, "HS256").split(".")
    forged = jwt.utils.base64url_encode(hmac.new(public, ".".join(head[:2]).encode(), hashlib.sha256).digest()).decode()
    with pytest.raises(TokenError):
        reader.read(".".join([*head[:2], forged]), NOW)


def test_who_asks_too_often_waits(lake, tmp_path):
    clock = Clock(step=0)
    app = make_app(settings_of(tmp_path, lake.root, requests_per_minute=20), clock=clock)
    mine, other = key(app), key(app, requests_per_minute=600)
    with running(app) as client:
        codes = [client.get("/runs", headers=mine).status_code for _ in range(3)]
        refused = client.get("/runs", headers=mine)
        assert [*codes, refused.status_code] == [200, 200, 429, 429]  # bursts of a tenth of a minute
        assert refused.headers["Retry-After"] == "3"
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert client.get("/runs", headers=other).status_code == 200
        clock.now += 3
        assert [client.get("/runs", headers=mine).status_code for _ in range(2)] == [200, 429]
        guesses = [client.get("/runs", headers={"X-API-Key": "ik_0_0"}).status_code for _ in range(61)]
        assert guesses == [401] * 60 + [429]
        assert client.get("/runs", headers=other).status_code == 200
