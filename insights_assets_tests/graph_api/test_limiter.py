"""Limits: slow down before one, stop at one, and never for the wrong account."""

import json
import threading

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights_assets.graph_api import GraphApiError
from insights_assets.graph_api.errors import classify
from insights_assets.graph_api.limiter import LONGEST_BLOCK_S, Limiter, pace_s
from insights_assets.graph_api.shared_limits import BlockFile
from insights_assets.graph_api.usage import Usage, read_usage
from insights_assets_tests.graph_api.fakes import FakeClock, Script, business_usage, failure, ok, transport

ACCOUNT = {"X-Ad-Account-Usage": '{"acc_id_util_pct": 85, "reset_time_duration": 900}'}


def limited(code=17, subcode=2446079):
    return classify(400, {"error": {"code": code, "error_subcode": subcode, "message": "Zu viele Aufrufe"}})


def answering(headers):
    return lambda _request: httpx.Response(200, json={"id": "1"}, headers=headers)


class Throttled:
    """A server whose account `act_1` (or whole app) refuses every call until an instant; counts calls by account."""

    def __init__(self, clock, until, code=17, subcode=2446079, headers=None):
        self.clock, self.until, self.error = clock, until, failure(code, subcode, headers=headers)
        self.calls, self.inside = [], 0

    def __call__(self, request):
        account = request.url.path.split("/")[2]
        self.calls.append(account)
        if account == "act_1" and self.clock() < self.until:
            self.inside += 1
            return self.error(request)
        return httpx.Response(200, json={"id": account})


@pytest.mark.parametrize(("percent", "wait_s"), [(0, 0), (75, 0), (80, 3.75), (85, 15), (95, 60), (118, 60)])
def test_the_pace_falls_before_the_limit(percent, wait_s):
    assert pace_s(percent) == pytest.approx(wait_s)


@pytest.mark.parametrize("answer", [answering(ACCOUNT), failure(100, headers=ACCOUNT)], ids=["success", "failure"])
def test_an_account_near_its_limit_is_slowed_whatever_the_answer_was(answer):
    clock = FakeClock()
    with transport(answer, clock=clock) as connection:
        for path in ("act_1", "act_2", "act_2", "act_1"):
            try:
                connection.get(path)
            except GraphApiError as error:
                assert error.code == 100  # noqa: PT017
    # The first call about each account knows nothing; each next one waits for its own account only.
    assert clock.sleeps == [15.0]


def test_pacing_is_no_block_however_short_the_budget():
    clock = FakeClock()
    with transport(answering(ACCOUNT), clock=clock, max_wait_s=0) as connection:
        for _ in range(3):
            connection.get("act_1")
    assert clock.sleeps == [15.0, 15.0]


def test_an_app_near_its_limit_slows_every_account():
    clock = FakeClock()
    headers = {"X-App-Usage": '{"call_count": 12, "total_time": 85, "total_cputime": 4}'}
    with transport(answering(headers), clock=clock) as connection:
        for path in ("act_1", "act_2", "me/adaccounts"):
            connection.get(path)
    assert clock.sleeps == [15.0, 15.0]


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"X-Ad-Account-Usage": '{"acc_id_util_pct": 96.5, "reset_time_duration": 900}'}, 900),
        ({"X-FB-Ads-Insights-Throttle": '{"app_id_util_pct": 0, "acc_id_util_pct": 97}'}, 300),
        (business_usage(7), 420),
    ],
)
def test_a_full_account_waits_for_its_reset_after_a_success_too(headers, wait_s):
    clock = FakeClock()
    with transport(Script(answering(headers), ok({"id": "1"})), clock=clock) as connection:
        connection.get("act_1")
        connection.get("act_2")
        assert clock.sleeps == []
        connection.get("act_1")
    assert clock.sleeps == [pytest.approx(wait_s, abs=1)]


def test_a_blocked_account_gets_three_calls_in_its_hour_and_the_others_full_speed():
    clock = FakeClock()
    app = Throttled(clock, until=3600)
    limiter = Limiter()
    with transport(app, clock=clock, limiter=limiter, max_wait_s=7200) as connection:
        for step in ("campaigns", "adsets", "ads", "insights"):
            with pytest.raises(GraphApiError) as caught:
                connection.get(f"act_1/{step}")
            assert (caught.value.error_type, caught.value.code, caught.value.subcode) == ("rate_limited", 17, 2446079)
            assert clock.now + caught.value.retry_after_s >= 3600
            before = clock.now
            connection.get("act_2/ads")
            assert clock.now == before
    assert app.inside == 3
    assert app.calls.count("act_1") == 3


@given(st.integers(1, 3600), st.one_of(st.none(), st.integers(1, 90)), st.sampled_from([0, 60, 1800, 3600, 9999]))
def test_no_block_of_up_to_an_hour_is_called_more_than_three_times(length, header, budget):
    clock = FakeClock()
    app = Throttled(clock, length, headers=None if header is None else business_usage(header))
    limiter = Limiter()
    with transport(app, clock=clock, limiter=limiter, max_wait_s=budget) as connection:
        for _ in range(12):
            try:
                connection.get("act_1/ads")
            except GraphApiError as error:
                # What a sensor does: come back when told.
                clock.now += error.retry_after_s
    assert app.inside <= 3
    assert app.calls[-1] == "act_1"
    assert clock.now >= length


