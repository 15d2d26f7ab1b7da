import socket

import httpx
import pytest

from insights_assets.sandbox import Fault, World, running_sandbox, serve

from .conftest import NOW, TOKEN


def test_it_answers_over_real_http_and_counts_requests(world: World):
    with running_sandbox(world, now=lambda: NOW) as sandbox:
        with httpx.Client(base_url=f"{sandbox.url}/v26.0", headers=TOKEN) as client:
            body = client.get("/me/adaccounts", params={"limit": 4}).json()
            assert len(body["data"]) == 4
            assert len(client.get(body["paging"]["next"]).json()["data"]) == 4
        assert [row[:2] for row in sandbox.requests] == [("GET", "/v26.0/me/adaccounts")] * 2
        port = int(sandbox.url.rsplit(":", 1)[1])
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_faults_play_once_each_in_order(world: World):
    faults = [
        Fault("/me$", status=400, body={"error": {"code": 17}}, headers={"X-App-Usage": '{"call_count":99}'}),
        Fault("/me$", kind="disconnect"),
        Fault("/me$", kind="truncate"),
        Fault("/me$", kind="not_json", status=200),
    ]
    with running_sandbox(world, now=lambda: NOW, faults=faults) as sandbox, httpx.Client(headers=TOKEN) as client:
        url = f"{sandbox.url}/v26.0/me"
        limited = client.get(url)
        assert (limited.status_code, limited.json()["error"]["code"]) == (400, 17)
        assert limited.headers["x-app-usage"] == '{"call_count":99}'
        for _ in range(2):
            with pytest.raises(httpx.TransportError):
                client.get(url)
        page = client.get(url)
        assert page.text.startswith("<html>")
        assert client.get(url).json()["id"]


def test_a_port_in_use_is_an_error_before_the_start(world: World):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError), running_sandbox(world, port=port):
            pass
        with pytest.raises(OSError):
            serve(port)
