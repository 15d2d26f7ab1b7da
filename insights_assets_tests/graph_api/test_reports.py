"""A report run is waited for, repeated and read so that each row comes once."""

import httpx
import pytest

from insights_assets.graph_api import GraphApiError
from insights_assets_tests.graph_api.fakes import FakeClock, Script, business_usage, failure, graph, ok
from insights_assets_tests.graph_api.report_fakes import DONE, SINCE, UNTIL, WHOLE_WEEK, Reports, days, status, week


def test_a_hundred_percent_is_not_completed():
    running = [status("Job Running", 100)] * 9
    clock = FakeClock()
    app = Reports(lambda *_: [status("Job Not Started"), status("Job Started"), *running, DONE])
    assert days(week(app, clock)) == WHOLE_WEEK
    assert app.polls == 12
    # Nothing is known of how long a report takes: each pause is twice the one before, up to 30 s.
    assert clock.sleeps == pytest.approx([0.1 * 2**n for n in range(9)] + [30, 30, 30])


def test_a_client_learns_when_to_look():
    """Reports of one second: the first takes polls to find that out, the others one or two."""
    clock = FakeClock()
    app, begun = Reports(), {}

    def timed(request):
        name = request.url.path.split("/")[2]
        if request.method == "GET" and not request.url.path.endswith("/insights"):
            app.polls += 1
            return httpx.Response(200, json=DONE if clock.now - begun[name] >= 1 else status("Job Running", 50))
        answer = app(request)
        begun.setdefault(list(app.runs)[-1], clock.now)
        return answer

    polls = []
    with graph(timed, clock=clock) as client:
        for _ in range(8):
            before = app.polls
            client.insights("5", level="ad", since=SINCE, until=UNTIL, time_increment=1)
            polls.append(app.polls - before)
    assert polls[0] == 4
    assert sum(polls[1:]) <= 10


@pytest.mark.parametrize(
    "state",
    [status("Job Failed"), status("Job Skipped"), status("Job Failed", error_code=2, error_subcode=1504044)],
)
def test_a_failed_or_skipped_run_is_started_again(state):
    app = Reports(lambda _s, _u, run: [state] if run < 2 else [DONE])
    assert days(week(app)) == WHOLE_WEEK
    assert len(app.runs) == 3


@pytest.mark.parametrize("name", ["Job Failed", "Job Skipped"])
def test_runs_that_keep_failing_end_after_three(name):
    app = Reports(lambda *_: [status(name)])
    with pytest.raises(GraphApiError) as caught:
        week(app)
    assert (len(app.runs), caught.value.attempts) == (3, 3)
    assert "report of act_5 for 2026-09-07 to 2026-09-13" in str(caught.value)


def test_a_run_without_permission_is_not_started_again():
    app = Reports(lambda *_: [status("Job Failed", error_code=200)])
    with pytest.raises(GraphApiError) as caught:
        week(app)
    assert (len(app.runs), caught.value.error_type) == (1, "permission")


@pytest.mark.parametrize(
    ("state", "given_up_s"),
    [(status("Job Not Started"), 300), (status("Job Running", 99), 600), (status("Job Running", 100), 600)],
)
def test_a_run_that_stands_still_is_left_and_started_again(state, given_up_s):
    clock = FakeClock()
    app = Reports(lambda _s, _u, run: [state] if run < 1 else [DONE])
    assert days(week(app, clock)) == WHOLE_WEEK
    assert len(app.runs) == 2
    assert given_up_s <= clock.now <= given_up_s + 60


def test_a_run_that_moves_is_given_its_time_but_no_more():
    clock = FakeClock()
    app = Reports(lambda *_: [status("Job Running", n % 100) for n in range(5000)])
    with pytest.raises(GraphApiError) as caught:
        week(app, clock)
    assert len(app.runs) == 1
    assert 1800 <= clock.now <= 1831
    assert "still 'Job Running' after 18" in str(caught.value)


def test_runs_that_all_stand_still_end():
    clock = FakeClock()
    app = Reports(lambda *_: [status("Job Running", 99)])
    with pytest.raises(GraphApiError) as caught:
        week(app, clock)
    assert (len(app.runs), caught.value.error_type) == (3, "network")
    assert clock.now <= 1900


def test_a_wait_for_a_limit_is_not_taken_from_the_time_of_the_report():
    clock = FakeClock()
    limits = [failure(17, 2446079, headers=business_usage(40))]

    def app(request):
        polled = request.method == "GET" and not request.url.path.endswith("/insights")
        return limits.pop()(request) if polled and limits else inner(request)

    inner = Reports()
    assert days(week(app, clock)) == WHOLE_WEEK
    assert clock.now > 2400
    assert len(inner.runs) == 1


@pytest.mark.parametrize(("early", "unreadable"), [(3, 0), (0, 4), (2, 7)])
def test_a_run_not_yet_visible_or_readable_is_asked_again(early, unreadable):
    app = Reports(early=early, unreadable=unreadable)
    assert days(week(app)) == WHOLE_WEEK
    assert len(app.runs) == 1


def test_a_finished_run_that_stays_unreadable_for_minutes_is_started_again():
    clock = FakeClock()
    app = Reports(unreadable=8)
    assert days(week(app, clock)) == WHOLE_WEEK
    assert len(app.runs) == 2
    assert [pause for pause in clock.sleeps if pause >= 5 and pause == int(pause)] == [5, 10, 20, 40, 60, 60, 60]


def test_a_hiccup_of_a_finished_report_keeps_its_place():
    """Code 100 without a subcode on a page: nothing that was asked can be wrong, so it is asked again, there."""
    asked, hiccups = [], [failure(100)] * 3

    def spoil(_request, start):
        asked.append(start)
        return hiccups.pop() if start == 4 and hiccups else None

    app = Reports(spoil=spoil)
    assert days(week(app)) == WHOLE_WEEK
    assert asked == [0, 4, 4, 4, 4]


def test_rows_that_came_before_a_run_broke_are_not_doubled():
    """The second page of the first run never comes; the run is started again and its first page read twice."""
    app = Reports(spoil=lambda request, start: failure(100) if start == 4 and "/900/" in request.url.path else None)
    assert days(week(app)) == WHOLE_WEEK
    assert len(app.runs) == 2


def test_a_run_that_stays_invisible_is_an_error():
    with pytest.raises(GraphApiError) as caught:
        week(Reports(early=1000))
    assert (caught.value.code, caught.value.subcode) == (100, 33)


def test_a_start_without_a_run_id_is_an_error():
    with pytest.raises(GraphApiError) as caught:
        week(Script(ok({})))
    assert caught.value.error_type == "data"
