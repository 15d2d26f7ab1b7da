"""Scenarios: every fault alone, all that pass in one storm, and a fleet in trouble; placed by the seed."""

import contextlib
import json
import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
from click.testing import CliRunner

from insights_assets.cli import main
from insights_assets.sandbox import CATALOG, SCENARIOS, World
from insights_assets.sandbox.fault_kinds import FOREVER
from insights_assets.sandbox.request_places import PLACES
from insights_assets.sandbox.scenarios import FLEET, about, plan

from .wire import NOW, Wire, error_of, wire

SINCE, UNTIL = date(2026, 10, 19), date(2026, 11, 8)
MOST_TRIES = 12


@pytest.fixture(scope="module")
def world() -> World:
    return World(accounts=4, ads_per_account=(9, 12))


class TooMuchError(Exception):
    """The question must be split."""


class Persistent:
    """The least that a client must do to get through a storm: look at what came, and ask again."""

    def __init__(self, net: Wire, clock: list[float]) -> None:
        self.net, self.clock = net, clock
        self.most_tries = 0

    def ask(self, send: Callable[[], httpx.Response]) -> dict[str, Any]:
        for tries in range(1, MOST_TRIES):
            try:
                answer = send()
                body = answer.json()
            except (httpx.TransportError, ValueError):
                continue
            data, paging = body.get("data", []), body.get("paging", {})
            sound = isinstance(paging, dict) and all(isinstance(row, dict) for row in data)
            if answer.status_code == 200 and sound:
                self.most_tries = max(self.most_tries, tries)
                return body
            if "reduce the amount" in body.get("error", {}).get("message", ""):
                raise TooMuchError
            self.clock[0] += 2
        raise AssertionError(f"{MOST_TRIES} tries were not enough: {self.net.sandbox.requests[-1]}")

    def pages(self, path: str, key: Callable[[dict[str, Any]], Any], **params: Any) -> dict[Any, dict[str, Any]]:
        found: dict[Any, dict[str, Any]] = {}
        after, limit = {}, 100
        while True:
            try:
                asked = {**params, **after, "limit": limit}
                body = self.ask(partial(self.net.get, path, **asked))
            except TooMuchError:
                limit //= 2
                continue
            found |= {key(row): row for row in body["data"]}
            if "next" not in body.get("paging", {}):
                return found
            after = {"after": body["paging"]["cursors"]["after"]}

    def insights(self, account: str, since: date, until: date) -> dict[Any, dict[str, Any]]:
        asked = {"time_range": json.dumps({"since": str(since), "until": str(until)}), "fields": "ad_id,spend,clicks"}
        try:
            return self._report(account, asked)
        except TooMuchError:
            middle = since + (until - since) // 2
            return {
                **self.insights(account, since, middle),
                **self.insights(account, middle + timedelta(days=1), until),
            }

    def _report(self, account: str, asked: dict[str, str]) -> dict[Any, dict[str, Any]]:
        for _ in range(MOST_TRIES):
            run = self.ask(lambda: self.net.start(account, **asked))["report_run_id"]
            while True:
                state = self.ask(partial(self.net.get, run))
                if not state["is_running"]:
                    break
            if state.get("error_subcode") == 1504038:
                raise TooMuchError
            if state["async_status"] == "Job Completed":
                return self.pages(f"{run}/insights", lambda row: (row["ad_id"], row["date_start"]))
        raise AssertionError("no run was completed")


def test_every_fault_is_a_scenario_and_has_a_sentence(world: World):
    assert set(SCENARIOS) > set(CATALOG)
    for name in SCENARIOS:
        assert about(name).endswith(".")
        planned = plan(name, world, 1)
        if name in CATALOG:
            (one,) = planned.planted
            assert one.kind.name == name
            assert (one.accounts is not None) == CATALOG[name].one_account
            assert one.places <= set(PLACES)
            assert one.share > 0
    with pytest.raises(ValueError, match="scenario must be one of default, quiet"):
        plan("hurricane", world, 1)


def test_the_seed_picks_the_account(world: World):
    chosen = {next(iter(plan("token_expired", world, seed).planted[0].accounts or ())) for seed in range(20)}
    assert chosen == {account.id for account in world.accounts}
    assert plan("token_expired", world, 3) == plan("token_expired", world, 3)


def test_help_lists_every_scenario():
    lines = CliRunner().invoke(main, ["sandbox", "--help"]).output.splitlines()
    assert [line.split(":")[0].strip() for line in lines[-len(SCENARIOS) :]] == list(SCENARIOS)


