"""Each named fault answers what Meta documents, where it is planted, as often as it says, and nowhere else."""

import json
from collections.abc import Iterator

import httpx
import pytest

from insights_assets.sandbox import CATALOG, Budget, World, fault

from .wire import Wire, error_of, wire

# From Meta's error reference and the reports of users, not from the catalog.
FOR_GOOD = {
    "token_invalid": (400, 190, None),
    "token_expired": (400, 190, 463),
    "token_password": (400, 190, 460),
    "token_app_removed": (400, 190, 458),
    "session_over": (400, 102, None),
    "permission_10": (403, 10, None),
    "permission_200": (403, 200, None),
    "permission_803": (400, 803, None),
    "permission_100_33": (400, 100, 33),
    "restricted": (400, 368, None),
    "config_conflict": (400, 100, 2446289),
    "delegate_page": (400, 1, 2853001),
    "version_expired": (400, 2635, None),
}
ONCE = {
    "unknown_error": (500, 1, 99),
    "unavailable": (500, 2, None),
    "reset_inside": (500, 104, None),
}
LIMITS = {
    # name -> code, subcode, and the type of the business entry that is full
    "app_limit": (4, None, None),
    "user_limit": (17, None, "ads_insights"),
    "page_limit": (32, None, None),
    "custom_limit": (613, None, None),
    "burst": (613, 1487742, "ads_insights"),
    "blocked": (341, None, None),
    "buc_80000": (80000, None, "ads_insights"),
    "buc_80001": (80001, None, "pages"),
    "buc_80002": (80002, None, "instagram"),
    "buc_80003": (80003, None, "custom_audience"),
    "buc_80004": (80004, None, "ads_management"),
    "buc_80005": (80005, None, "leadgen"),
    "buc_80006": (80006, None, "messenger"),
    "buc_80008": (80008, None, "whatsapp_business_management"),
    "buc_80014": (80014, None, "catalog_batch"),
    "buc_account_calls": (80004, 2446079, "ads_management"),
    "account_block": (17, 2446079, "ads_insights"),
}
CLOSED = ("connection_reset", "truncated", "timeout")
SHAPES = ("http_500", "http_503", "not_json", "broken_data", "broken_paging")
ELSEWHERE = {
    # Tested below or in the other test_faults_of_*.py, each by a test of its own.
    "request_timed_out", "batch_timeout", "poll_race", "unreadable", "summary_race", "reduce_entities",
    "reduce_insights", "old_start", "unreportable_field", "owner_field", "poisoned_creative", "job_too_large",
    "job_failed", "job_skipped", "job_never_starts", "job_stuck", "job_lingers", "duplicate_rows", "missing_key",
    "sync_empty", "zero_rows", "parent_mismatch", "late_restatement", "unknown_action_type", "zone_change",
}  # fmt: skip


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def world() -> World:
    return World(accounts=3, ads_per_account=(3, 4))


def headers(answer: httpx.Response, name: str) -> dict:
    return json.loads(answer.headers[name])


def business(answer: httpx.Response) -> dict:
    (entries,) = headers(answer, "x-business-use-case-usage").values()
    return {entry["type"]: entry for entry in entries}


def test_every_fault_is_tested():
    assert set(CATALOG) == set(FOR_GOOD) | set(ONCE) | set(LIMITS) | set(CLOSED) | set(SHAPES) | ELSEWHERE


@pytest.fixture(scope="module")
def sick() -> Iterator[Wire]:
    """A fleet in which each account but the first has a trouble of its own."""
    fleet = World(accounts=len(FOR_GOOD) + 1, ads_per_account=2)
    faults = [fault(name, account=one.id) for name, one in zip(FOR_GOOD, fleet.accounts[1:], strict=True)]
    with wire(fleet, *faults) as net:
        yield net


@pytest.mark.parametrize("name", FOR_GOOD)
def test_trouble_of_one_account_stays_and_leaves_the_others_alone(sick: Wire, name: str):
    account, healthy = sick.account(1 + list(FOR_GOOD).index(name)), sick.account()
    before = len(sick.sandbox.played)
    node = sick.world.account(account).campaigns[0].id
    answers = [sick.get(account), sick.get(f"{account}/ads"), sick.start(account), sick.get(node)]
    answers += [sick.get("", ids=node), sick.get(f"{node}/insights"), *(sick.get(f"{account}/ads") for _ in range(3))]
    assert {error_of(answer) for answer in answers} == {FOR_GOOD[name]}
    assert all("x-app-usage" in answer.headers for answer in answers)
    assert sick.get(f"{healthy}/ads").status_code == 200
    # The account is still listed: only calls about it fail.
    assert account in {row["id"] for row in sick.get("me/adaccounts").json()["data"]}
    assert [one.fault for one in sick.sandbox.played[before:]] == [name] * len(answers)


