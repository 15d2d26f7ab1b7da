import hashlib
import hmac
import logging
import random
import traceback

import httpx
import pytest

from insights_assets.graph_api import GraphApiError, GraphClient, Transport
from insights_assets.graph_api.backoff import TRANSIENT, UNREADABLE
from insights_assets_tests.graph_api.fakes import (
    BASE,
    SECRET,
    TOKEN,
    FakeClock,
    Script,
    business_usage,
    failure,
    form,
    ok,
    raw,
    transport,
)

PROOF = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()

FAULTS = {
    "500": raw(500, "oops"),
    "503": raw(503, ""),
    "service unavailable": failure(2),
    "unknown error": failure(1, 99, status=500),
    "not JSON": raw(200, "<html>"),
    "truncated": raw(200, '{"data": [{"id": "1"'),
    "a list": raw(200, "[]"),
    "data is a text": ok({"data": "x"}),
    "data holds texts": ok({"data": ["x"]}),
    "data is null": ok({"data": None}),
    "paging is a list": ok({"data": [], "paging": []}),
    "an error with 200": lambda _: httpx.Response(200, json={"error": {"code": 2, "message": "x"}}),
    "read timeout": httpx.ReadTimeout("slow"),
    "connect timeout": httpx.ConnectTimeout("slow"),
    "reset": httpx.ReadError("reset"),
    "cut off": httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
    "bad compression": httpx.DecodingError("bad gzip"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_transient_fault_is_retried_until_it_is_over(fault):
    clock, app = FakeClock(), Script(fault, fault, ok({"data": [{"id": "1"}]}))
    with transport(app, clock=clock) as connection:
        assert connection.get("me/adaccounts") == {"data": [{"id": "1"}]}
        assert connection.requests == len(app.requests) == 3
    assert len(clock.sleeps) == 2


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_lasting_fault_ends_after_the_last_try(fault):
    clock, app = FakeClock(), Script(fault)
    with transport(app, clock=clock, max_attempts=4) as connection, pytest.raises(GraphApiError) as caught:
        connection.get("act_1/ads")
    assert (caught.value.attempts, len(app.requests), len(clock.sleeps)) == (4, 4, 3)
    assert caught.value.error_type in ("network", "data")
    assert f"GET {BASE}/v26.0/act_1/ads" in str(caught.value)


@pytest.mark.parametrize("code", [190, 102, 10, 200, 803, 2635, 3018, 368, 100, 5555])
def test_what_cannot_get_better_is_asked_once(code):
    clock, app = FakeClock(), Script(failure(code))
    with transport(app, clock=clock) as connection, pytest.raises(GraphApiError):
        connection.get("act_1/ads")
    assert (len(app.requests), clock.sleeps) == (1, [])


def test_backoff_is_bounded_and_jittered():
    rng = random.Random(3)
    for attempt in (1, 2, 5, 12, 5000):
        pauses = [TRANSIENT.pause(attempt, rng) for _ in range(50)]
        top = min(30, 0.5 * 2 ** min(attempt - 1, 30))
        assert all(0 <= pause <= top for pause in pauses)
        assert max(pauses) > top / 2
    assert [UNREADABLE.pause(attempt, rng) for attempt in range(1, 8)] == [5, 10, 20, 40, 60, 60, 60]


def test_a_limit_waits_as_long_as_the_header_says_even_on_a_failure():
    clock = FakeClock()
    app = Script(failure(80004, 2446079, headers=business_usage(7)), ok({"id": "act_1"}))
    with transport(app, clock=clock) as connection:
        connection.get("act_1")
    assert len(clock.sleeps) == 1
    assert 420 <= clock.sleeps[0] <= 421


def test_http_429_honours_retry_after():
    clock = FakeClock()
    with transport(Script(raw(429, "", {"Retry-After": "12"}), ok({"id": "1"})), clock=clock) as connection:
        connection.get("me")
    assert 12 <= clock.sleeps[0] <= 13


def test_an_account_block_without_a_header_waits_ten_minutes():
    clock = FakeClock()
    with transport(Script(failure(17, 2446079), ok({"id": "1"})), clock=clock) as connection:
        connection.get("act_1")
    assert 600 <= clock.sleeps[0] <= 601


def test_a_wait_past_the_budget_is_handed_back_with_its_length():
    clock, app = FakeClock(), Script(failure(17, 2446079, headers=business_usage(90)))
    with transport(app, clock=clock) as connection, pytest.raises(GraphApiError) as caught:
        connection.get("act_1")
    assert (caught.value.error_type, len(app.requests), clock.sleeps) == ("rate_limited", 1, [])
    assert 5400 <= caught.value.retry_after_s <= 5401


def test_waits_add_up_to_the_budget():
    clock, app = FakeClock(), Script(failure(4, headers=business_usage(10)))
    with transport(app, clock=clock, max_wait_s=1500) as connection, pytest.raises(GraphApiError) as caught:
        connection.get("act_1")
    assert len(clock.sleeps) == 2
    assert caught.value.retry_after_s >= 600


def test_a_limit_without_any_hint_is_asked_three_times_in_its_hour():
    clock, app = FakeClock(), Script(failure(4))
    with transport(app, clock=clock) as connection, pytest.raises(GraphApiError) as caught:
        connection.get("act_1")
    assert caught.value.error_type == "rate_limited"
    # Refused at 0, 5 and 15 minutes: the next call comes when the longest block, an hour, is over.
    assert (len(app.requests), [round(pause, -1) for pause in clock.sleeps]) == (3, [300, 600])
    assert clock.now + caught.value.retry_after_s == pytest.approx(3600)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Business-Use-Case-Usage": "not json"},
        {"X-Business-Use-Case-Usage": '{"1": "x", "2": [3], "4": [{"estimated_time_to_regain_access": null}]}'},
        {"X-App-Usage": "[]", "Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"},
        {"X-Ad-Account-Usage": '{"acc_id_util_pct": 9.67, "reset_time_duration": 100}'},
    ],
)
def test_unreadable_usage_headers_do_no_harm(headers):
    with transport(lambda _: httpx.Response(200, json={"id": "1"}, headers=headers)) as connection:
        assert connection.get("me") == {"id": "1"}
        assert connection.usage.wait_s is None


