"""Runs by hand: started once, named, followed; the first answer of an account that was never read."""

import json
from datetime import date, timedelta
from uuid import uuid4

import dagster as dg
import pytest

from insights_assets.api.live import LiveReader
from insights_assets.api.triggers import EVERYTHING, TRIGGERS, Order, steps_of, weeks_of
from insights_assets.lake.locking import AccountLocks
from insights_assets.problems import InputError
from insights_assets.tables.registry import TABLES
from insights_assets_tests.api.fleet_of_two import NOW, build
from insights_assets_tests.api.served import Starter, key, make_app, running, settings_of
from insights_assets_tests.tables.rows import frame_of, valid_row

MONDAY = date(2026, 3, 9)


@pytest.fixture
def world(tmp_path, lake):
    """A client, its app and what it starts, on a Dagster instance of its own."""
    starter, instance = Starter(), dg.DagsterInstance.ephemeral()
    app = make_app(settings_of(tmp_path, lake.root), starter=starter, instance=instance)
    with running(app) as client:
        client.headers.update(key(app, "manager"))
        yield client, app, starter, instance


def run_of(instance, account, status=dg.DagsterRunStatus.STARTED, run_id=None):
    tags = {"insights/account_id": account}
    run = dg.DagsterRun("refresh_accounts", run_id=run_id or str(uuid4()), status=status, tags=tags)
    instance.add_run(run)
    return run.run_id


@pytest.mark.parametrize("name", TRIGGERS)
def test_a_trigger_answers_with_the_run_it_started(world, name):
    client, app, starter, _ = world
    response = client.post(f"/accounts/act_1/{TRIGGERS[name][0]}")
    (order,) = starter.orders
    assert response.status_code == 202
    assert response.json() == {"run_id": order.run_id, "account_id": "act_1", "status": "STARTING"}
    assert response.headers["Location"] == f"/runs/{order.run_id}"
    assert (order.account_id, order.steps) == ("act_1", steps_of(name, "campaign"))
    assert order.weeks[-1] == MONDAY
    assert client.get(f"/runs/{order.run_id}").json()["status"] == "STARTING"
    (line,) = app.state.audit.newest()
    assert (line["action"], line["account_id"], line["details"]["run_id"]) == (name, "act_1", order.run_id)
    assert line["actor"].startswith("key:")


def test_weeks_and_level_may_be_named(world):
    client, _, starter, _ = world
    asked = {"level": "ad", "since": "2026-02-11", "until": "2026-02-18"}
    assert client.post("/accounts/act_1/anomalies/detect", params=asked).status_code == 202
    assert starter.orders[0].steps == ("anomalies_ad",)
    assert starter.orders[0].weeks == (date(2026, 2, 9), date(2026, 2, 16))


@pytest.mark.parametrize(("since", "until"), [("2026-03-20", None), ("2019-01-01", None), ("2026-03-02", "2026-02-02")])
def test_weeks_that_cannot_be_are_refused(world, since, until):
    client, _, starter, _ = world
    asked = {"since": since} | ({"until": until} if until else {})
    assert client.post("/accounts/act_1/refresh", params=asked).status_code == 422
    assert starter.orders == []


def test_a_second_run_of_the_account_is_refused_with_the_first_ones_id(world):
    client, app, starter, _ = world
    first = client.post("/accounts/act_1/sync-now").json()["run_id"]
    again = client.post("/accounts/act_1/anomalies/detect")
    assert (again.status_code, again.json()["run_id"]) == (409, first)
    assert client.post("/accounts/act_2/sync-now").status_code == 202
    full = client.post("/accounts/act_2/refresh")
    assert full.status_code == 409
    starter.processes[0].code = 0
    assert client.post("/accounts/act_1/refresh").status_code == 202
    assert [line["details"]["outcome"] for line in app.state.audit.newest()] == [
        "started",
        "refused",
        "started",
        "refused",
        "started",
    ]


def test_runs_that_others_started_count_too(world):
    client, _, starter, instance = world
    theirs = run_of(instance, "act_1")
    run_of(instance, "act_2", dg.DagsterRunStatus.SUCCESS)
    refused = client.post("/accounts/act_1/refresh")
    assert (refused.status_code, refused.json()["run_id"]) == (409, theirs)
    assert client.post("/accounts/act_2/refresh").status_code == 202
    assert len(starter.orders) == 1


def test_only_so_many_runs_are_started_at_once(tmp_path, lake):
    app = make_app(settings_of(tmp_path, lake.root, runs_at_once=1))
    with running(app) as client:
        client.headers.update(key(app, "manager"))
        assert client.post("/accounts/act_1/refresh").status_code == 202
        busy = client.post("/accounts/act_2/refresh")
        assert (busy.status_code, busy.headers["Retry-After"]) == (503, "30")


def test_an_order_survives_its_way_to_the_process():
    order = Order("r", "act_1", None, (EVERYTHING,), (MONDAY,), "why", {"A": "b"})
    assert Order.of(json.loads(json.dumps(order.plain()))) == order
    assert "b" not in repr(order).split("why")[1]


def test_the_weeks_of_a_trigger_are_the_accounts_own():
    """Sunday in New York while it is Monday in Berlin."""
    now = NOW.replace(day=9, hour=3)
    for zone, last in (("America/New_York", MONDAY - timedelta(weeks=1)), ("Europe/Berlin", MONDAY)):
        assert weeks_of("sync-now", None, None, timezone_name=zone, now=now, lookback_days=28)[-1] == last
    assert len(weeks_of("refresh", None, None, timezone_name="UTC", now=now, lookback_days=35)) == 6
    with pytest.raises(InputError, match="too many"):
        weeks_of("refresh", date(2024, 6, 1), None, timezone_name="UTC", now=now, lookback_days=28)


