"""Requests of a whole year of an account, counted with a clock that nobody waits for."""

from datetime import UTC, date, datetime, timedelta

import httpx
import pytest

from insights_assets.assets.meta_fatigue import FIELDS, WEEK_DAYS
from insights_assets.graph_api import GraphClient
from insights_assets.graph_api.limiter import Limiter
from insights_assets.graph_api.report_memory import RESULT_PAGE, ReportMemory
from insights_assets.sandbox.server import running_sandbox
from insights_assets.sandbox.world import World
from insights_assets_tests.graph_api.fakes import FakeClock, form, graph
from insights_assets_tests.graph_api.report_fakes import span_of

NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
SINCE, UNTIL = date(2025, 11, 17), date(2026, 11, 15)
REPORTS = (("ad", 1), ("ad", 7), ("adset", 7), ("campaign", 7))


class YearOfReports:
    """50 ads, 10 ad sets, 5 campaigns that all deliver every day; pages of at most 500 rows, reports of a second."""

    def __init__(self, clock):
        self.clock, self.runs, self.requests = clock, {}, 0

    def __call__(self, request):
        self.requests += 1
        name, *rest = request.url.path.split("/")[2:]
        if request.method == "POST":
            self.runs[f"7{len(self.runs)}"] = (self.clock(), form(request))
            return httpx.Response(200, json={"report_run_id": f"7{len(self.runs) - 1}"})
        begun, asked = self.runs[name]
        if not rest:
            status = "Job Completed" if self.clock() - begun >= 1 else "Job Running"
            return httpx.Response(200, json={"async_status": status, "async_percent_completion": 50})
        (since, until), step, level = span_of(asked), int(asked["time_increment"]), asked["level"]
        days = [since + timedelta(days=n) for n in range(0, (until - since).days + 1, step)]
        count = {"ad": 50, "adset": 10, "campaign": 5}[level]
        start = int(request.url.params.get("after", 0))
        end = min(start + min(500, int(request.url.params["limit"])), count * len(days))
        rows = [
            {f"{level}_id": str(n % count), "date_start": str(day), "date_stop": str(day + timedelta(days=step - 1))}
            for n in range(start, end)
            for day in [days[n // count]]
        ]
        more = {"next": "http://graph.test/x", "cursors": {"after": str(end)}} if end < count * len(days) else {}
        return httpx.Response(200, json={"data": rows, "paging": more})


def test_a_year_of_fifty_ads_is_one_report_a_level_and_few_polls():
    clock = FakeClock()
    app, counts = YearOfReports(clock), {}
    with graph(app, clock=clock) as client:
        for level, days in REPORTS:
            before = app.requests
            question = {"level": level, "since": SINCE, "until": UNTIL, "time_increment": days}
            rows = client.insights("5", **question)
            counts[level, days] = (len(rows), app.requests - before)
    # One call to start, polls, pages: 4 polls for the first of all, then one or two.
    assert counts["ad", 1] == (18_200, 1 + 4 + 37)
    assert counts["ad", 7][0] == 2600
    assert counts["ad", 7][1] <= 1 + 2 + 6
    assert counts["adset", 7][1] <= 1 + 2 + 2
    assert counts["campaign", 7][1] <= 1 + 2 + 1
    # The entities of such an account are one or two calls an edge.
    assert app.requests + 5 <= 80


@pytest.mark.slow
def test_a_year_of_the_sandbox_takes_at_most_eighty_requests():
    world = World(accounts=1, ads_per_account=(50, 50))
    """As the raw assets do it: a client for each step, which share limits and what reports taught."""
    account, clock, shared = world.accounts[0].id, FakeClock(), {"limiter": Limiter(), "memory": ReportMemory()}
    counts, rows = {}, {}
    with running_sandbox(world, now=lambda: NOW, report_latency_s=1.0, monotonic=clock) as server:

        def step(name, ask):
            with GraphClient.connect(
                base_url=server.url, token=server.token, sleep=clock.sleep, clock=clock, **shared
            ) as client:
                rows[name] = sum(1 for _ in ask(client))
                counts[name] = client.transport.requests

        for edge in ("campaigns", "adsets", "ads", "creatives"):
            step(edge, lambda client, edge=edge: getattr(client, edge)(account))
        for level, days in REPORTS:
            question = {"level": level, "since": SINCE, "until": UNTIL, "time_increment": days}
            step((level, days), lambda client, question=question: client.insights(account, **question))
        label = {"fields": FIELDS, "windows": (), "time_increment": WEEK_DAYS, "at_once": True}
        step("label", lambda client: client.insights(account, level="ad", since=SINCE, until=UNTIL, **label))
        assert len(server.requests) == sum(counts.values())
    pages = {name: -(-count // 500) for name, count in rows.items()}
    assert rows["ad", 1] >= 16_000
    assert sum(counts.values()) <= 80, counts
    # A report is one call to start, its pages, and polls: a few to learn how long one takes, then one or two.
    assert counts["ad", 1] <= 1 + pages["ad", 1] + 4
    assert all(counts[kind] <= 1 + pages[kind] + 2 for kind in REPORTS[1:])
    # Meta's own fatigue label is its pages and nothing else.
    assert counts["label"] == -(-rows["label"] // RESULT_PAGE) == 2


def test_a_small_account_costs_one_call_an_edge():
    small = World(accounts=1, ads_per_account=(3, 4))
    account, clock = small.accounts[0].id, FakeClock()
    with (
        running_sandbox(small, now=lambda: NOW, monotonic=clock) as server,
        GraphClient.connect(base_url=server.url, token=server.token, sleep=clock.sleep, clock=clock) as client,
    ):
        for edge in (client.campaigns, client.adsets, client.ads, client.creatives):
            before = client.transport.requests
            assert list(edge(account))
            assert client.transport.requests == before + 1
