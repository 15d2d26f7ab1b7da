import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from insights_assets.graph_api.creative_specs import expires_at
from insights_assets.graph_api.records import Creative
from insights_assets.sandbox import World, create_app
from insights_assets.sandbox.videos import videos_of

from .conftest import NOW, TOKEN, AppClient, all_pages

EVERY = json.dumps(
    [{"field": "effective_status", "operator": "IN", "value": ["ACTIVE", "PAUSED", "ARCHIVED", "DELETED"]}]
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(1, 60), edge=st.sampled_from(["campaigns", "adsets", "ads", "adcreatives", "advideos"]))
def test_paging_gives_each_entity_once(client: AppClient, world: World, limit: int, edge: str):
    account = world.accounts[2].id
    ids = [row["id"] for row in all_pages(client, f"/v26.0/{account}/{edge}", fields="id", limit=limit)]
    whole = [row["id"] for row in all_pages(client, f"/{account}/{edge}", fields="id", limit=500)]
    assert ids == whole
    assert len(set(ids)) == len(ids) > 0


def test_all_accounts_are_listed(client: AppClient, world: World):
    rows = all_pages(client, "/v26.0/me/adaccounts", fields="account_id,name,currency,timezone_name,business", limit=3)
    assert [row["id"] for row in rows] == [a.id for a in world.accounts]
    assert all(row["id"] == f"act_{row['account_id']}" and set(row["business"]) == {"id", "name"} for row in rows)


def test_deleted_and_archived_are_hidden_unless_named(client: AppClient, world: World):
    account = world.accounts[0].id
    plain = all_pages(client, f"/{account}/ads", fields="effective_status", limit=200)
    named = all_pages(client, f"/{account}/ads", fields="effective_status", limit=200, filtering=EVERY)
    assert not {row["effective_status"] for row in plain} & {"DELETED", "ARCHIVED"}
    assert {row["effective_status"] for row in named} >= {"ACTIVE", "DELETED", "ARCHIVED"}
    short = all_pages(client, f"/{account}/ads", fields="id", limit=200, effective_status='["DELETED"]')
    assert {row["id"] for row in short} == {row["id"] for row in named if row["effective_status"] == "DELETED"}


def test_filters_by_id_parent_and_updated_time(client: AppClient, world: World):
    account = world.accounts[0].id
    ads = all_pages(client, f"/{account}/ads", fields="campaign_id,updated_time", limit=200)
    one = json.dumps([{"field": "ad.id", "operator": "IN", "value": [ads[0]["id"]]}])
    assert [row["id"] for row in all_pages(client, f"/{account}/ads", filtering=one)] == [ads[0]["id"]]
    of = json.dumps([{"field": "campaign.id", "operator": "IN", "value": [ads[0]["campaign_id"]]}])
    expected = {row["id"] for row in ads if row["campaign_id"] == ads[0]["campaign_id"]}
    assert {row["id"] for row in all_pages(client, f"/{account}/ads", filtering=of)} == expected
    late = json.dumps([{"field": "updated_time", "operator": "GREATER_THAN", "value": 1790000000}])
    assert 0 < len(all_pages(client, f"/{account}/ads", filtering=late, limit=200)) < len(ads)


@pytest.mark.parametrize(
    ("path", "node"),
    [("", "AdAccount"), ("/campaigns", "Campaign"), ("/adsets", "AdSet"), ("/ads", "Ad"), ("/insights", "AdsInsights")],
)
def test_an_unknown_field_is_an_error(client: AppClient, world: World, path: str, node: str):
    answer = client.get(
        f"/v26.0/{world.accounts[0].id}{path}", params={"fields": "id,foo" if path != "/insights" else "foo"}
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == 100
    assert answer.json()["error"]["message"] == f"(#100) Tried accessing nonexisting field (foo) on node type ({node})"


def test_only_asked_fields_and_nested_ones(client: AppClient, world: World):
    row = client.get(
        f"/{world.accounts[0].id}/ads", params={"fields": "name,creative{id,name},adset", "limit": 1}
    ).json()["data"][0]
    assert set(row) == {"id", "name", "creative", "adset"}
    assert set(row["creative"]) == {"id", "name"}
    assert set(row["adset"]) == {"id"}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}])