def test_the_page_about_the_sandbox_lists_every_scenario_and_option():
    page = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z0-9_]+)` \| (.+?) \|", page, flags=re.MULTILINE))
    assert rows == {name: about(name) for name in SCENARIOS}
    options = dict(re.findall(r"^\| `([a-z0-9_]+)` \| .+? \| (.*) \|$", page, flags=re.MULTILINE))
    assert options == {
        name: ", ".join(f"`{option}={value}`" for option, value in kind.options.items() if option != "body")
        for name, kind in CATALOG.items()
    }


def test_a_scenario_plays_its_fault_by_its_seed(world: World):
    with wire(world, scenario="permission_10", fault_seed=5) as net:
        (sick,) = plan("permission_10", world, 5).planted[0].accounts or ()
        statuses = {account.id: net.get(account.id).status_code for account in world.accounts}
        assert statuses == {account.id: 403 if account.id == sick else 200 for account in world.accounts}


def test_the_storm_has_all_that_passes_and_nothing_that_lasts():
    thrown = {kind.name for kind in CATALOG.values() if kind.in_storm}
    assert thrown >= {"http_500", "timeout", "truncated", "not_json", "broken_data", "burst", "buc_80000", "poll_race",
                      "unreadable", "job_failed", "job_skipped", "job_lingers"}  # fmt: skip
    assert all(CATALOG[name].times != FOREVER for name in thrown)


@pytest.mark.parametrize("seed", [1, 2])
def test_who_persists_gets_every_number_through_the_storm(world: World, seed: int):
    clock = [0.0]
    with wire(world, scenario="storm", fault_seed=seed, monotonic=lambda: clock[0], timeout=0.5) as net:
        client = Persistent(net, clock)
        accounts = client.pages("me/adaccounts", lambda row: row["id"], fields="name")
        assert set(accounts) == {account.id for account in world.accounts}
        for account in accounts:
            made = world.account(account)
            today = made.today(NOW)
            ads = client.pages(f"{account}/ads", lambda row: row["id"], fields="name", filtering=every_ad())
            assert set(ads) == {ad.id for ad in made.ads if ad.start - 1 <= today}
            truth = world.truth_daily(account, SINCE, UNTIL, NOW)
            rows = client.insights(account, SINCE, UNTIL)
            for week in range(3):
                monday = SINCE + timedelta(weeks=week)
                part = client.insights(account, monday, monday + timedelta(days=6))
                assert part == {key: row for key, row in rows.items() if key in part}
                assert len(part) == truth.filter(pl.col("date").is_between(monday, monday + timedelta(days=6))).height
            assert len(rows) == truth.height
            for row in truth.iter_rows(named=True):
                told = rows[row["ad_id"], str(row["date"])]
                assert (int(told["clicks"]), float(told["spend"])) == (row["clicks"], pytest.approx(row["spend"]))
        played = Counter(one.fault for one in net.sandbox.played)
        assert len(played) >= 7
        assert played["account_block"] == 1
        assert 2 <= client.most_tries <= 5


def every_ad() -> str:
    statuses = ["ACTIVE", "PAUSED", "ARCHIVED", "DELETED"]
    return json.dumps([{"field": "ad.effective_status", "operator": "IN", "value": statuses}])


def test_the_storm_is_the_same_whatever_the_order_of_requests(world: World):
    paths = [f"{account.id}/{edge}" for account in world.accounts[:2] for edge in ("campaigns", "adsets")] * 6
    paths += [account.id for account in world.accounts[:2]] * 6

    def met(workers: int, order: list[str]) -> Counter[Any]:
        # The one fault that counts the calls of an account, not the times of a request, is left out here.
        with wire(world, scenario="storm", fault_seed=3, monotonic=lambda: 0.0) as net:
            net.sandbox.app.graph.player.planted = ()

            def ask(path: str) -> None:
                with contextlib.suppress(httpx.TransportError):
                    net.get(path)

            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(ask, order))
            return Counter(net.sandbox.played)

    serial = met(1, paths)
    assert serial.total() >= 4
    assert met(4, paths[::-1]) == serial


def test_a_storm_meets_a_request_at_most_twice_in_a_row(world: World):
    with wire(world, scenario="storm", fault_seed=1) as net:
        player = net.sandbox.app.graph.player
        assert player.storm is not None
        object.__setattr__(player.storm, "percent", 100.0)
        object.__setattr__(player.storm, "names", ("unavailable",))
        assert [net.get("me").status_code for _ in range(7)] == [500, 500, 200, 500, 500, 200, 500]


def test_a_fleet_in_trouble():
    fleet = World(accounts=7, ads_per_account=2)
    clock = [0.0]
    with wire(fleet, scenario="fleet_trouble", monotonic=lambda: clock[0]) as net:
        sick = {
            next(iter(one.accounts or ())): one.kind.name for one in plan("fleet_trouble", fleet, fleet.seed).planted
        }
        assert sorted(sick.values()) == sorted(FLEET)
        wanted = {
            "token_expired": (400, 190, 463),
            "permission_200": (403, 200, None),
            "account_block": (400, 17, 2446079),
            "version_expired": (400, 2635, None),
        }
        for _ in range(2):
            for account in fleet.accounts:
                answer = net.get(f"{account.id}/campaigns")
                assert (answer.status_code == 200) == (account.id not in sick)
                if account.id in sick:
                    assert error_of(answer) == wanted[sick[account.id]]
            clock[0] += 1e9
        (block,) = net.sandbox.blocks
        assert (sick[block.account_id], block.calls) == ("account_block", 1)
        refused = net.get(f"{block.account_id}/ads")
        assert json.loads(refused.headers["x-ad-account-usage"])["reset_time_duration"] == 3600


def test_a_tight_budget_is_that_of_development_access(world: World):
    with wire(world, scenario="tight_budget", monotonic=lambda: 0.0) as net:
        answers = [net.get(net.account()) for _ in range(61)]
        assert [answer.status_code for answer in answers] == [200] * 60 + [400]
        used = [json.loads(answer.headers["x-ad-account-usage"])["acc_id_util_pct"] for answer in answers]
        assert used == sorted(used)
        assert used[50] == pytest.approx(85)
        assert net.get(net.account(1)).status_code == 200
