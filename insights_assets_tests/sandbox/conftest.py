import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from insights_assets.sandbox import World, create_app

NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
TOKEN = {"Authorization": "Bearer sandbox-token"}


class _InProcess(httpx.BaseTransport):
    """Calls the application directly; only the tests of the server itself need a socket."""

    def __init__(self, app: Any) -> None:
        self.inner = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def run() -> httpx.Response:
            answer = await self.inner.handle_async_request(request)
            return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

        return asyncio.run(run())


class AppClient(httpx.Client):
    def __init__(self, app: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(transport=_InProcess(app), base_url="http://sandbox", headers=headers)


@pytest.fixture(scope="session")
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def client(world: World) -> AppClient:
    return AppClient(create_app(world, now=lambda: NOW, report_latency_s=0), headers=TOKEN)


def all_pages(client: httpx.Client, path: str, **params: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    answer = client.get(path, params=params)
    while True:
        assert answer.status_code == 200, answer.text
        body = answer.json()
        rows += body["data"]
        following = body.get("paging", {}).get("next")
        if following is None:
            return rows
        answer = client.get(following)
