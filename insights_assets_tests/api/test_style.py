"""The one style of all lists and answers: pages, order, filters, ETags, problems; and what must not get through."""

import pytest

from insights_assets.tables.registry import TABLES
from insights_assets_tests.api.fleet_of_two import HOSTILE, NEWEST, WEEKS, build, rows_of
from insights_assets_tests.api.served import key, make_app, running, settings_of
from insights_assets_tests.tables.rows import frame_of, valid_row

EVIL = [HOSTILE, "' OR '1'='1", "1; DROP TABLE lake.ads", "${7*7}", "%00", "..%2f..%2fetc%2fpasswd", "\x00", "a" * 5000]


def test_pages_are_stable_under_ties(ask):
    """Seven findings of the same week and score: each is on exactly one page."""
    pages = [ask("/accounts/act_1/anomalies", level="ad", size=3, page=n) for n in (1, 2, 3, 4)]
    names = [row["finding_id"] for page in pages for row in page["items"]]
    assert names == [f"{'0' * 15}{n}" for n in range(7)]
    assert [len(page["items"]) for page in pages] == [3, 3, 1, 0]
    assert {(page["total"], page["pages"]) for page in pages} == {(7, 3)}


def test_an_order_may_have_several_columns_and_nulls_come_last(ask):
    rows = ask("/accounts/act_1/results", level="ad", sort="-week,cpr", since=str(NEWEST))["items"]
    assert [(row["entity_id"], row["cpr"]) for row in rows] == [("11", 10.0), ("12", 30.0), ("13", None)]
    rows = ask("/accounts/act_1/results", level="ad", sort="-cpr", since=str(NEWEST))["items"]
    assert [row["cpr"] for row in rows] == [30.0, 10.0, None]


def test_a_level_that_is_not_named_is_campaign(ask):
    for path in ("features", "results", "insights", "classifications", "forecasts", "prediction-accuracy"):
        assert {row["level"] for row in ask(f"/accounts/act_1/{path}")["items"]} == {"campaign"}, path


def test_a_period_takes_whole_weeks_and_single_days(ask):
    wednesday = WEEKS[2].replace(day=WEEKS[2].day + 2)
    rows = ask("/accounts/act_1/features", since=str(wednesday), until=str(wednesday))["items"]
    assert {row["week"] for row in rows} == {str(WEEKS[2])}
    rows = ask("/accounts/act_1/insights/daily", since=str(wednesday), until=str(wednesday))["items"]
    assert [(row["date"], row["ad_id"]) for row in rows] == [(str(wednesday), "13")]


PERIODS = (
    *("/accounts/act_1", "/accounts/act_1/ads/11", "/accounts/act_1/creatives", "/accounts/act_1/creatives/aggregates"),
    *("/accounts/act_1/timeline/ad/11", "/accounts/act_1/roas/period", "/roas/period", "/overview", "/accounts"),
)


@pytest.mark.parametrize("path", PERIODS)
def test_a_period_may_begin_after_the_newest_day_that_there_is(ask, path):
    """As that of a page of today does before today was read."""
    body = ask(path, since="2026-05-06")
    assert "2026-05-04" <= body["since"] <= body["until"] <= "2026-05-06"  # a Wednesday, or its week


def test_a_period_may_begin_within_the_newest_week(ask):
    wednesday = str(NEWEST.replace(day=NEWEST.day + 2))
    assert ask("/accounts/act_1", since=wednesday)["figures"]["spend"] == 450.0
    assert ask("/accounts/act_1/ads/11", since=wednesday)["figures"]["spend"] == 100.0
    weeks = ask("/accounts/act_1/timeline/ad/11", grain="week", since=wednesday)["items"]
    assert [row["week"] for row in weeks] == [str(NEWEST)]


def test_filters_and_fields(ask):
    body = ask("/accounts/act_1/features", level="ad", entity_id="12", fields="week,spend")
    assert body["freshness"]["is_settled"] is False  # though the column is not shown
    assert body["items"] == [{"week": str(week), "spend": 300.0} for week in reversed(WEEKS)]
    assert ask("/accounts/act_1/ads", name_contains="SCRIPT")["total"] == 1
    assert ask("/accounts/act_1/checks", passed="false")["total"] == 1
    assert ask("/accounts/act_1/checks", passed="true")["total"] == 0


