"""A Graph API of a few lines, a clock that nobody waits for, and transports on them."""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from insights_assets.graph_api import GraphClient, Transport

TOKEN = "EAAB-very-secret-token-0123456789"
SECRET = "app-secret-0123456789abcdef"
BASE = "http://graph.test"

App = Callable[[httpx.Request], httpx.Response]


class FakeClock:
    """Time passes only when someone sleeps."""

    def __init__(self):
        self.now = 0.0
        self.sleeps = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        assert seconds >= 0
        self.sleeps.append(seconds)
        self.now += seconds


class Script:
    """Answers with the given responses in turn; the last one stays. Keeps every request."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []

    def __call__(self, request):
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer


def ok(body):
    return lambda _request: httpx.Response(200, json=body)


def failure(code, subcode=None, status=400, message="a message", headers=None, **more):
    error = {"message": message, "type": "OAuthException", "code": code, **more}
    if subcode is not None:
        error["error_subcode"] = subcode
    return lambda _request: httpx.Response(status, json={"error": error}, headers=headers)


def raw(status, text, headers=None):
    return lambda _request: httpx.Response(status, text=text, headers=headers)


def business_usage(minutes):
    entries = [
        {"type": "ads_management", "call_count": 20, "estimated_time_to_regain_access": 0},
        {"type": "ads_insights", "call_count": 100, "estimated_time_to_regain_access": minutes},
    ]
    return {"X-Business-Use-Case-Usage": json.dumps({"123": entries})}


@contextmanager
def transport(app: App, *, clock=None, **options) -> Iterator[Transport]:
    clock = clock or FakeClock()
    options = {"token": TOKEN, "rng": random.Random(1), "sleep": clock.sleep, "clock": clock} | options
    with httpx.Client(transport=httpx.MockTransport(app)) as client:
        yield Transport(BASE, "v26.0", options.pop("token"), client=client, **options)


@contextmanager
def graph(app: App, *, clock=None, **options) -> Iterator[GraphClient]:
    budget = {"report_budget_s": options.pop("budget_s")} if "budget_s" in options else {}
    with transport(app, clock=clock, **options) as connection, GraphClient(connection, **budget) as client:
        yield client


def form(request):
    return dict(httpx.QueryParams(request.content.decode()))
