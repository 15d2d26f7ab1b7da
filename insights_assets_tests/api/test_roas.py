"""Return on ad spend through the API, held to sums made by hand; only the caller's accounts, never mixed currencies.

A week of `fleet_of_two`: ad 11 spends 100 for purchases worth 250, ad 12 300 for purchases of unknown value, ad 13 50
for none; 2 sales outside Meta, worth 50, are known of campaign c1.
"""

from dataclasses import replace

import pytest

from insights_assets.currency_settings import CurrencySettings
from insights_assets.tables.registry import TABLES
from insights_assets_tests.api.fleet_of_two import NEWEST, WEEKS, build
from insights_assets_tests.api.served import key, make_app, running, settings_of
from insights_assets_tests.tables.rows import frame_of, valid_row

PERIOD = "/accounts/act_1/roas/period"


def test_weeks_have_a_row_for_each_entity_and_the_account(ask):
    (newest, *earlier) = ask("/accounts/act_1/roas", level="account")["items"]
    assert (newest["week"], newest["spend"], newest["purchases"]) == (str(NEWEST), 450.0, 20.0)
    assert newest["roas"] == pytest.approx(250 / 150)  # the spend of ad 12 bought what has no value
    assert newest["roas_with_offline"] == pytest.approx(300 / 150)
    assert newest["roas_7d_click"] == pytest.approx(27 / 450)
    assert len(earlier) == 3
    assert {row["level"] for row in ask("/accounts/act_1/roas")["items"]} == {"campaign"}
    ads = ask("/accounts/act_1/roas", level="ad", since=str(NEWEST), sort="-roas")["items"]
    assert [(row["entity_id"], row["roas"]) for row in ads] == [("11", 2.5), ("13", 0.0), ("12", None)]


def test_a_period_is_of_exactly_its_days(ask):
    body = ask(PERIOD, sort="entity_id")
    assert [(r["level"], r["entity_id"], r["roas"]) for r in body["items"]] == [
        ("campaign", "c1", 2.5),
        ("campaign", "c2", 0.0),
    ]
    assert (body["since"], body["until"]) == ("2026-02-26", "2026-03-04")  # 7 days up to the newest
    one = ask(PERIOD, level="account", since=str(WEEKS[0]), until=str(WEEKS[1]))["items"]
    assert [(row["entity_id"], row["spend"], row["roas"]) for row in one] == [("act_1", 550.0, 500 / 250)]
    assert ask(PERIOD, since="2020-01-01", until="2020-01-31")["items"] == []


def test_windows_and_offline_sales_are_counted_when_asked_for(ask):
    (plain,) = ask(PERIOD, level="account")["items"]
    (more,) = ask(PERIOD, level="account", offline="true")["items"]
    (window,) = ask(PERIOD, level="account", window="7d_click")["items"]
    assert (plain["revenue"], plain["cost_per_purchase"], plain["offline_revenue"]) == (250.0, 22.5, 0.0)
    assert (more["revenue"], more["roas"], more["cost_per_purchase"]) == (300.0, 2.0, 450 / 22)
    assert window["roas"] == pytest.approx(27 / 450)
    ads = ask(PERIOD, level="ad", offline="true")["items"]
    assert sum(row["offline_revenue"] for row in ads) == 0.0  # nobody knows of which ad


def test_accounts_are_blended_within_a_currency(ask):
    body = ask("/roas", since=str(NEWEST))
    figures = [(r["currency"], r["accounts"], r["spend"], r["roas"]) for r in body["items"]]
    assert figures == [("JPY", 1, 45_000.0, 250 / 150), ("EUR", 1, 450.0, 250 / 150)]
    assert (ask("/roas")["total"], ask("/roas", currency="EUR")["total"]) == (8, 4)
    period = ask("/roas/period", offline="true")
    assert [(r["currency"], r["spend"], r["roas"]) for r in period["items"]] == [
        ("EUR", 450.0, 2.0),
        ("JPY", 45_000.0, 2.0),
    ]
    assert (period["since"], period["until"]) == ("2026-02-26", "2026-03-04")


def test_a_scope_bounds_what_is_blended(ask, app):
    one, none = key(app, accounts=["act_2"]), key(app, accounts=[])
    for path in ("/roas", "/roas/period"):
        assert {row["currency"] for row in ask(path, headers=one)["items"]} == {"JPY"}, path
        assert ask(path, headers=none)["items"] == [], path
    # Without rates euro could not be yen: a refusal would tell of the other account's currency.
    assert [row["spend"] for row in ask("/roas/period", headers=one, to="JPY")["items"]] == [45_000.0]


