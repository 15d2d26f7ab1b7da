"""What a report asks for, and how it asks for less."""

import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights_assets.graph_api import GraphApiError
from insights_assets.graph_api.periods import Period, oldest_day
from insights_assets.graph_api.questions import ALL_STATUSES
from insights_assets_tests.graph_api.fakes import Script, failure, form, graph, ok
from insights_assets_tests.graph_api.report_fakes import (
    DONE,
    SINCE,
    UNTIL,
    WHOLE_WEEK,
    Reports,
    days,
    ids_of,
    span_of,
    status,
    week,
)


def test_a_report_asks_for_every_status_and_only_live_windows():
    app = Reports()
    assert days(week(app)) == WHOLE_WEEK
    asked = app.forms[0]
    assert json.loads(asked["filtering"]) == [
        {"field": "ad.effective_status", "operator": "IN", "value": list(ALL_STATUSES)},
    ]
    assert json.loads(asked["action_attribution_windows"]) == ["1d_click", "7d_click", "28d_click", "1d_view"]
    assert (asked["level"], asked["time_increment"]) == ("ad", "1")


def test_a_report_too_large_is_split_down_to_days_and_joined_in_order():
    def states(since, until, _run):
        return [status("Job Failed", error_code=2, error_subcode=1504038)] if until > since else [DONE]

    app = Reports(states)
    assert days(week(app)) == WHOLE_WEEK
    assert len(app.runs) == 13


def test_one_day_too_large_is_split_by_entities_then_asked_with_fewer_fields():
    """The server refuses more than one day, more than one ad, and video fields of ad 3."""

    def refuse(asked):
        since, until = span_of(asked)
        ids = ids_of(asked) or ["1", "2", "3", "4", "5"]
        large = until > since or len(ids) > 1 or (ids == ["3"] and "video_play_actions" in asked["fields"])
        return failure(100, 1487534) if large else None

    app = Reports(ads=("1", "2", "3", "4", "5"), refuse=refuse)
    rows = week(app, budget_s=9999)
    assert sorted((row.date_start, row.ad_id) for row in rows) == [
        (d, str(ad)) for d in WHOLE_WEEK for ad in range(1, 6)
    ]
    assert {row.ad_id for row in rows if row.dropped_fields} == {"3"}
    dropped = next(row.dropped_fields for row in rows if row.dropped_fields)
    assert all(name.startswith("video_") for name in dropped)
    assert len(dropped) == 8


def test_fields_are_dropped_in_their_order_and_one_day_of_one_ad_fails_in_the_end():
    app = Reports(refuse=lambda _: failure(100, 1487534))
    with pytest.raises(GraphApiError) as caught, graph(app) as client:
        client.insights("5", level="ad", since=SINCE, until=SINCE, time_increment=1)
    assert (caught.value.error_type, caught.value.subcode) == ("data", 1487534)
    assert ["video_play_actions" in f["fields"] for f in app.forms] == [True, False, False, False]
    assert ["action_attribution_windows" in f for f in app.forms] == [True, True, False, False]
    assert ["outbound_clicks" in f["fields"] for f in app.forms] == [True, True, True, False]


def test_a_split_by_entities_that_finds_none_is_an_error_not_an_empty_day():
    app = Reports(lambda *_: [status("Job Failed", error_code=2, error_subcode=1504038)], ads=())
    with pytest.raises(GraphApiError) as caught:
        week(app)
    assert caught.value.error_type == "data"
    assert "lists no entity" in str(caught.value)


def test_the_caller_can_name_the_entities():
    def refuse(asked):
        return None if ids_of(asked) else failure(100, 1487534)

    app = Reports(refuse=refuse)
    with graph(app) as client:
        rows = client.insights(
            *("5",), level="ad", since=SINCE, until=SINCE, time_increment=1, entity_ids=lambda: ["7", "8", "9"]
        )
    assert {row.ad_id for row in rows} == {"7", "8", "9"}
    assert app.listings == 0