def test_a_full_account_header_is_a_wait():
    headers = {"X-Ad-Account-Usage": '{"acc_id_util_pct": 100, "reset_time_duration": 100}'}
    with transport(lambda _: httpx.Response(200, json={"id": "1"}, headers=headers)) as connection:
        connection.get("me")
        assert (connection.usage.percent, connection.usage.wait_s) == (100, 100)


def test_the_token_is_a_header_and_the_proof_a_parameter():
    app = Script(ok({"id": "1"}))
    with transport(app, app_secret=SECRET) as connection:
        connection.get("/act_1/", {"fields": "id"})
        connection.post("act_1/insights", {"level": "ad"})
    read, write = app.requests
    assert read.headers["Authorization"] == write.headers["Authorization"] == f"Bearer {TOKEN}"
    assert dict(read.url.params) == {"fields": "id", "appsecret_proof": PROOF}
    assert form(write) == {"level": "ad", "appsecret_proof": PROOF}
    assert not write.url.query
    assert read.url.path == "/v26.0/act_1"


@pytest.mark.parametrize(
    "fault",
    [
        failure(190, message=f"Malformed access token {TOKEN}"),
        raw(500, f"access_token={TOKEN}"),
        httpx.ConnectError(f"cannot reach http://graph.test/?access_token={TOKEN}&appsecret_proof={PROOF}"),
        httpx.LocalProtocolError(f"Illegal header value b'Bearer {TOKEN}'"),
    ],
)
def test_no_credential_is_shown_anywhere(fault, caplog):
    caplog.set_level(logging.DEBUG)
    app = Script(fault)
    with transport(app, app_secret=SECRET) as connection:
        with pytest.raises(GraphApiError) as caught:
            connection.get("act_1/ads", {"limit": "1"})
        shown = repr(connection) + repr(GraphClient(connection))
    trace = "".join(traceback.format_exception(caught.value))
    for text in (shown, trace, caplog.text, str(caught.value), repr(caught.value)):
        for secret in (TOKEN, SECRET, PROOF):
            assert secret not in text
    assert all(TOKEN not in str(request.url) for request in app.requests)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("token", ["", "  \n", "two\nlines-of-token", "tökén-with-accents"])
def test_an_impossible_token_is_refused_before_anything_is_sent(token):
    with pytest.raises(GraphApiError) as caught:
        Transport(BASE, "v26.0", token)
    assert caught.value.error_type == "token_invalid"
    assert not token.strip() or token not in str(caught.value)


def test_an_unreachable_server_is_one_clear_sentence():
    with (
        GraphClient.connect(base_url="http://127.0.0.1:9", token=TOKEN, max_attempts=2, sleep=lambda _: None) as client,
        pytest.raises(GraphApiError) as caught,
    ):
        list(client.ad_accounts())
    assert caught.value.error_type == "network"
    assert "http://127.0.0.1:9" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_address_is_not_retried():
    with (
        GraphClient.connect(base_url="ftp://graph.test", token=TOKEN) as client,
        pytest.raises(GraphApiError) as caught,
    ):
        client.account("1")
    assert (caught.value.error_type, caught.value.attempts) == ("network", 1)
