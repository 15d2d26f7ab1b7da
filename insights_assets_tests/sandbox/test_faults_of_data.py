"""Faults that depend on what is asked: sizes, fields, creatives, rows and pages."""

import json

import pytest

from insights_assets.sandbox import World, fault

from .wire import error_of, every, wire


@pytest.fixture(scope="module")
def world() -> World:
    return World(accounts=3, ads_per_account=(9, 12))


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
