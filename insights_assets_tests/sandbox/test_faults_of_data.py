"""Faults that depend on what is asked: sizes, fields, creatives, report runs, rows, and the world itself."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from insights_assets.sandbox import World, fault

from .wire import NOW, Wire, error_of, wire

# Completed weeks before 2026-11-21, Mondays.
MONDAY = date(2026, 11, 2)
ALL_STATUSES = ["ACTIVE", "PAUSED", "ARCHIVED", "DELETED"]


@pytest.fixture(scope="module")
def world() -> World:
    return World(accounts=3, ads_per_account=(9, 12))


def poll(net: Wire, run: str) -> tuple[str, int]:
    body = net.get(run).json()
    return body["async_status"], body["async_percent_completion"]


def every(level: str) -> str:
    return json.dumps([{"field": f"{level}.effective_status", "operator": "IN", "value": ALL_STATUSES}])


def test_a_page_of_entities_that_is_too_large_keeps_its_cursor(world: World):
    with wire(world, fault("reduce_entities", max_rows=4)) as net:
        path = f"{net.account()}/ads"
        first = net.get(path, limit=4, fields="id").json()
        after = first["paging"]["cursors"]["after"]
        assert error_of(net.get(path, limit=5, after=after)) == (500, 1, None)
        assert error_of(net.get(path, limit=5, after=after)) == (500, 1, None)
        second = net.get(path, limit=4, after=after).json()
        assert len(first["data"]) == len(second["data"]) == 4
        assert not {row["id"] for row in first["data"]} & {row["id"] for row in second["data"]}


def test_only_some_pages_are_too_large_whatever_their_limit(world: World):
    with wire(world, fault("reduce_entities", max_rows=1, share=0.5)) as net:
        path = f"{net.account()}/ads"
        cursors = [""]
        while True:
            page = net.get(path, limit=1, after=cursors[-1]).json()
            if "next" not in page["paging"]:
                break
            cursors.append(page["paging"]["cursors"]["after"])
        heavy = {
            limit: [net.get(path, limit=limit, after=after).status_code == 500 for after in cursors]
            for limit in (2, 3, 500)
        }
        assert heavy[2] == heavy[3] == heavy[500]
        assert 0 < sum(heavy[2]) < len(cursors)


def test_insights_of_too_many_cells_are_refused_at_once_and_by_a_run(world: World):
    with wire(world) as calm:
        total = len(calm.rows())
    fields = 5
    with wire(world, fault("reduce_insights", max_cells=fields * (total - 1))) as net:
        assert error_of(net.start()) == (400, 100, 1487534)
        path = f"{net.account()}/insights"
        assert error_of(net.get(path, **net.question(limit=500))) == (400, 100, 1487534)
        # Fewer rows on a page, fewer fields, or fewer days are within the limit.
        assert len(net.rows(path, **net.question(limit=total - 1))) == total
        assert net.start(fields="ad_id,spend,impressions,actions").status_code == 200
        assert net.start(time_range=json.dumps({"since": "2026-11-02", "until": "2026-11-05"})).status_code == 200


@pytest.mark.parametrize(("since", "refused"), [("2023-10-20", True), ("2023-10-21", True), ("2023-10-22", False)])
def test_the_oldest_day_is_counted_in_the_zone_of_the_account(since: str, *, refused: bool):
    world = World(accounts=6, ads_per_account=1)
    auckland = next(one for one in world.accounts if one.market.zone == "Pacific/Auckland")
    # 2026-11-21 15:00 UTC is the 22nd in Auckland: 37 months earlier is 2023-10-22.
    with wire(world, fault("old_start")) as net:
        days = json.dumps({"since": since, "until": "2023-10-31"})
        answers = [net.start(auckland.id, time_range=days)]
        answers.append(net.get(f"{auckland.id}/insights", **net.question(time_range=days)))
        assert {answer.status_code for answer in answers} == {400 if refused else 200}
        if refused:
            assert {error_of(answer) for answer in answers} == {(400, 100, 3018)}


def test_one_field_fails_the_whole_request(world: World):
    planted = fault("unreportable_field", field="purchase_roas", account=world.accounts[0].id)
    with wire(world, planted) as net:
        bad = {"fields": "ad_id,spend,purchase_roas"}
        assert error_of(net.start(**bad)) == (400, 100, None)
        assert error_of(net.get(f"{net.account()}/insights", **net.question(**bad))) == (400, 100, None)
        assert "purchase_roas" in net.start(**bad).json()["error"]["message"]
        assert net.start(fields="ad_id,spend").status_code == 200
        assert net.start(net.account(1), **bad).status_code == 200


def test_the_owner_of_an_account_needs_a_permission_of_its_own(world: World):
    with wire(world, fault("owner_field")) as net:
        for path in ("me/adaccounts", net.account()):
            assert error_of(net.get(path, fields="name,owner")) == (403, 200, None)
            assert net.get(path, fields="name").status_code == 200


def test_a_poisoned_creative_kills_its_page_only_with_the_field(world: World):
    planted = fault("poisoned_creative", account=world.accounts[0].id)
    with wire(world, planted) as net:
        path = f"{net.account()}/adcreatives"
        ids = [row["id"] for row in net.rows(path, fields="id", limit=100)]
        bad = net.sandbox.app.graph.player.poisoned(planted, net.account())
        assert bad in ids
        spec = {"fields": "name,object_story_spec"}
        answers = {one: net.get(one, **spec) for one in ids}
        assert {one for one, answer in answers.items() if answer.status_code != 200} == {bad}
        assert error_of(answers[bad]) == (400, 100, 2446211)
        assert error_of(net.get(path, limit=100, **spec)) == (400, 100, 2446211)
        assert error_of(net.get("", ids=",".join(ids[:50]), **spec)) == (400, 100, 2446211)
        nested = {"fields": "creative{id,object_story_spec}", "limit": 200, "filtering": every("ad")}
        assert error_of(net.get(f"{net.account()}/ads", **nested)) == (400, 100, 2446211)
        assert net.get(bad, fields="name").json()["id"] == bad
        good = [one for one in ids if one != bad][:50]
        assert set(net.get("", ids=json.dumps(good), **spec).json()) == set(good)


def test_another_seed_poisons_another_creative(world: World):
    with wire(world) as net:
        player = net.sandbox.app.graph.player
        chosen = {player.poisoned(fault("poisoned_creative", seed=seed), net.account()) for seed in range(12)}
    assert len(chosen) > 2


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


def test_time_outs_of_questions_and_batches_pass(world: World):
    with wire(world, fault("request_timed_out"), fault("batch_timeout")) as net:
        assert error_of(net.start()) == (400, 2, 1504018)
        assert net.start().status_code == 200
        node = world.account(net.account()).campaigns[0].id
        assert error_of(net.get("", ids=node)) == (400, 960, None)
        assert net.get("", ids=node).status_code == 200


@pytest.mark.parametrize("by_run", [False, True])
def test_rows_come_twice_over_pages(world: World, *, by_run: bool):
    with wire(world) as calm:
        truth = calm.rows()
    with wire(world, fault("duplicate_rows")) as net:
        path = f"{net.run()}/insights" if by_run else f"{net.account()}/insights"
        question = {} if by_run else net.question()
        rows = net.rows(path, **{**question, "limit": 10})
        pages = -(-len(truth) // 10)
        assert pages > 2
        assert len(rows) == len(truth) + pages
        unique = [row for at, row in enumerate(rows) if row not in rows[:at]]
        assert sorted(unique, key=str) == sorted(truth, key=str)
        assert rows[11] == truth[9]


def test_the_same_rows_lack_their_key_in_every_question(world: World):
    account = world.accounts[0].id
    with wire(world, fault("missing_key", account=account, every=8)) as net:
        rows = net.rows()
        keyless = [row for row in rows if "ad_id" not in row]
        assert 0 < len(keyless) < len(rows) / 3
        assert all("campaign_id" in row and "spend" in row for row in keyless)
        assert net.rows(f"{net.run()}/insights", limit=7) == rows
        one_day = net.rows(
            f"{account}/insights", **net.question(time_range=json.dumps({"since": "2026-11-04", "until": "2026-11-04"}))
        )
        assert one_day == [row for row in rows if row["date_start"] == "2026-11-04"]
        other = net.rows(f"{net.account(1)}/insights", **net.question())
        assert all("ad_id" in row for row in other)


def test_insights_at_once_may_be_empty_though_there_is_spend(world: World):
    with wire(world, fault("sync_empty", account=world.accounts[0].id)) as net:
        empty = net.get(f"{net.account()}/insights", **net.question(breakdowns='["impression_device"]'))
        assert (empty.status_code, empty.json()) == (200, {"data": []})
        assert net.rows() == []
        assert net.rows(f"{net.run()}/insights")
        assert net.rows(f"{net.account(1)}/insights", **net.question())


def spend(net: Wire, level: str, since: date, **more: Any) -> Decimal:
    days = {"since": since.isoformat(), "until": (since + timedelta(days=6)).isoformat()}
    asked = {"level": level, "fields": "spend,campaign_id", "filtering": every(level), "time_range": json.dumps(days)}
    if level == "account":
        asked |= {"fields": "spend", "filtering": "[]"}
    rows = net.rows(f"{net.account()}/insights", **net.question(**{**asked, "time_increment": "7", **more}))
    return sum((Decimal(row["spend"]) for row in rows), Decimal())


def test_a_week_without_ad_rows_has_spend_in_its_account(world: World):
    with wire(world, fault("zero_rows", account=world.accounts[0].id, week=MONDAY)) as net:
        assert spend(net, "ad", MONDAY) == 0
        assert spend(net, "account", MONDAY) > 0
        assert spend(net, "ad", MONDAY, time_increment="1") == 0
        before = MONDAY - timedelta(days=7)
        assert spend(net, "ad", before) == spend(net, "account", before) > 0
        (label,) = net.sandbox.labels
        assert (label.account_id, label.since, label.until) == (net.account(), MONDAY, MONDAY + timedelta(days=6))
        assert (label.fault, label.level, label.metric) == ("zero_rows", "ad", "rows")


def test_a_campaign_says_more_than_its_ads_in_the_labelled_week_only(world: World):
    with wire(world, fault("parent_mismatch", account=world.accounts[0].id, week=MONDAY, factor=1.5)) as net:
        (label,) = net.sandbox.labels
        assert (label.level, label.metric, label.factor, label.since) == ("campaign", "spend", 1.5, MONDAY)
        days = json.dumps({"since": str(MONDAY - timedelta(days=7)), "until": str(MONDAY + timedelta(days=6))})
        found: dict[str, dict[tuple[str, str], Decimal]] = {"campaign": {}, "ad": {}}
        for level, cells in found.items():
            asked = {"level": level, "fields": "campaign_id,spend", "filtering": every(level), "time_range": days}
            for row in net.rows(f"{net.account()}/insights", **net.question(**{**asked, "time_increment": "7"})):
                key = (row["campaign_id"], row["date_start"])
                cells[key] = cells.get(key, Decimal()) + Decimal(row["spend"])
        different = {key for key, total in found["campaign"].items() if total != found["ad"][key]}
        assert different == {(label.entity_id, str(MONDAY))}
        (key,) = different
        assert abs(found["campaign"][key] - found["ad"][key] * Decimal("1.5")) <= Decimal("0.01")


def test_an_old_week_changes_once_its_days_are_old_enough(world: World):
    instant = [datetime(2026, 11, 21, 15, tzinfo=UTC)]
    week = date(2026, 10, 5)
    planted = fault("late_restatement", account=world.accounts[0].id, week=week, from_age=60, factor=0.8)
    with wire(world, planted, now=lambda: instant[0]) as net:
        # 2026-11-21 is 47 days after the Monday: older than the 28 days after which days are settled.
        first = spend(net, "account", week)
        instant[0] += timedelta(days=12)
        assert spend(net, "account", week) == first
        instant[0] += timedelta(days=9)
        later = spend(net, "account", week)
        assert float(later / first) == pytest.approx(0.8, abs=0.001)
        assert spend(net, "ad", week) == spend(net, "campaign", week) == later
        other = week + timedelta(days=7)
        assert float(spend(net, "account", other)) == pytest.approx(truth_of(net, other))
        (label,) = net.sandbox.labels
        assert (label.metric, label.factor, label.since) == ("spend", 0.8, week)


def truth_of(net: Wire, since: date) -> float:
    return float(net.world.truth_daily(net.account(), since, since + timedelta(days=6), None)["spend"].sum())


def test_an_unknown_action_type_repeats_the_purchases_of_one_account(world: World):
    new = "offsite_conversion.fb_pixel_purchase_v2"
    with wire(world, fault("unknown_action_type", account=world.accounts[0].id)) as net:
        fields = {"fields": "ad_id,actions,action_values"}
        seen = 0
        for index in (0, 1):
            for row in net.rows(f"{net.account(index)}/insights", **net.question(**fields)):
                for name in ("actions", "action_values"):
                    values = {item["action_type"]: item["value"] for item in row.get(name, [])}
                    assert values.get(new) == (values.get("omni_purchase") if index == 0 else None)
                    seen += new in values
        assert seen > 5
        assert [label.metric for label in net.sandbox.labels] == [new]


def test_an_account_changes_its_zone(world: World):
    instant = [datetime(2026, 11, 15, 15, tzinfo=UTC)]
    planted = fault("zone_change", account=world.accounts[0].id, week=date(2026, 11, 16), zone="Asia/Tokyo")
    with wire(world, planted, now=lambda: instant[0]) as net:
        fields = {"fields": "timezone_name"}
        to_the_end = net.question(time_range='{"since":"2026-11-10","until":"2026-11-30"}')
        assert net.get(net.account(), **fields).json()["timezone_name"] == "America/New_York"
        last = net.rows(f"{net.account()}/insights", **to_the_end)
        assert max(row["date_start"] for row in last) == "2026-11-15"
        instant[0] = NOW
        assert net.get(net.account(), **fields).json()["timezone_name"] == "Asia/Tokyo"
        listed = net.get("me/adaccounts", fields="timezone_name").json()["data"]
        assert listed[0]["timezone_name"] == "Asia/Tokyo"
        last = net.rows(f"{net.account()}/insights", **to_the_end)
        # 15:00 UTC on the 21st is midnight of the 22nd in Tokyo, which has no row yet.
        assert max(row["date_start"] for row in last) == "2026-11-21"
        assert net.rows(f"{net.run()}/insights") == net.rows()
