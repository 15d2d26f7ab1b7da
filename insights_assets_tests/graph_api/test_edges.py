"""Edges come whole: a broken creative costs its own story only, and an answer without data is no empty edge."""

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights_assets.graph_api import GraphApiError
from insights_assets_tests.graph_api.fakes import FakeClock, Script, failure, graph, ok

STORY = {"link_data": {"link": "https://example.test"}}


class Library:
    """`total` creatives; a page with a broken one and its story among the fields is refused as a whole."""

    def __init__(self, total, broken, subcode=2446211):
        self.total, self.broken, self.error = total, frozenset(broken), failure(100, subcode)
        self.requests = []

    def __call__(self, request):
        params = request.url.params
        self.requests.append(params)
        start = int(params.get("after", 0))
        page = range(start, min(self.total, start + int(params["limit"])))
        with_story = "object_story_spec" in params["fields"]
        if with_story and self.broken & set(page):
            return self.error(request)
        rows = [{"id": str(n), "video_id": "9", **({"object_story_spec": STORY} if with_story else {})} for n in page]
        more = {"next": "http://graph.test/x", "cursors": {"after": str(page.stop)}} if page.stop < self.total else {}
        return httpx.Response(200, json={"data": rows, "paging": more})


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 130), st.sets(st.integers(0, 129), max_size=4), st.sampled_from([2446211, 1443048]))
def test_a_broken_creative_costs_its_own_story_only(total, broken, subcode):
    app = Library(total, broken, subcode)
    with graph(app) as client:
        creatives = list(client.creatives("1"))
    assert [creative.id for creative in creatives] == [str(n) for n in range(total)]
    marked = {int(creative.id) for creative in creatives if creative.dropped_fields == ("object_story_spec",)}
    assert marked == {n for n in broken if n < total}
    assert all(bool(creative.object_story_spec) != bool(creative.dropped_fields) for creative in creatives)


def test_one_broken_creative_among_a_hundred_costs_two_dozen_calls():
    clock, app = FakeClock(), Library(100, {42})
    with graph(app, clock=clock) as client:
        assert len(list(client.creatives("1"))) == 100
    assert len(app.requests) <= 24
    assert clock.sleeps == []


def test_a_page_that_is_broken_without_the_story_too_is_an_error():
    with graph(Script(failure(100, 2446211))) as client, pytest.raises(GraphApiError) as caught:
        list(client.creatives("1"))
    assert caught.value.subcode == 2446211


def test_the_other_edges_are_not_halved_for_it():
    app = Script(failure(100, 2446211))
    with graph(app) as client, pytest.raises(GraphApiError):
        list(client.ads("1"))
    assert len(app.requests) == 1


@pytest.mark.parametrize("body", [{}, {"success": True}, {"paging": {}}])
def test_an_answer_without_data_is_asked_again_not_taken_for_an_empty_edge(body):
    app = Script(ok(body), ok({"data": [{"id": "1"}]}))
    with graph(app) as client:
        assert [ad.id for ad in client.ads("1")] == ["1"]
    with graph(Script(ok(body))) as client, pytest.raises(GraphApiError) as caught:
        list(client.ads("1"))
    assert caught.value.error_type == "data"
    assert "it has no data" in str(caught.value)
