import json
from datetime import date, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights_assets.graph_api import GraphApiError
from insights_assets.graph_api.questions import ALL_STATUSES
from insights_assets.graph_api.reports import Period
from insights_assets_tests.graph_api.fakes import FakeClock, Script, failure, form, graph, ok

DONE = {"async_status": "Job Completed", "async_percent_completion": 100}
SINCE, UNTIL = date(2026, 9, 7), date(2026, 9, 13)


def status(name, percent=0, **more):
    return {"async_status": name, "async_percent_completion": percent, **more}


class Reports:
    """Report runs: `states` says what each run answers to its polls, by its period; one row per day."""

    def __init__(self, states=lambda _since, _until, _run: [DONE], early=0, unreadable=0):
        self.states, self.early, self.unreadable = states, early, unreadable
        self.runs, self.forms, self.polls = {}, [], 0

    def __call__(self, request):
        if request.method == "POST":
            asked = form(request)
            self.forms.append(asked)
            span = json.loads(asked["time_range"])
            run_id = str(900 + len(self.runs))
            since, until = date.fromisoformat(span["since"]), date.fromisoformat(span["until"])
            self.runs[run_id] = (since, until, list(self.states(since, until, len(self.runs))))
            return httpx.Response(200, json={"report_run_id": run_id})
        run_id = request.url.path.split("/")[2]
        since, until, states = self.runs[run_id]
        if request.url.path.endswith("/insights"):
            self.unreadable -= 1
            return failure(2601, 1815107)(request) if self.unreadable >= 0 else self._rows(since, until)
        self.polls += 1
        if self.polls <= self.early:
            return failure(100, 33)(request)
        return httpx.Response(200, json=states.pop(0) if len(states) > 1 else states[0])

    def _rows(self, since, until):
        days = [str(since + timedelta(days=n)) for n in range((until - since).days + 1)]
        rows = [{"ad_id": "1", "account_id": "5", "date_start": day, "date_stop": day, "spend": "1.10"} for day in days]
        return httpx.Response(200, json={"data": rows})


def week(app, clock=None, **options):
    with graph(app, clock=clock or FakeClock(), **options) as client:
        return client.insights("5", level="ad", since=SINCE, until=UNTIL, time_increment=1)


def days(rows):
    return [row.date_start for row in rows]


WHOLE_WEEK = [SINCE + timedelta(days=n) for n in range(7)]


def test_a_report_asks_for_every_status_and_only_live_windows():
    app = Reports()
    assert days(week(app)) == WHOLE_WEEK
    asked = app.forms[0]
    assert json.loads(asked["filtering"]) == [
        {"field": "ad.effective_status", "operator": "IN", "value": list(ALL_STATUSES)},
    ]
    assert json.loads(asked["action_attribution_windows"]) == ["1d_click", "7d_click", "28d_click", "1d_view"]
    assert (asked["level"], asked["time_increment"]) == ("ad", "1")


def test_a_hundred_percent_is_not_completed():
    running = [status("Job Running", 100)] * 12
    clock = FakeClock()
    app = Reports(lambda *_: [status("Job Not Started"), status("Job Started"), *running, DONE])
    assert days(week(app, clock)) == WHOLE_WEEK
    assert app.polls == 15
    assert clock.sleeps == sorted(clock.sleeps)
    assert (clock.sleeps[0], max(clock.sleeps)) == (0.2, 10.0)


def test_a_report_too_large_is_split_down_to_days_and_joined_in_order():
    def states(since, until, _run):
        return [status("Job Failed", error_code=2, error_subcode=1504038)] if until > since else [DONE]

    app = Reports(states)
    assert days(week(app)) == WHOLE_WEEK
    assert len(app.runs) == 13


def test_one_day_too_large_fails_with_its_subcode():
    with pytest.raises(GraphApiError) as caught:
        week(Reports(lambda *_: [status("Job Failed", error_code=2, error_subcode=1504038)]))
    assert (caught.value.error_type, caught.value.subcode) == ("data", 1504038)


def test_a_request_refused_as_too_large_is_split():
    inner = Reports()

    def app(request):
        if request.method == "POST":
            span = json.loads(form(request)["time_range"])
            if span["since"] != span["until"]:
                return failure(100, 1487534)(request)
        return inner(request)

    assert days(week(app)) == WHOLE_WEEK


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


def test_a_run_that_never_ends_is_given_up_in_time():
    clock = FakeClock()
    with pytest.raises(GraphApiError) as caught:
        week(Reports(lambda *_: [status("Job Running", 99)]), clock)
    assert 1800 <= clock.now <= 1811
    assert "1800 s" in str(caught.value)


@pytest.mark.parametrize(("early", "unreadable"), [(3, 0), (0, 4), (2, 12)])
def test_a_run_not_yet_visible_or_readable_is_asked_again(early, unreadable):
    app = Reports(early=early, unreadable=unreadable)
    assert days(week(app)) == WHOLE_WEEK
    assert len(app.runs) == 1


def test_a_run_that_stays_invisible_is_an_error():
    with pytest.raises(GraphApiError) as caught:
        week(Reports(early=1000))
    assert (caught.value.code, caught.value.subcode) == (100, 33)


def test_a_start_without_a_run_id_is_an_error():
    with pytest.raises(GraphApiError) as caught:
        week(Script(ok({})))
    assert caught.value.error_type == "data"


@given(st.dates(date(2024, 1, 1), date(2026, 1, 1)), st.integers(0, 60), st.sampled_from([1, 7]))
def test_halves_cover_the_period_and_keep_whole_increments(since, length, step):
    period = Period(since, since + timedelta(days=length))
    halves = period.halves(step)
    if halves is None:
        assert length + 1 <= step
        return
    left, right = halves
    assert (left.since, right.until) == (period.since, period.until)
    assert right.since - left.until == timedelta(days=1)
    assert (right.since - left.since).days % step == 0


@pytest.mark.parametrize(("level", "absent"), [("campaign", "ad_id"), ("adset", "ad_name"), ("account", "campaign_id")])
def test_fields_below_the_level_are_not_asked_for(level, absent):
    app = Script(ok({"data": []}))
    with graph(app) as client:
        assert client.insights_sync("act_5", level=level, since=SINCE, until=UNTIL, time_increment=7) == []
    params = app.requests[0].url.params
    fields = params["fields"].split(",")
    assert absent not in fields
    assert "quality_ranking" not in fields
    assert "spend" in fields
    assert ("filtering" in params) == (level != "account")
    assert app.requests[0].url.path == "/v26.0/act_5/insights"