def test_a_bad_token_is_190(world: World, headers: dict[str, str]):
    answer = AppClient(create_app(world, now=lambda: NOW)).get("/v26.0/me/adaccounts", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 190)
    assert {"x-app-usage", "x-ad-account-usage", "x-business-use-case-usage", "x-fb-ads-insights-throttle"} <= set(
        answer.headers
    )


def test_next_repeats_the_token_only_when_it_came_in_the_query(client: AppClient, world: World):
    path = f"/v26.0/{world.accounts[0].id}/ads"
    assert "access_token" not in client.get(path, params={"limit": 2}).json()["paging"]["next"]
    app = create_app(world, now=lambda: NOW)
    body = AppClient(app).get(path, params={"limit": 2, "access_token": "sandbox-token"}).json()
    assert "access_token=sandbox-token" in body["paging"]["next"]
    assert "sandbox-token" not in str(app.state.requests)


def test_an_unknown_object_is_100_33(client: AppClient):
    for path in ("/v26.0/act_1", "/v26.0/act_1/ads", "/v26.0/42", "/v26.0/act_1/insights"):
        error = client.get(path).json()["error"]
        assert (error["code"], error["error_subcode"]) == (100, 33)


def test_a_token_sees_only_its_accounts(world: World):
    only = frozenset({world.accounts[3].id})
    other = AppClient(
        create_app(world, now=lambda: NOW, visible_accounts={"limited": only}),
        headers={"Authorization": "Bearer limited"},
    )
    assert {row["id"] for row in all_pages(other, "/me/adaccounts")} == only
    assert other.get(f"/{world.accounts[0].id}").json()["error"]["error_subcode"] == 33


def test_badtoken_and_flaky_scenarios(world: World):
    bad = AppClient(create_app(world, now=lambda: NOW, scenario="badtoken"), headers=TOKEN)
    codes = [bad.get(f"/{a.id}").json().get("error", {}).get("error_subcode") for a in world.accounts]
    assert codes == [None] * 9 + [463]
    flaky = AppClient(create_app(world, now=lambda: NOW, scenario="flaky"), headers=TOKEN)
    statuses = [flaky.get("/me").status_code for _ in range(200)]
    assert 2 < statuses.count(500) < 40


def test_zero_decimal_budgets_are_whole_units(client: AppClient, world: World):
    yen = next(a for a in world.accounts if a.market.currency == "JPY")
    dollar = next(a for a in world.accounts if a.market.currency == "USD")
    budget = {}
    for account in (yen, dollar):
        rows = all_pages(client, f"/{account.id}/adsets", fields="daily_budget", limit=100)
        budget[account.id] = [int(row["daily_budget"]) for row in rows if "daily_budget" in row]
        assert budget[account.id]
    # About 50 to 300 dollars: thousands of cents, and tens of thousands of yen.
    assert 1000 < min(budget[dollar.id]) < 100_000
    assert 1000 < min(budget[yen.id]) < 200_000


def test_several_objects_by_ids_and_each_alone(client: AppClient, world: World):
    made = world.account(world.accounts[0].id)
    ids = [made.campaigns[0].id, made.adsets[0].id, made.ads[0].id, made.creatives[0].id]
    several = client.get("/v26.0/", params={"ids": ",".join(ids), "fields": "id,name,account_id"}).json()
    assert list(several) == ids
    assert several == {one: client.get(f"/{one}", params={"fields": "name,account_id"}).json() for one in ids}
    other = world.account(world.accounts[1].id).campaigns[0]
    both = client.get("/v26.0/", params={"ids": json.dumps([ids[0], other.id]), "fields": "name"}).json()
    assert both[other.id]["name"] == other.name


