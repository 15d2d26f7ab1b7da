"""Sources of videos: every page, those that there are; a library that may not be read costs the urls alone."""

import pytest

from insights_assets.graph_api import GraphApiError
from insights_assets.graph_api.videos import video_sources
from insights_assets_tests.graph_api.fakes import Script, failure, graph, ok


def test_every_page_is_read_and_a_video_without_a_source_is_left_out():
    more = {"next": "http://graph.test/x", "cursors": {"after": "2"}}
    first = ok({"data": [{"id": "1", "source": "http://x.test/1.mp4"}, {"id": "2"}], "paging": more})
    app = Script(first, ok({"data": [{"id": "3", "source": "http://x.test/3.mp4"}, {"id": "4", "source": None}]}))
    with graph(app) as client:
        found = video_sources(client.transport, "act_1")
    assert found == {"1": "http://x.test/1.mp4", "3": "http://x.test/3.mp4"}
    assert [request.url.path.rpartition("/")[2] for request in app.requests] == ["advideos", "advideos"]
    assert app.requests[0].url.params["fields"] == "id,source"


@pytest.mark.parametrize("code", [10, 200])
def test_without_the_permission_there_are_no_urls_and_a_warning(code, caplog):
    with graph(Script(failure(code, status=403))) as client:
        assert video_sources(client.transport, "act_1") == {}
    assert "creatives have no video urls" in caplog.text


def test_any_other_failure_is_one_of_the_step():
    with graph(Script(failure(190, 463))) as client, pytest.raises(GraphApiError) as caught:
        video_sources(client.transport, "act_1")
    assert caught.value.error_type == "token_invalid"