def test_a_known_block_fails_the_next_steps_without_a_call():
    clock, app, limiter = FakeClock(), Script(failure(17, 2446079, headers=business_usage(90))), Limiter()
    for elapsed in (0, 100):
        clock.now = elapsed
        # Another step has its own transport; the limits are the token's.
        with transport(app, clock=clock, limiter=limiter) as connection, pytest.raises(GraphApiError) as caught:
            connection.get("act_1/ads")
        assert caught.value.retry_after_s == pytest.approx(5400 - elapsed)
    assert (len(app.requests), clock.sleeps) == (1, [])
    assert "act_1" in str(caught.value)
    assert caught.value.alert == "rate_limited"


def test_a_block_that_ends_is_forgotten():
    clock = FakeClock()
    app = Throttled(clock, until=500)
    with transport(app, clock=clock) as connection:
        connection.get("act_1")
        app.until = clock.now + 500
        connection.get("act_1")
    # Twice refused once and let through at the second call: the second block starts to count anew.
    assert [round(pause, -1) for pause in clock.sleeps] == [600, 600]


@pytest.mark.parametrize(("code", "subcode"), [(4, None), (17, None)])
def test_the_limit_of_the_app_stops_every_account_of_the_token(code, subcode):
    limiter = Limiter()
    limiter.refused("act_1", limited(code, subcode), Usage(), 0.0)
    assert limiter.turn("act_2", 10.0, 3600).wait_s == 290
    assert limiter.turn("act_2", 10.0, 60).refusal.retry_after_s == 290
    assert Limiter().turn("act_2", 10.0, 60).refusal is None


def test_an_answer_to_a_call_sent_before_the_block_does_not_end_it():
    limiter = Limiter()
    early = limiter.turn("act_1", 99.0, 3600)
    limiter.refused("act_1", limited(), Usage(), 100.0)
    limiter.answered("act_1", Usage(), 101.0, turn=early)
    late = limiter.turn("act_1", 101.0, 3600)
    assert late.wait_s == 599
    limiter.answered("act_1", Usage(), 701.0, turn=late)
    assert limiter.turn("act_1", 702.0, 3600).wait_s == 0


def test_a_clock_that_is_set_back_makes_no_wait_longer():
    """Steps of a replay all begin at the same instant; another replay begins long before."""
    limiter = Limiter()
    limiter.refused("act_1", limited(), Usage(app_percent=85), 10_000.0)
    assert limiter.turn("act_1", 9_500.0, 3600).wait_s == 600
    assert limiter.turn("act_1", 5.0, 3600).wait_s == 0
    assert limiter.turn("act_2", 5.0, 3600).pace_s == pytest.approx(15)


def test_a_block_met_hours_later_is_a_new_one():
    limiter = Limiter()
    limiter.refused("act_1", limited(), Usage(), 0.0)
    assert limiter.refused("act_1", limited(), Usage(), LONGEST_BLOCK_S + 1) == 600


def test_headers_are_read_by_scope():
    headers = {
        **business_usage(3),
        "X-App-Usage": '{"call_count": 41, "total_time": 3, "total_cputime": 7}',
        "X-Ad-Account-Usage": '{"acc_id_util_pct": 55, "reset_time_duration": 900}',
        "X-FB-Ads-Insights-Throttle": '{"app_id_util_pct": 43, "acc_id_util_pct": 60}',
    }
    usage = read_usage(httpx.Headers(headers))
    assert usage == Usage(app_percent=43, account_percent=100, account_wait_s=180)
    assert (usage.percent, usage.wait_s) == (100, 180)


def test_processes_tell_each_other_of_a_blocked_app(tmp_path):
    path = tmp_path / "limits" / "app.json"
    first, second = Limiter(BlockFile(path)), Limiter(BlockFile(path))
    first.refused("act_1", limited(), Usage(), 1000.0)
    assert not path.exists()
    first.refused("act_1", limited(4, None), Usage(), 1000.0)
    assert second.turn("act_2", 1010.0, 3600).wait_s == 290
    assert second.turn("act_2", 1010.0, 10).refusal.code == 4
    second.answered("act_2", Usage(), 1302.0, turn=second.turn("act_2", 1301.0, 3600))
    assert not path.exists()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"until": 5}'])
def test_a_broken_file_of_limits_stops_nothing(tmp_path, content):
    path = tmp_path / "app.json"
    path.write_text(content)
    assert Limiter(BlockFile(path)).turn("act_1", 0.0, 10).refusal is None


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path):
    (tmp_path / "limits").write_text("a file where the folder should be")
    Limiter(BlockFile(tmp_path / "limits" / "app.json")).refused("act_1", limited(4, None), Usage(), 0.0)


def test_many_threads_share_one_limiter():
    limiter = Limiter()

    def work(name):
        for n in range(200):
            turn = limiter.turn(name, float(n), 60)
            assert turn.refusal is None
            limiter.answered(name, Usage(account_percent=80), float(n), turn=turn)

    threads = [threading.Thread(target=work, args=(f"act_{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert limiter.turn("act_3", 199.0, 60).pace_s == pytest.approx(3.75)


def test_the_file_of_limits_holds_no_credential(tmp_path):
    body = {"error": {"code": 4, "message": "app access_token=EAAB-secret-in-a-message is at its limit"}}
    path = tmp_path / "app.json"
    Limiter(BlockFile(path)).refused("act_1", classify(400, body), Usage(), 0.0)
    assert json.loads(path.read_text())["code"] == 4
    assert "EAAB-secret" not in path.read_text()
