"""A small world behind a real socket, and the questions that the tests of the faults ask it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from insights_assets.sandbox import Sandbox, World, running_sandbox

from .conftest import NOW, TOKEN

WEEK = {"since": "2026-11-02", "until": "2026-11-08"}
ALL_STATUSES = ["ACTIVE", "PAUSED", "ARCHIVED", "DELETED"]


def every(level: str) -> str:
    """A filter that keeps entities of any status."""
    return json.dumps([{"field": f"{level}.effective_status", "operator": "IN", "value": ALL_STATUSES}])


EVERY = every("ad")


@dataclass
class Wire:
    """A client of a running simulator."""

    sandbox: Sandbox
    client: httpx.Client

    @property
    def world(self) -> World:
        return self.sandbox.world

    def account(self, index: int = 0) -> str:
        return self.world.accounts[index].id

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.client.get(f"/v26.0/{path}", params=params)

    def question(self, **more: Any) -> dict[str, Any]:
        return {
            "level": "ad",
            "fields": "ad_id,campaign_id,spend,impressions,actions",
            "time_increment": "1",
            "time_range": json.dumps(WEEK),
            "filtering": EVERY,
            **more,
        }

    def start(self, account: str | None = None, **more: Any) -> httpx.Response:
        return self.client.post(f"/v26.0/{account or self.account()}/insights", data=self.question(**more))

    def run(self, account: str | None = None, **more: Any) -> str:
        run_id: str = self.start(account, **more).json()["report_run_id"]
        return run_id

    def rows(self, path: str | None = None, **more: Any) -> list[dict[str, Any]]:
        """All rows of insights at once, or of a run, over all pages."""
        params = {"limit": 500, **(self.question() if path is None else {}), **more}
        answer = self.get(path or f"{self.account()}/insights", **params)
        found: list[dict[str, Any]] = []
        while True:
            assert answer.status_code == 200, answer.text
            found += answer.json()["data"]
            following = answer.json().get("paging", {}).get("next")
            if following is None:
                return found
            answer = self.client.get(following)


@contextmanager
def wire(world: World, *faults: Any, timeout: float = 5.0, **options: Any) -> Iterator[Wire]:
    """A client of a simulator that plays the faults."""
    named = {"now": lambda: NOW, "report_latency_s": 0, **options}
    with (
        running_sandbox(world, faults=faults, **named) as sandbox,
        httpx.Client(base_url=sandbox.url, headers=TOKEN, timeout=timeout, verify=False) as client,  # noqa: S501  plain HTTP
    ):
        yield Wire(sandbox, client)


def error_of(answer: httpx.Response) -> tuple[int, int, int | None]:
    """HTTP status, code and subcode of a refusal."""
    error = answer.json()["error"]
    return answer.status_code, error["code"], error.get("error_subcode")