def test_an_error_500_that_may_mean_too_much_data_is_split_after_its_retries():
    app = Reports(refuse=lambda asked: failure(1, status=500) if len(set(span_of(asked))) > 1 else None)
    assert days(week(app, max_attempts=2)) == WHOLE_WEEK
    assert len(app.forms) == 2 * 6 + 7


def test_a_service_that_stays_down_ends_in_bounded_calls():
    app = Script(failure(1, status=500))
    with pytest.raises(GraphApiError):
        week(app)
    assert len(app.requests) <= 60


def test_a_field_that_the_account_cannot_report_is_dropped_marked_and_remembered(caplog):
    bad = {"conversion_rate_ranking", "outbound_clicks"}

    def refuse(asked):
        return failure(100) if bad & set(asked["fields"].split(",")) else None

    app = Reports(refuse=refuse)
    with graph(app) as client:
        rows = client.insights("5", level="ad", since=SINCE, until=UNTIL, time_increment=1)
        probes = client.transport.requests
        again = client.insights("5", level="ad", since=SINCE, until=UNTIL, time_increment=1)
        assert client.transport.requests - probes <= 5
    assert days(rows) == days(again) == WHOLE_WEEK
    assert {row.dropped_fields for row in rows + again} == {("conversion_rate_ranking", "outbound_clicks")}
    assert probes <= 25
    assert "cannot be reported" in caplog.text


@pytest.mark.parametrize(("code", "calls"), [(100, 2), (200, 1), (190, 1)])
def test_a_question_that_is_wrong_as_a_whole_costs_one_more_call_at_most(code, calls):
    app = Script(failure(code))
    with pytest.raises(GraphApiError) as caught:
        week(app)
    assert (caught.value.code, len(app.requests)) == (code, calls)


def test_a_request_refused_as_too_large_is_split():
    inner = Reports()

    def app(request):
        if request.method == "POST":
            span = json.loads(form(request)["time_range"])
            if span["since"] != span["until"]:
                return failure(100, 1487534)(request)
        return inner(request)

    assert days(week(app)) == WHOLE_WEEK


def test_a_larger_page_than_the_server_takes_is_found_out_once():
    sizes = []

    def spoil(request, _start):
        sizes.append(int(request.url.params["limit"]))
        return failure(1, status=500) if sizes[-1] > 2 else None

    app = Reports(spoil=spoil)
    with graph(app) as client:
        for _ in range(3):
            rows = client.insights("5", level="ad", since=SINCE, until=UNTIL, time_increment=1)
            assert days(rows) == WHOLE_WEEK
    # 2000 halved down to 1, grown to 2 or less twice; the later reports begin with what came.
    assert sum(size > 2 for size in sizes) <= 12
    assert len(sizes) <= 30


def test_days_that_meta_no_longer_keeps_are_not_asked_for():
    today = date(2026, 11, 21)
    app = Reports()
    with graph(app) as client:
        question = {"level": "ad", "until": date(2023, 10, 29), "today": today}
        client.insights("5", since=date(2023, 10, 1), time_increment=1, **question)
        client.insights("5", since=date(2023, 10, 2), time_increment=7, **question)
        assert [span_of(asked)[0] for asked in app.forms] == [date(2023, 10, 22), date(2023, 10, 23)]
        with pytest.raises(GraphApiError) as caught:
            client.insights("5", level="ad", since=SINCE, until=UNTIL, time_increment=1, today=date(2030, 1, 1))
    assert (caught.value.code, caught.value.error_type, len(app.forms)) == (3018, "data", 2)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_the_oldest_day_is_never_before_the_same_day_37_months_ago(today):
    oldest = oldest_day(today)
    months = (today.year - oldest.year) * 12 + today.month - oldest.month
    assert months in (36, 37)
    # At most the length of the month and a day are given away.
    assert 1123 - 5 <= (today - oldest).days <= 1127


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
        assert client.insights("act_5", level=level, since=SINCE, until=UNTIL, time_increment=7, at_once=True) == []
    params = app.requests[0].url.params
    fields = params["fields"].split(",")
    assert absent not in fields
    assert "quality_ranking" not in fields
    assert "spend" in fields
    assert ("filtering" in params) == (level != "account")
    assert app.requests[0].url.path == "/v26.0/act_5/insights"
