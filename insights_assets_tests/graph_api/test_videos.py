"""Urls of videos: the library first, the rest by id; what may not be read costs its own urls alone."""

import httpx
import pytest

from insights_assets.graph_api import GraphApiError
from insights_assets.graph_api.videos import IDS, MAX_REFUSALS, VideoUrls, video_urls
from insights_assets_tests.graph_api.fakes import Script, failure, graph, ok


def urls(one):
    return VideoUrls(f"http://x.test/{one}.mp4", f"http://x.test/{one}.jpg")


def node(one):
    return {"id": one, "source": urls(one).source, "picture": urls(one).picture}


class Videos:
    """An empty library, and `?ids=` that refuses as a whole what holds an id of `bad`, naming it or not."""

    def __init__(self, *bad, code=803, subcode=None, named=True):
        self.bad, self.code, self.subcode, self.named, self.asked = set(bad), code, subcode, named, []

    def __call__(self, request):
        if request.url.path.endswith("/advideos"):
            return httpx.Response(200, json={"data": []})
        ids = request.url.params["ids"].split(",")
        self.asked.append(ids)
        refused = [one for one in ids if one in self.bad]
        if refused:
            told = refused[0] if self.named else "something"
            return failure(self.code, self.subcode, message=f"(#{self.code}) not there: {told}")(request)
        return httpx.Response(200, json={one: node(one) for one in ids})


def read(app, *wanted):
    with graph(app) as client:
        return video_urls(client.transport, "act_1", wanted)


def test_every_page_is_read_until_all_are_found_and_others_are_left_out():
    first, last = (
        ok({"data": rows, "paging": {"next": "http://graph.test/x", "cursors": {"after": after}}})
        for rows, after in (
            ([node("1"), {"id": "2"}, node("5")], "3"),
            ([node("3"), {"id": "4", "source": None}], "5"),
        )
    )
    app = Script(first, last)
    found = read(app, "1", "2", "3", "4")
    assert found == {"1": urls("1"), "2": VideoUrls(None, None), "3": urls("3"), "4": VideoUrls(None, None)}
    assert [request.url.path.rpartition("/")[2] for request in app.requests] == ["advideos", "advideos"]
    assert app.requests[0].url.params["fields"] == "id,source,picture"


def test_nothing_is_asked_without_videos_or_with_what_is_no_id():
    app = Script(ok({"data": []}))
    assert read(app) == read(app, "me", "1,2", "", "²") == {}
    assert app.requests == []


def test_what_the_library_lacks_is_asked_for_by_id_fifty_at_a_time():
    app = Videos()
    wanted = [str(n) for n in range(1000, 1000 + 2 * IDS + 1)]
    assert read(app, *wanted) == {one: urls(one) for one in wanted}
    assert [len(ids) for ids in app.asked] == [IDS, IDS, 1]


@pytest.mark.parametrize(("code", "subcode"), [(803, None), (100, 33), (10, None), (100, None), (3, None)])
def test_a_refused_video_that_is_named_costs_one_request_more(code, subcode):
    app = Videos("12", code=code, subcode=subcode)
    assert read(app, "11", "12", "13") == {"11": urls("11"), "13": urls("13")}
    assert app.asked == [["11", "12", "13"], ["11", "13"]]


@pytest.mark.parametrize("code", [10, 1])
def test_a_refused_video_that_is_not_named_is_found_by_halving(code):
    wanted = [str(n) for n in range(100, 100 + IDS)]
    app = Videos("117", code=code, named=False)
    assert read(app, *wanted) == {one: urls(one) for one in wanted if one != "117"}
    # 50, 25, 12, 6, 3, 2 and the one itself, which is tried again where the error is one of a moment.
    assert len({tuple(ids) for ids in app.asked if "117" in ids}) <= 7


def test_an_account_of_refused_videos_costs_a_few_requests():
    wanted = [str(n) for n in range(100, 200)]
    app = Videos(*wanted[:90])
    found = read(app, *wanted)
    assert set(found) <= set(wanted[90:])
    assert sum(any(one in app.bad for one in ids) for ids in app.asked) == MAX_REFUSALS


def test_an_answer_that_leaves_videos_out_leaves_them_without_urls():
    app = Script(ok({"data": []}), ok({"1": node("1"), "2": None, "9": node("9"), "3": {"id": "3", "source": 5}}))
    assert read(app, "1", "2", "3") == {"1": urls("1"), "3": VideoUrls(None, None)}


@pytest.mark.parametrize("code", [10, 200])
def test_without_the_permission_there_are_no_urls_and_a_warning(code, caplog):
    app = Script(failure(code, status=403))
    assert read(app, "1") == {}
    assert len(app.requests) == 1
    assert "creatives have no video urls" in caplog.text


@pytest.mark.parametrize("answers", [(), (ok({"data": []}),)])
def test_a_token_that_is_over_is_a_failure_of_the_step(answers):
    with pytest.raises(GraphApiError) as caught:
        read(Script(*answers, failure(190, 463)), "1")
    assert caught.value.error_type == "token_invalid"


def test_no_url_is_told_in_an_error_or_a_log(caplog):
    caplog.set_level("DEBUG")
    signed = "http://x.test/1.mp4?oh=00_secret&oe=69CB0E80"
    app = Script(ok({"data": [{"id": "1", "source": signed}]}), failure(10), failure(190, 463))
    with pytest.raises(GraphApiError) as caught:
        read(app, "1", "2", "3")
    assert "00_secret" not in str(caught.value)
    assert "00_secret" not in caplog.text