def test_an_old_version_alone_can_be_expired(world: World):
    with wire(world, fault("version_expired", version="v24.0")) as net:
        path = f"{net.account()}/campaigns"
        assert net.get(path).status_code == 200
        for version in ("v24.0", "v23.0"):
            assert error_of(net.client.get(f"/{version}/{path}")) == (400, 2635, None)


@pytest.mark.parametrize("name", ONCE)
def test_a_hiccup_passes(world: World, name: str):
    with wire(world, fault(name, times=2)) as net:
        answers = [net.get("me/adaccounts") for _ in range(3)]
        assert [error_of(answer) for answer in answers[:2]] == [ONCE[name]] * 2
        assert answers[2].status_code == 200
        # Another request is another thing, and meets it anew.
        assert error_of(net.get("me/adaccounts", limit=2)) == ONCE[name]


@pytest.mark.parametrize("name", SHAPES)
def test_a_broken_answer_passes(world: World, name: str):
    with wire(world, fault(name)) as net:
        broken = net.get(f"{net.account()}/ads")
        assert broken.status_code == {"http_500": 500, "http_503": 503}.get(name, 200)
        assert "x-business-use-case-usage" in broken.headers
        if name in {"http_500", "http_503", "not_json"}:
            with pytest.raises(ValueError):
                broken.json()
        elif name == "broken_data":
            assert not any(isinstance(row, dict) for row in broken.json()["data"])
        else:
            assert not isinstance(broken.json()["paging"], dict)
        assert net.get(f"{net.account()}/ads").json()["data"][0]["id"]


@pytest.mark.parametrize(
    ("name", "options", "raised"),
    [
        ("connection_reset", {}, httpx.TransportError),
        ("truncated", {}, httpx.RemoteProtocolError),
        ("timeout", {"hang_s": 0.1}, httpx.RemoteProtocolError),
        ("timeout", {"hang_s": 60.0}, httpx.ReadTimeout),
    ],
)
def test_a_lost_connection_passes(world: World, name: str, options: dict, raised: type[Exception]):
    with wire(world, fault(name, **options), timeout=0.3) as net:
        with pytest.raises(raised):
            net.get("me")
        assert net.get("me").status_code == 200


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_tells_itself_in_the_headers_of_the_refusal(world: World, name: str):
    code, subcode, kind = LIMITS[name]
    clock = Clock()
    planted = fault(name, account=None if name == "app_limit" else world.accounts[0].id, block_s=90)
    with wire(world, planted, monotonic=clock) as net:
        refused = net.get(f"{net.account()}/ads")
        assert error_of(refused) == (400, code, subcode)
        assert refused.json()["error"].get("is_transient") == (False if name == "account_block" else None)
        entries = business(refused)
        assert {e["estimated_time_to_regain_access"] for e in entries.values()} == {2}
        assert headers(refused, "x-ad-account-usage")["reset_time_duration"] == 90
        full = {name for name, entry in entries.items() if entry["call_count"] >= 100}
        assert (kind in full) if kind else not full
        assert (headers(refused, "x-app-usage")["call_count"] >= 100) == (kind is None)
        # The insights throttle reads low while the account is blocked, as users have seen.
        assert headers(refused, "x-fb-ads-insights-throttle")["acc_id_util_pct"] == 0
        assert (net.get(f"{net.account(1)}/ads").status_code == 400) == (name == "app_limit")
        clock.now += 89
        late = net.get(f"{net.account()}/campaigns")
        assert error_of(late) == (400, code, subcode)
        assert business(late)[kind or "ads_insights"]["estimated_time_to_regain_access"] == 0
        assert headers(late, "x-ad-account-usage")["reset_time_duration"] == 1
        clock.now += 1
        assert net.get(f"{net.account()}/ads").status_code == 200
        (block,) = net.sandbox.blocks
        assert (block.since, block.until, block.calls) == (1000, 1090, 2 if name == "app_limit" else 1)


def test_a_limit_without_a_block_refuses_once_for_the_whole_account(world: World):
    with wire(world, fault("buc_80000", account=world.accounts[0].id, regain_min=7)) as net:
        refused = net.get(f"{net.account()}/ads")
        assert business(refused)["ads_insights"]["estimated_time_to_regain_access"] == 7
        assert [net.get(f"{net.account()}/{edge}").status_code for edge in ("ads", "campaigns")] == [200, 200]
        assert net.sandbox.blocks == []