def events(client, path, **headers):
    """(event, data) of a stream, and its last id."""
    text = client.get(path, headers=headers).text
    blocks = [dict(line.split(": ", 1) for line in b.split("\n")) for b in text.strip().split("\n\n")]
    return [(b["event"], json.loads(b["data"])) for b in blocks], blocks[-1].get("id")


def test_the_progress_of_a_run_is_a_stream_that_ends_with_it(world):
    client, app, _, instance = world

    @dg.op
    def read():
        pass

    @dg.op
    def judge():
        raise RuntimeError

    @dg.job
    def work():
        read()
        judge()

    result = work.execute_in_process(instance=instance, raise_on_error=False, tags={"insights/account_id": "act_1"})
    told, last = events(client, f"/runs/{result.run_id}/events")
    names = [name for name, _ in told]
    assert names[-1] == "ended"
    assert told[-1][1]["status"] == "FAILURE"
    assert {"run_started", "step_started", "step_succeeded", "step_failed", "run_failed"} <= set(names)
    assert {data["step"] for name, data in told if name == "step_failed"} == {"judge"}
    resumed, _ = events(client, f"/runs/{result.run_id}/events", **{"Last-Event-ID": last})
    assert [name for name, _ in resumed] == ["ended"]
    assert client.get("/runs", params={"account_id": "act_1"}).json()["items"][0]["run_id"] == result.run_id
    other = key(app, accounts=["act_2"])
    for path in (f"/runs/{result.run_id}", f"/runs/{result.run_id}/events"):
        assert client.get(path, headers=other).status_code == 404
    assert client.get("/runs", headers=other).json()["items"] == []


def test_a_process_that_died_before_its_run_began_is_told_as_failed(world):
    client, _, starter, _ = world
    run_id = client.post("/accounts/act_1/refresh").json()["run_id"]
    starter.processes[0].code = 3
    told, _ = events(client, f"/runs/{run_id}/events")
    assert told[-1] == ("ended", told[-1][1] | {"status": "FAILURE"})


@pytest.fixture
def unread(tmp_path):
    """A registered account of which nothing was ever read."""
    lake = build(tmp_path / "lake", [])
    table = TABLES["accounts"]
    lake.append(table, frame_of(table, valid_row(table, account_id="act_1", timezone_name="UTC", token_env=None)))
    starter = Starter()
    app = make_app(settings_of(tmp_path / "home", lake.root), starter=starter)
    with running(app) as client:
        client.headers.update(key(app))
        yield client, app, starter, lake


class Api:
    """The rows of an API; or its failure."""

    def __init__(self, rows):
        self.rows = rows

    async def first(self, level, account):
        return (self.rows, None) if self.rows else ([], f"No {level} of {account['account_id']} in time.")


def test_the_first_answer_comes_straight_from_the_api_and_starts_the_full_sync(unread):
    client, app, starter, lake = unread
    app.state.live = Api([{"campaign_id": "7", "name": "Live"}])
    body = client.get("/accounts/act_1/campaigns").json()
    (order,) = starter.orders
    assert [row["name"] for row in body["items"]] == ["Live"]
    assert (body["source"], body["complete"], body["total"]) == ("live_limited", False, None)
    assert body["sync"] == {"status": "started", "run_id": order.run_id}
    assert order.steps == (EVERYTHING,)
    assert len(order.weeks) == 14
    again = client.get("/accounts/act_1/ads").json()
    assert again["sync"] == {"status": "running", "run_id": order.run_id}
    assert len(starter.orders) == 1
    assert client.get("/overview").json()["totals"] == []
    table = TABLES["campaigns"]
    lake.append(table, frame_of(table, valid_row(table, account_id="act_1", name="Stored")))
    stored = client.get("/accounts/act_1/campaigns").json()
    assert (stored["source"], stored["total"], stored["items"][0]["name"]) == ("lake", 1, "Stored")


def test_an_api_that_does_not_answer_holds_nobody_up(unread):
    client, app, starter, _ = unread
    app.state.live = Api([])
    body = client.get("/accounts/act_1/ads").json()
    assert (body["items"], body["problem"]) == ([], "No ad of act_1 in time.")
    assert len(starter.orders) == 1


def test_a_live_answer_is_read_over_http_from_the_simulator(unread):
    _, app, _, _ = unread
    assert isinstance(app.state.live, LiveReader)
    account = {"account_id": "act_1001", "source": "sandbox", "currency": "EUR", "token_env": None, "token_path": None}
    with app.state.live.gateway.client() as client:
        known = next(iter(client.ad_accounts()))
    rows = app.state.live.entities("campaign", {**account, "account_id": known.id})
    assert 0 < len(rows) <= 25
    assert set(rows[0]) <= set(TABLES["campaigns"].schema)


def test_a_backfill_at_work_on_the_account_is_named(world, monkeypatch):
    client, _, starter, _ = world
    monkeypatch.setattr(AccountLocks, "take", lambda _, accounts: set(accounts))
    refused = client.post("/accounts/act_1/refresh")
    assert (refused.status_code, refused.json()["run_id"]) == (409, "unknown")
    assert starter.orders == []
