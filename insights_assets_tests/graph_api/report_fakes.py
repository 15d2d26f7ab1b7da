"""A server of report runs, and the question that most tests ask of it."""

import json
from datetime import date, timedelta

import httpx

from insights_assets_tests.graph_api.fakes import FakeClock, failure, form, graph, ok

DONE = {"async_status": "Job Completed", "async_percent_completion": 100}
SINCE, UNTIL = date(2026, 9, 7), date(2026, 9, 13)


def status(name, percent=0, **more):
    return {"async_status": name, "async_percent_completion": percent, **more}


class Reports:
    """Report runs: `states` says what each run answers to its polls, by its period; one row per ad and day.

    `refuse` is asked with the form of each new run and may give the answer instead; `ads` is the account's list.
    """

    def __init__(
        self,
        states=lambda _since, _until, _run: [DONE],
        early=0,
        unreadable=0,
        *,
        ads=("1",),
        refuse=lambda _: None,
        spoil=None,
    ):
        self.states, self.early, self.unreadable = states, early, unreadable
        self.ads, self.refuse, self.spoil = ads, refuse, spoil
        self.runs, self.forms, self.polls, self.listings = {}, [], 0, 0

    def __call__(self, request):
        parts = request.url.path.split("/")[2:]
        if request.method == "POST":
            return self._start(request, form(request))
        if parts == ["act_5", "ads"]:
            self.listings += 1
            return httpx.Response(200, json={"data": [{"id": ad} for ad in self.ads]})
        if parts == ["act_5", "insights"]:
            asked = dict(request.url.params)
            return (self.refuse(asked) or ok({"data": self._rows(asked)}))(request)
        asked, states = self.runs[parts[0]]
        return self._page(request, self._rows(asked)) if parts[1:] == ["insights"] else self._state(request, states)

    def _state(self, request, states):
        self.polls += 1
        if self.polls <= self.early:
            return failure(100, 33)(request)
        return httpx.Response(200, json=states.pop(0) if len(states) > 1 else states[0])

    def _start(self, request, asked):
        self.forms.append(asked)
        refusal = self.refuse(asked)
        if refusal:
            return refusal(request)
        run_id = str(900 + len(self.runs))
        self.runs[run_id] = asked, list(self.states(*span_of(asked), len(self.runs)))
        return httpx.Response(200, json={"report_run_id": run_id})

    def _rows(self, asked):
        since, until = span_of(asked)
        days = [str(since + timedelta(days=n)) for n in range((until - since).days + 1)]
        ads = ids_of(asked) or self.ads
        row = {"account_id": "5", "spend": "1.10"}
        return [{**row, "ad_id": ad, "date_start": day, "date_stop": day} for day in days for ad in ads]

    def _page(self, request, rows):
        """Pages of 4 rows, so that a report of a week has two; `spoil` may answer instead of a page."""
        self.unreadable -= 1
        if self.unreadable >= 0:
            return failure(2601, 1815107)(request)
        start = int(request.url.params.get("after", 0))
        spoilt = self.spoil and self.spoil(request, start)
        if spoilt:
            return spoilt(request)
        end = start + min(4, int(request.url.params["limit"]))
        more = {"next": "http://graph.test/x", "cursors": {"after": str(end)}} if end < len(rows) else {}
        return httpx.Response(200, json={"data": rows[start:end], "paging": more})


def span_of(asked):
    span = json.loads(asked["time_range"])
    return date.fromisoformat(span["since"]), date.fromisoformat(span["until"])


def ids_of(asked):
    return next((f["value"] for f in json.loads(asked["filtering"]) if f["field"] == "ad.id"), None)


def week(app, clock=None, **options):
    with graph(app, clock=clock or FakeClock(), **options) as client:
        return client.insights("5", level="ad", since=SINCE, until=UNTIL, time_increment=1)


def days(rows):
    return [row.date_start for row in rows]


WHOLE_WEEK = [SINCE + timedelta(days=n) for n in range(7)]