def test_a_silent_block_begins_after_some_calls_and_calls_do_not_prolong_it(world: World):
    clock = Clock()
    planted = fault("account_block", account=world.accounts[0].id, after=2, block_s=300, tells=False)
    with wire(world, planted, monotonic=clock) as net:
        path = f"{net.account()}/ads"
        assert [net.get(path).status_code for _ in range(3)] == [200, 200, 400]
        for _ in range(4):
            clock.now += 60
            refused = net.get(path)
            assert error_of(refused) == (400, 17, 2446079)
            assert headers(refused, "x-ad-account-usage")["reset_time_duration"] == 0
            assert business(refused)["ads_insights"]["estimated_time_to_regain_access"] == 0
        clock.now += 60
        assert [net.get(path).status_code for _ in range(5)] == [200] * 5
        assert [block.calls for block in net.sandbox.blocks] == [4]


def test_a_budget_shows_its_use_before_it_blocks_and_recovers(world: World):
    clock = Clock()
    with wire(world, monotonic=clock, budget=Budget(calls=20, window_s=100, block_s=60)) as net:
        path = f"{net.account()}/ads"
        seen = [headers(net.get(path), "x-ad-account-usage")["acc_id_util_pct"] for _ in range(16)]
        assert seen == [5.0 * calls for calls in range(1, 17)]
        # Half of the window gives back half of the budget; starting a report costs three.
        clock.now += 50
        assert headers(net.start(), "x-ad-account-usage")["acc_id_util_pct"] == pytest.approx(45)
        for _ in range(11):
            assert net.get(path).status_code == 200
        refused = net.get(path)
        assert error_of(refused) == (400, 17, 2446079)
        assert headers(refused, "x-ad-account-usage")["acc_id_util_pct"] == 100
        assert headers(refused, "x-ad-account-usage")["reset_time_duration"] == 60
        assert net.get(f"{net.account(1)}/ads").status_code == 200
        clock.now += 60
        assert headers(net.get(path), "x-ad-account-usage")["acc_id_util_pct"] == 5
        assert [(b.account_id, b.calls) for b in net.sandbox.blocks] == [(net.account(), 0)]


def test_the_budget_of_the_app_is_shared(world: World):
    with wire(world, monotonic=Clock(), app_budget=Budget(calls=4, window_s=100, block_s=60)) as net:
        used = [headers(net.get(net.account(n)), "x-app-usage")["call_count"] for n in (0, 1, 2, 0)]
        assert used == [25, 50, 75, 100]
        assert {error_of(net.get(path)) for path in (net.account(1), "me")} == {(400, 4, None)}


def test_placing_follows_the_seed_and_not_the_order_of_requests(world: World):
    paths = [f"{account.id}/{edge}" for account in world.accounts for edge in ("ads", "adsets", "campaigns")]

    def failed(seed: int, order: list[str]) -> set[str]:
        with wire(world, fault("http_503", share=0.4, seed=seed)) as net:
            return {path for path in order if net.get(path).status_code == 503}

    assert failed(1, paths) == failed(1, paths[::-1])
    assert 0 < len(failed(1, paths)) < len(paths)
    assert len({frozenset(failed(seed, paths)) for seed in range(4)}) > 1


def test_planting_names_what_is_wrong():
    with pytest.raises(ValueError, match="no fault 'http_418'; there are http_500"):
        fault("http_418")
    with pytest.raises(ValueError, match="http_500 has no option hang_s; it has none"):
        fault("http_500", hang_s=1)
    with pytest.raises(ValueError, match="no place moon; there are accounts"):
        fault("http_500", places=["moon"])


def test_a_fault_can_be_planted_at_one_kind_of_request(world: World):
    with wire(world, fault("unavailable", times=0, places=["report_status"], account=world.accounts[0].id)) as net:
        mine, other = net.run(), net.run(net.account(1))
        assert error_of(net.get(mine)) == (500, 2, None)
        assert net.get(other).json()["async_status"] == "Job Completed"
        assert net.get(f"{mine}/insights").json()["data"]


def test_faults_by_name_follow_one_another(world: World):
    with wire(world, fault("http_500"), fault("unavailable")) as net:
        assert [net.get("me").status_code for _ in range(3)] == [500, 500, 200]
        assert [one.fault for one in net.sandbox.played] == ["http_500", "unavailable"]