def test_an_unknown_id_among_several_fails_them_all(client: AppClient, world: World):
    known = world.account(world.accounts[0].id).campaigns[0].id
    answer = client.get("/v26.0/", params={"ids": f"{known},42"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, 803)
    many = client.get("/v26.0/", params={"ids": ",".join([known] * 51)})
    assert (many.status_code, many.json()["error"]["code"]) == (400, 100)
    assert client.get("/v26.0/", params={"ids": "[]"}).json()["error"]["code"] == 100
    assert client.get("/v26.0/", params={"ids": "moon"}).json()["error"]["code"] == 803
    assert "Maximum: 50. Provided: 51" in many.json()["error"]["message"]


def test_a_page_may_have_5000_rows(client: AppClient, world: World):
    question = {
        "level": "ad",
        "fields": "ad_id,spend",
        "time_increment": 1,
        "time_range": '{"since":"2026-06-01","until":"2026-11-15"}',
        "filtering": EVERY.replace("effective_status", "ad.effective_status"),
    }
    path = f"/{world.accounts[0].id}/insights"
    large = client.get(path, params={**question, "limit": 6000}).json()
    total = len(all_pages(client, path, **question, limit=500))
    assert 500 < total < 5000
    assert len(large["data"]) == total
    assert "next" not in large["paging"]
    assert len(client.get(path, params={**question, "limit": 501}).json()["data"]) == 501


def test_only_the_methods_of_the_api_are_known(client: AppClient, world: World):
    for method in ("PUT", "PATCH"):
        assert client.request(method, f"/{world.accounts[0].id}").json()["error"]["error_subcode"] == 33
    assert client.delete(f"/{world.account(world.accounts[0].id).ads[0].id}").json()["error"]["error_subcode"] == 33
    assert client.delete(f"/{world.accounts[0].id}/ads").json()["error"]["error_subcode"] == 33


def test_videos_are_those_of_the_creatives_and_their_sources_end(client: AppClient, world: World):
    account = world.accounts[0].id
    rows = all_pages(client, f"/{account}/adcreatives", fields="video_id,object_story_spec,asset_feed_spec", limit=100)
    library = all_pages(client, f"/{account}/advideos", fields="id,source", limit=100)
    listed = {row["id"] for row in library}
    records = [Creative.from_json(row) for row in rows]
    shown = {record.video_id for record in records if record.video_id}
    assert shown
    assert shown <= listed
    assert any(card.video_id for record in records for card in record.cards)
    # As with Meta, not every video of a feed or of a card is in the library; by its id it can be read unless deleted.
    others = sorted(frozenset().union(*(record.video_ids for record in records)) - listed)
    homes = {video.id: video.home for item in world.account(account).creatives for video in videos_of(item)}
    assert {homes[one] for one in others} == {"page", "deleted"}
    fields = {"fields": "id,source,picture"}
    by_page = [one for one in others if homes[one] == "page"]
    several = client.get("/v26.0/", params={"ids": ",".join(by_page), **fields}).json()
    assert list(several) == by_page
    assert several == {one: client.get(f"/{one}", params=fields).json() for one in by_page}
    gone = next(one for one in others if homes[one] == "deleted")
    assert client.get("/v26.0/", params={"ids": f"{by_page[0]},{gone}", **fields}).json()["error"]["code"] == 803
    assert client.get(f"/{gone}", params=fields).json()["error"]["error_subcode"] == 33
    assert client.get(f"/{by_page[0]}/insights", params={"fields": "spend"}).json()["error"]["error_subcode"] == 33
    ends = {expires_at([row["source"]]) for row in [*library, *several.values()]}
    assert all(end is not None and timedelta() < end - NOW <= timedelta(days=5) for end in ends)
