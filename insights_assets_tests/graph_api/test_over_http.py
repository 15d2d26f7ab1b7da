"""The client against the simulator, over real sockets."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import pytest

from insights_assets.graph_api import GraphApiError, GraphClient
from insights_assets.graph_api.limiter import Limiter
from insights_assets.sandbox.faults import Fault
from insights_assets.sandbox.server import running_sandbox
from insights_assets.sandbox.world import World
from insights_assets_tests.graph_api.fakes import FakeClock

NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
SINCE, UNTIL = date(2026, 9, 7), date(2026, 9, 13)


@pytest.fixture(scope="module")
def world():
    return World()


@pytest.fixture(scope="module")
def sandbox(world):
    with running_sandbox(world, now=lambda: NOW, report_latency_s=0.01) as running:
        yield running


def connect(sandbox, **options):
    return GraphClient.connect(base_url=sandbox.url, token=sandbox.token, **{"sleep": lambda _: None} | options)


def truth(world, account, since=SINCE, until=UNTIL):
    rows = world.truth_daily(account, since, until, NOW).iter_rows(named=True)
    return {(row["ad_id"], row["date"]): row for row in rows}


def test_every_account_is_listed_and_can_be_read_alone(sandbox, world):
    with connect(sandbox) as client:
        accounts = list(client.ad_accounts())
        assert sorted(account.id for account in accounts) == sorted(account.id for account in world.accounts)
        assert client.account(accounts[0].account_id) == accounts[0]


def test_entities_include_the_deleted_and_archived(sandbox, world):
    account = world.accounts[0].id
    made = world.account(account)
    with connect(sandbox) as client:
        ads = list(client.ads(account))
        adsets = {adset.id: adset for adset in client.adsets(account)}
        campaigns = {campaign.id for campaign in client.campaigns(account)}
        creatives = {creative.id: creative for creative in client.creatives(account)}
    assert len({ad.id for ad in ads}) == len(ads) <= len(made.ads)
    assert {"DELETED", "ARCHIVED"} & {ad.effective_status for ad in ads}
    assert {ad.adset_id for ad in ads} <= set(adsets)
    assert {adset.campaign_id for adset in adsets.values()} <= campaigns
    assert {ad.creative_id for ad in ads} <= set(creatives)
    assert all(isinstance(adset.daily_budget, int | None) for adset in adsets.values())
    assert {creative.creative_type for creative in creatives.values()} > {"video", "image"}


def test_a_daily_report_is_the_truth_to_the_cent(sandbox, world):
    for account in (world.accounts[0].id, world.accounts[-1].id):
        want = truth(world, account)
        with connect(sandbox) as client:
            got = client.insights(account, level="ad", since=SINCE, until=UNTIL, time_increment=1)
            again = client.insights(account, level="ad", since=SINCE, until=UNTIL, time_increment=1, at_once=True)
        assert {(row.ad_id, row.date_start) for row in got} == set(want)
        assert len(got) == len(want) == len(again)
        for row in got:
            expected = want[row.ad_id, row.date_start]
            assert row.spend == pytest.approx(expected["spend"], abs=0.001)
            assert (row.impressions, row.reach, row.clicks, row.inline_link_clicks) == tuple(
                expected[name] for name in ("impressions", "reach", "clicks", "inline_link_clicks")
            )


def test_a_weekly_report_is_the_sum_of_its_days(sandbox, world):
    account = world.accounts[0].id
    spend, impressions = defaultdict(float), defaultdict(int)
    for (ad, _), row in truth(world, account, SINCE - timedelta(days=7)).items():
        week = row["date"] - timedelta(days=row["date"].weekday())
        spend[ad, week] += row["spend"]
        impressions[ad, week] += row["impressions"]
    with connect(sandbox) as client:
        rows = client.insights(account, level="ad", since=SINCE - timedelta(days=7), until=UNTIL, time_increment=7)
    assert {(row.ad_id, row.date_start): row.impressions for row in rows} == impressions
    for row in rows:
        assert row.spend == pytest.approx(spend[row.ad_id, row.date_start], abs=0.001)


def test_faults_on_the_wire_change_no_number(world):
    account = world.accounts[0].id
    busy = {"error": {"code": 2, "message": "Service temporarily unavailable"}}
    limit = {"error": {"code": 80000, "error_subcode": 2446079, "message": "too many calls"}}
    large = {"error": {"code": 1, "message": "Please reduce the amount of data"}}
    faults = [
        Fault("/ads$", kind="disconnect"),
        Fault("/ads$", kind="truncate"),
        Fault("/ads$", status=500, body=large, times=2),
        Fault("/insights$", kind="not_json", status=200, method="POST"),
        Fault("/insights$", status=400, body=limit, method="POST"),
        Fault("/insights$", status=400, body=busy, method="GET"),
    ]
    with running_sandbox(world, now=lambda: NOW, report_latency_s=0.01) as calm, connect(calm) as client:
        ads = list(client.ads(account))
    with (
        running_sandbox(world, now=lambda: NOW, report_latency_s=0.01, faults=faults) as running,
        connect(running) as client,
    ):
        assert list(client.ads(account)) == ads
        rows = client.insights(account, level="ad", since=SINCE, until=UNTIL, time_increment=1)
    want = truth(world, account)
    assert {(row.ad_id, row.date_start): row.impressions for row in rows} == {
        key: row["impressions"] for key, row in want.items()
    }


def test_a_blocked_account_is_called_three_times_while_the_other_is_read(world):
    """Blocked for an hour on the injected clock, without a header that says so."""
    clock, limiter = FakeClock(), Limiter()
    first, second = world.accounts[0].id, world.accounts[1].id
    body = {"error": {"code": 17, "error_subcode": 2446079, "message": "Ad Account Has Too Many API Calls"}}
    low = '{"acc_id_util_pct": 3, "reset_time_duration": 0}'
    fault = Fault(first, status=400, body=body, times=99, headers={"X-Ad-Account-Usage": low})
    with running_sandbox(world, now=lambda: NOW, monotonic=clock, faults=[fault]) as running:
        with connect(running, clock=clock, sleep=clock.sleep, limiter=limiter) as client:
            with pytest.raises(GraphApiError) as caught:
                list(client.campaigns(first))
            assert (caught.value.error_type, caught.value.attempts) == ("rate_limited", 3)
            assert clock.now + caught.value.retry_after_s >= 3600
        waited = clock.now
        with connect(running, clock=clock, sleep=clock.sleep, limiter=limiter) as client:
            for read in (client.adsets, client.ads, client.creatives):
                with pytest.raises(GraphApiError):
                    list(read(first))
            assert list(client.ads(second))
        assert clock.now == waited
        assert sum(first in path for _, path, _ in running.requests) == 3


def test_a_fault_in_the_middle_of_a_report_doubles_and_loses_nothing(world):
    """Results not readable at first, a page too large, a hiccup: the numbers stay the truth."""
    account, clock = world.accounts[0].id, FakeClock()
    faults = [
        Fault(r"/\d+/insights$", status=400, body={"error": {"code": 2601, "error_subcode": 1815107}}, times=3),
        Fault(r"/\d+/insights$", status=500, body={"error": {"code": 1, "message": "reduce the amount"}}, times=4),
        Fault(r"/\d+/insights$", status=400, body={"error": {"code": 100, "message": "Cannot include"}}, times=2),
        Fault(r"/\d+/insights$", status=200, body={"success": True}),
    ]
    with (
        running_sandbox(world, now=lambda: NOW, monotonic=clock, faults=faults) as running,
        connect(running, clock=clock, sleep=clock.sleep) as client,
    ):
        rows = client.insights(account, level="ad", since=SINCE, until=UNTIL, time_increment=1)
    want = truth(world, account)
    assert len(rows) == len(want)
    assert {(row.ad_id, row.date_start): row.impressions for row in rows} == {
        key: row["impressions"] for key, row in want.items()
    }


def test_a_wrong_token_is_said_once(sandbox):
    before = len(sandbox.requests)
    with (
        GraphClient.connect(base_url=sandbox.url, token="not-the-right-token") as client,
        pytest.raises(GraphApiError) as caught,
    ):
        list(client.ad_accounts())
    assert caught.value.error_type == "token_invalid"
    assert len(sandbox.requests) == before + 1
    assert "not-the-right-token" not in str(caught.value)