@pytest.mark.parametrize(
    "parameters",
    [
        {"sort": "nope"},
        {"sort": "spend;drop"},
        {"sort": ""},
        {"fields": "spend,nope"},
        {"nope": "1"},
        {"page": "0"},
        {"size": "501"},
        {"size": "-1"},
        {"level": "planet"},
        {"since": "yesterday"},
        {"since": "2026-03-02", "until": "2026-02-02"},
        {"is_settled": "perhaps"},
    ],
    ids=str,
)
def test_a_wrong_parameter_is_a_problem_that_names_it(client, viewer, parameters):
    response = client.get("/accounts/act_1/features", headers=viewer, params=parameters)
    problem = response.json()
    assert response.status_code == 422
    assert response.headers["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "instance"} <= set(problem)
    assert any(name in problem["detail"] for name in parameters)


@pytest.mark.parametrize("evil", EVIL, ids=lambda e: e[:12].encode("unicode_escape").decode())
def test_no_text_gets_through_as_anything_but_text(client, viewer, evil):
    """SQL, paths and templates in every place where a caller may write something."""
    whole = client.get("/accounts/act_1/ads", headers=viewer).json()["total"]
    for name in ("sort", "fields", "status", "name_contains", "campaign_id", "week", "page", "level"):
        response = client.get("/accounts/act_1/ads", headers=viewer, params={name: evil})
        assert response.status_code in (200, 422), name
        if response.status_code == 200 and evil != HOSTILE:
            assert response.json()["items"] == [], name
    for path in (
        f"/accounts/{evil}/ads",
        f"/accounts/act_1/ads/{evil}",
        f"/runs/{evil}",
        f"/accounts/act_1/timeline/ad/{evil}",
    ):
        response = client.get(path.replace("\x00", "%00").replace("\n", "%0a"), headers=viewer)
        assert response.status_code in (404, 405, 422), path
        assert "root:" not in response.text
    assert client.get("/accounts/act_1/ads", headers=viewer).json()["total"] == whole


def test_an_etag_holds_until_a_row_of_the_account_changes(tmp_path):
    lake = build(tmp_path / "lake")
    app = make_app(settings_of(tmp_path / "home", lake.root))
    viewer, scoped = key(app), key(app, accounts=["act_1"])
    path = "/accounts/act_1/anomalies?level=ad"
    with running(app) as client:
        first = client.get(path, headers=viewer)
        known = {**viewer, "If-None-Match": first.headers["ETag"]}
        again = client.get(path, headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert first.headers["Cache-Control"] == "private, no-cache"
        assert client.get(path, headers=scoped).headers["ETag"] != first.headers["ETag"]
        table = TABLES["anomalies_ad"]
        for account, status in (("act_2", 304), ("act_1", 200)):
            lake.append(table, frame_of(table, valid_row(table, account_id=account, finding_id="f" * 16)))
            assert client.get(path, headers=known).status_code == status
        assert client.get(path, headers=viewer).json()["total"] == 8


def test_a_replaced_account_is_read_anew_everywhere(tmp_path):
    """Frames, answers and the rollup over all accounts follow a commit."""
    lake = build(tmp_path / "lake", ["act_1"])
    app = make_app(settings_of(tmp_path / "home", lake.root))
    viewer = key(app)
    table = TABLES["insights_weekly_campaign"]
    row = valid_row(table, **{c: v for c, v in rows_of("act_1")[table.name][-2].items() if c in table.schema})
    with running(app) as client:
        before = client.get("/overview", headers=viewer).json()["totals"][0]["spend"]
        lake.replace(table, frame_of(table, {**row, "spend": 1000.0}), [("act_1", NEWEST)])
        after = client.get("/overview", headers=viewer).json()["totals"][0]["spend"]
        assert (before, after) == (4 * 450.0, 3 * 450.0 + 1000.0)
        assert client.get("/accounts/act_1", headers=viewer).json()["figures"]["spend"] == after


def test_foreign_text_is_data(ask, client):
    assert ask("/accounts/act_1/ads/11")["entity"]["name"] == HOSTILE
    page = client.get("/docs")
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_an_unknown_path_is_a_problem_too(client):
    for method, path, status in (("GET", "/nope", 404), ("PUT", "/overview", 405)):
        response = client.request(method, path)
        assert response.status_code == status
        assert response.headers["Content-Type"] == "application/problem+json"
