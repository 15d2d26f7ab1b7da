"""Faults of report runs: too large, failed, stuck, not there yet, done and not readable."""

import json
from typing import Any

import pytest

from insights_assets.sandbox import World, fault

from .wire import Wire, error_of, every, wire


@pytest.fixture(scope="module")
def world() -> World:
    return World(accounts=3, ads_per_account=(9, 12))


def poll(net: Wire, run: str) -> tuple[str, int]:
    body = net.get(run).json()
    return body["async_status"], body["async_percent_completion"]


def test_a_run_is_too_large_until_it_asks_for_less(world: World):
    with wire(world) as calm:
        total = len(calm.rows())
        ads = sorted({row["ad_id"] for row in calm.rows()})
    with wire(world, fault("job_too_large", max_rows=total - 1)) as net:
        for _ in range(2):
            state = net.get(net.run()).json()
            assert (state["async_status"], state["error_code"], state["error_subcode"]) == ("Job Failed", 2, 1504038)
            assert not state["is_running"]
        run = net.run()
        assert error_of(net.get(f"{run}/insights")) == (400, 2601, 1815107)
        halves = [ads[: len(ads) // 2], ads[len(ads) // 2 :]]
        found: list[Any] = []
        for half in halves:
            status = json.loads(every("ad"))
            chosen = json.dumps([*status, {"field": "ad.id", "operator": "IN", "value": half}])
            part = net.run(filtering=chosen)
            assert poll(net, part) == ("Job Completed", 100)
            found += net.rows(f"{part}/insights")
        assert len(found) == total
        shorter = net.run(time_range=json.dumps({"since": "2026-11-02", "until": "2026-11-04"}))
        assert poll(net, shorter) == ("Job Completed", 100)


@pytest.mark.parametrize(
    ("name", "status", "percent"),
    [("job_failed", "Job Failed", 60), ("job_skipped", "Job Skipped", 60),
     ("job_never_starts", "Job Not Started", 0), ("job_stuck", "Job Running", 37)],
)  # fmt: skip
def test_a_run_goes_wrong_and_the_next_one_of_the_same_question_does_not(
    world: World, name: str, status: str, percent: int
):
    clock = [0.0]
    with wire(world, fault(name), report_latency_s=10, monotonic=lambda: clock[0]) as net:
        wrong = net.run()
        clock[0] = 1e6
        assert {poll(net, wrong) for _ in range(5)} == {(status, percent)}
        body = net.get(wrong).json()
        assert body["is_running"] == (name in {"job_never_starts", "job_stuck"})
        fields = (body.get("error_code"), body.get("error_subcode"))
        assert fields == ((2, 1504044) if name == "job_failed" else (None, None))
        right = net.run()
        assert right != wrong
        clock[0] = 2e6
        assert poll(net, right) == ("Job Completed", 100)
        assert net.rows(f"{right}/insights") == net.rows()
        # Another question meets it anew.
        other = net.run(time_increment="7")
        clock[0] = 3e6
        assert poll(net, other) == (status, percent)


def test_a_failed_and_a_too_large_run_have_the_same_user_text(world: World):
    texts = set()
    for planted in (fault("job_failed"), fault("job_too_large", max_rows=1)):
        with wire(world, planted) as net:
            texts.add(net.get(net.run()).json()["error_user_msg"])
    assert len(texts) == 1


def test_a_run_at_100_percent_may_still_be_running(world: World):
    with wire(world, fault("job_lingers", polls=3)) as net:
        run = net.run()
        assert error_of(net.get(f"{run}/insights")) == (400, 2601, 1815107)
        assert [poll(net, run) for _ in range(4)] == [("Job Running", 100)] * 3 + [("Job Completed", 100)]
        assert net.rows(f"{run}/insights") == net.rows()


def test_a_new_run_is_not_there_yet_and_a_completed_one_not_readable_yet(world: World):
    planted = [fault("poll_race", times=2), fault("unreadable", times=3), fault("summary_race")]
    with wire(world, *planted) as net:
        run = net.run()
        assert [error_of(net.get(run)) for _ in range(2)] == [(400, 100, 33)] * 2
        assert poll(net, run) == ("Job Completed", 100)
        path = f"{run}/insights"
        # Three reads whatever page they ask for.
        assert [error_of(net.get(path, limit=n)) for n in (5, 5, 9)] == [(400, 2601, 1815107)] * 3
        late = net.get(path)
        assert error_of(late) == (400, 100, None)
        assert late.json()["error"]["message"].startswith("(#100) Cannot include ")
        assert net.rows(path) == net.rows()
        assert error_of(net.get(net.run())) == (400, 100, 33)