def test_currencies_are_converted_by_dated_rates_or_refused(ask, client, viewer, lake, tmp_path):
    for path in ("/roas/period", PERIOD):
        refused = client.get(path, headers=viewer, params={"to": "USD"})
        assert refused.status_code == 422
        assert "no rates to convert" in refused.json()["detail"]
    assert ask(PERIOD, to="EUR", level="account")["items"][0]["spend"] == 450.0
    rates = tmp_path / "rates.csv"
    rates.write_text(f"date,currency,rate\n{NEWEST},JPY,0.01\n")
    settings = replace(settings_of(tmp_path, lake.root), currency=CurrencySettings("EUR", str(rates)))
    app = make_app(settings)
    with running(app) as other:
        headers = key(app)
        both = other.get("/roas/period", headers=headers, params={"to": "EUR"})
        (row,) = both.json()["items"]
        assert (row["currency"], row["spend"], row["revenue"]) == ("EUR", 900.0, 500.0)
        assert row["roas"] == pytest.approx(500 / 300)
        # Other rates are another answer.
        rates.write_text(f"date,currency,rate\n{NEWEST},JPY,0.002\n")
        again = other.get(
            "/roas/period", headers={**headers, "If-None-Match": both.headers["ETag"]}, params={"to": "EUR"}
        )
        assert again.json()["items"][0]["spend"] == pytest.approx(540.0)


@pytest.mark.parametrize("text", ["date,currency,rate\n2026-03-04,TRY,none\n", None], ids=["a bad row", "gone"])
def test_a_bad_file_of_rates_is_the_servers_and_its_path_and_rows_are_told_to_nobody(lake, tmp_path, caplog, text):
    rates = tmp_path / "rates.csv"
    if text:
        rates.write_text(text)
    app = make_app(replace(settings_of(tmp_path, lake.root), currency=CurrencySettings("EUR", str(rates))))
    with running(app) as client:
        for path in ("/roas/period", PERIOD):
            response = client.get(path, headers=key(app, accounts=["act_1"]), params={"to": "USD"})
            assert response.status_code == 503, path
            assert "TRY" not in response.text
            assert "rates.csv" not in response.text
    assert str(rates) in caplog.text


@pytest.mark.parametrize(
    "parameters",
    [{"since": "2026-03-02", "until": "2026-02-02"}, {"window": "28d_view"}, {"to": "euro"}, {"until": "9999-99-99"}],
    ids=str,
)
def test_a_wrong_parameter_is_refused(client, viewer, parameters):
    for path in ("/roas/period", PERIOD):
        response = client.get(path, headers=viewer, params=parameters)
        assert response.status_code == 422
        assert response.headers["Content-Type"] == "application/problem+json"


def test_the_first_days_of_the_calendar_are_no_error(ask):
    assert ask("/roas/period", until="0001-01-02")["items"] == []


def test_an_etag_holds_until_a_fact_of_the_scope_changes(tmp_path):
    lake = build(tmp_path / "lake")
    app = make_app(settings_of(tmp_path / "home", lake.root))
    headers = key(app, accounts=["act_1"])
    table = TABLES["revenue_daily"]
    with running(app) as client:
        for path in ("/roas", "/roas/period", "/accounts/act_1/roas", PERIOD):
            known = {**headers, "If-None-Match": client.get(path, headers=headers).headers["ETag"]}
            for account, status in (("act_2", 304), ("act_1", 200)):
                row = valid_row(table, account_id=account, week=NEWEST, date=NEWEST, entity_id=path.replace("/", ""))
                lake.append(table, frame_of(table, row))
                assert client.get(path, headers=known).status_code == status, path


def test_costs_of_actions_are_by_exact_name_and_types_are_not_added(ask):
    rows = ask("/accounts/act_1/cost-per-action", level="account", since=str(NEWEST))["items"]
    assert [(r["action_type"], r["actions"], r["spend"], r["cost"]) for r in rows] == [
        ("omni_purchase", 20.0, 450.0, 22.5),
        ("link_click", 10.0, 450.0, 45.0),
    ]
    one = ask("/accounts/act_1/cost-per-action", level="ad", action_type="omni_purchase", entity_id="12")
    assert {row["cost"] for row in one["items"]} == {30.0}


def test_lives_and_wear_of_creatives_and_the_best_of_them(ask):
    lives = ask("/accounts/act_1/creatives/lifecycle", since=str(NEWEST))["items"]
    assert [(row["creative_id"], row["cost_ratio"]) for row in lives] == [("k13", 3.0), ("k12", 2.0), ("k11", 1.0)]
    assert ask("/accounts/act_1/creatives/lifecycle", status="healthy")["total"] == 4
    worn = ask("/accounts/act_1/creatives/fatigue", fatigue="fatigued", fields="week,creative_id")["items"]
    assert worn == [{"week": str(week), "creative_id": "k11"} for week in reversed(WEEKS)]
    best = ask("/accounts/act_1/creatives/top", metric="ctr", since=str(NEWEST))["items"]
    assert [(row["rank"], row["creative_id"]) for row in best] == [(1, "k13"), (2, "k11"), (3, "k12")]
