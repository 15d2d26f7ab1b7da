"""ROAS and costs: ratios of sums in every window, with and without offline sales, currencies never mixed."""

from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights_assets.analytics.currency import RATES, CurrencyError, Rates, convert
from insights_assets.analytics.revenue import revenue_daily
from insights_assets.analytics.roas import cost_per_action, last_days, roas
from insights_assets.lake.catalog import query
from insights_assets.lake.store import Lake
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.offline_conversions import OFFLINE_CONVERSIONS
from insights_assets.tables.revenue_daily import REVENUE_DAILY
from insights_assets_tests.analytics.creative_facts import action, ad_day
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

SUNDAY = WEEK + timedelta(days=6)
ACCOUNTS = pl.DataFrame({"account_id": ["act_1", "act_2"], "currency": ["EUR", "USD"]})


def sold(ad, day, count, worth, *, spend=10.0, name="omni_purchase", campaign="c1", **more):
    """An ad-day with purchases: in the windows half of them within a day of a click, all within 28."""
    windows = {"w1d_click": count / 2, "w7d_click": count, "w28d_click": count * 1.5}
    values = {n: None if worth is None else v * worth / count for n, v in windows.items()} if count else {}
    row = ad_day(ad, day, spend=spend, campaign_id=campaign, dropped_fields=None, **more)
    row["actions"] = [action(name, count, **windows)] if count else []
    row["action_values"] = [action(name, worth, **values)] if count and worth is not None else []
    return row


def offline(level, entity, day, revenue, *, conversions=1.0, account="act_1", currency=None, campaign=None):
    date = WEEK + timedelta(days=day)
    return valid_row(
        OFFLINE_CONVERSIONS, account_id=account, date=date, level=level, entity_id=entity, campaign_id=campaign,
        conversions=conversions, revenue=revenue, currency=currency,
    )  # fmt: skip


def facts(days, outside=(), rates=None):
    rows = revenue_daily(frame_of(INSIGHTS_DAILY, *days), frame_of(OFFLINE_CONVERSIONS, *outside), ACCOUNTS, rates)
    assert REVENUE_DAILY.split(rows).bad.rows() == []
    return rows


def rated(*rows, base="EUR", days=7):
    return Rates(base, pl.DataFrame(list(rows), schema=RATES, orient="row").sort("date"), days)


def test_each_window_has_its_own_revenue():
    rows = facts([sold("1", 0, 4.0, 80.0)])
    row = rows.to_dicts()[0]
    assert (row["purchases"], row["purchases_1d_click"], row["purchases_28d_click"]) == (4.0, 2.0, 6.0)
    assert (row["revenue"], row["revenue_1d_click"], row["revenue_28d_click"]) == (80.0, 40.0, 120.0)
    # A window without a purchase is absent in the answer, and means none.
    assert (row["purchases_1d_view"], row["revenue_1d_view"]) == (0.0, 0.0)
    by_window = {
        w: roas(rows, SUNDAY, window=w)["roas"].item() for w in ("default", "1d_click", "28d_click", "1d_view")
    }
    assert by_window == {"default": 8.0, "1d_click": 4.0, "28d_click": 12.0, "1d_view": 0.0}
    with pytest.raises(ValueError, match="no attribution window '7d_view'; there are default, 1d_click"):
        roas(rows, SUNDAY, window="7d_view")


def test_aliases_are_not_added():
    day = sold("1", 0, 2.0, 20.0)
    day["actions"] += [action("purchase", 2.0), action("offsite_conversion.fb_pixel_purchase", 2.0)]
    day["action_values"] += [action("purchase", 20.0)]
    assert facts([day]).select("purchases", "revenue").rows() == [(2.0, 20.0)]


def test_a_purchase_of_unknown_value_is_not_one_of_zero():
    rows = facts([sold("1", 0, 2.0, None), sold("1", 1, 1.0, 50.0)])
    assert rows["revenue"].to_list() == [None, 50.0]
    (row,) = roas(rows, SUNDAY).to_dicts()
    # Its spend is left out of the ratio, and kept in the cost per purchase.
    assert (row["spend"], row["roas"], row["purchases"], row["cost_per_purchase"]) == (20.0, 5.0, 3.0, 20 / 3)


def test_windows_that_could_not_be_asked_for_are_unknown():
    day = sold("1", 0, 2.0, 20.0)
    day |= {"dropped_fields": "action_attribution_windows,outbound_clicks"}
    row = facts([day]).to_dicts()[0]
    assert (row["revenue"], row["revenue_7d_click"], row["purchases_1d_view"]) == (20.0, None, None)


def test_seven_days_are_the_default_and_days_without_sales_count():
    rows = facts([sold("1", d, 1.0 if d == 0 else 0.0, 70.0, spend=5.0) for d in range(8)])
    assert last_days(SUNDAY) == WEEK
    assert roas(rows, SUNDAY).select("spend", "roas").rows() == [(35.0, 2.0)]
    assert roas(rows, SUNDAY + timedelta(days=1)).select("spend", "roas").rows() == [(35.0, 0.0)]
    assert roas(rows, SUNDAY + timedelta(days=1), since=WEEK)["spend"].item() == 40.0


def test_offline_sales_count_on_request_where_they_are_known():
    days = [sold("1", 0, 1.0, 10.0, spend=10.0), sold("2", 0, 0.0, 0.0, spend=10.0, campaign="c2")]
    outside = [
        offline("ad", "1", 0, 5.0),
        offline("ad", "1", 3, 7.0),  # a day without delivery
        offline("campaign", "c2", 0, 20.0),
        offline("account", "act_1", 0, 8.0, conversions=2.0),
    ]
    rows = facts(days, outside)
    assert rows["offline_revenue"].sum() == 40.0
    assert rows["spend"].sum() == 20.0
    (plain,), (told,) = (roas(rows, SUNDAY, offline=o).to_dicts() for o in (False, True))
    assert (plain["roas"], plain["offline_revenue"], plain["purchases"]) == (0.5, 0.0, 1.0)
    assert (told["roas"], told["offline_revenue"], told["purchases"], told["cost_per_purchase"]) == (
        2.5,
        40.0,
        6.0,
        20 / 6,
    )
    by_campaign = roas(rows, SUNDAY, offline=True, by=("campaign_id",))
    assert dict(by_campaign.select("campaign_id", "roas").iter_rows()) == {None: None, "c1": 2.2, "c2": 2.0}


def test_offline_revenue_of_another_currency_is_converted_or_left_out_and_told():
    outside = [offline("ad", "1", 0, 100.0, currency="USD"), offline("ad", "1", 1, 3.0)]
    told = facts([sold("1", 0, 0.0, 0.0)], outside, rated((WEEK, "USD", 0.5)))
    assert told["offline_revenue"].to_list() == [50.0, 3.0]
    untold = facts([sold("1", 0, 0.0, 0.0)], outside)
    assert untold.select("offline_revenue", "offline_unconverted", "offline_conversions").rows() == [
        (0.0, 1, 1.0),
        (3.0, 0, 1.0),
    ]


def two_currencies():
    return facts(
        [
            sold("1", 0, 1.0, 40.0, spend=10.0),
            sold("2", 0, 1.0, 10.0, spend=20.0, account_id="act_2", currency="USD", campaign="c9"),
        ]
    )


def test_accounts_of_two_currencies_are_refused_in_a_sentence_without_rates():
    rows = two_currencies()
    assert roas(rows, SUNDAY)["roas"].to_list() == [4.0, 0.5]
    with pytest.raises(CurrencyError, match=r"^Amounts in EUR, USD cannot be added; name one currency"):
        roas(rows, SUNDAY, by=())
    with pytest.raises(CurrencyError, match=r"^There are no rates to convert USD to EUR; name a file"):
        roas(rows, SUNDAY, by=(), to="EUR")


def test_blended_is_a_ratio_of_sums_at_the_rate_of_the_day():
    rates = rated((WEEK, "USD", 0.5))
    (row,) = roas(two_currencies(), SUNDAY, by=(), to="EUR", rates=rates).to_dicts()
    assert (row["currency"], row["spend"], row["revenue"], row["roas"]) == ("EUR", 20.0, 45.0, 2.25)
    (dollars,) = roas(two_currencies(), SUNDAY, by=(), to="USD", rates=rates).to_dicts()
    assert (dollars["spend"], dollars["roas"]) == (40.0, 2.25)


def amounts(*rows):
    return pl.DataFrame(list(rows), schema={"date": pl.Date, "currency": pl.String, "spend": pl.Float64}, orient="row")


def test_the_last_rate_holds_for_so_many_days_and_a_later_one_never():
    rates = rated((WEEK, "USD", 0.5), (WEEK + timedelta(days=9), "USD", 0.8), days=3)
    days = [0, 3, 9, 12]
    got = convert(amounts(*((WEEK + timedelta(days=d), "USD", 10.0) for d in days)), rates, "EUR", ["spend"])
    assert got["spend"].to_list() == [5.0, 5.0, 8.0, 8.0]
    for day in (-1, 4, 8):
        with pytest.raises(CurrencyError, match="no rate to convert USD to EUR on 2026-03"):
            convert(amounts((WEEK + timedelta(days=day), "USD", 1.0)), rates, "EUR", ["spend"])


def test_two_foreign_currencies_meet_through_the_base():
    rates = rated((WEEK, "USD", 0.5), (WEEK, "JPY", 0.01))
    got = convert(amounts((WEEK, "JPY", 1000.0), (WEEK, "USD", 3.0), (WEEK, "EUR", None)), rates, "USD", ["spend"])
    assert got.rows() == [(WEEK, "USD", 20.0), (WEEK, "USD", 3.0), (WEEK, "USD", None)]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.sampled_from(["1", "2"]), st.integers(1, 400), st.integers(0, 5)),
        min_size=1, max_size=12, unique_by=lambda d: d[:2],
    )
)  # fmt: skip
def test_any_grouping_adds_up_to_the_blend(drawn):
    rows = facts([sold(ad, d, float(n), n * 8.0, spend=s / 4, campaign=f"c{ad}") for d, ad, s, n in drawn])
    (blend,) = roas(rows, SUNDAY, by=()).to_dicts()
    assert blend["spend"] == sum(s for _, _, s, _ in drawn) / 4
    assert blend["revenue"] == sum(8.0 * n for *_, n in drawn)
    assert blend["roas"] == pytest.approx(blend["revenue"] / blend["spend"])
    for by in (("campaign_id",), ("date",), ("entity_id", "date")):
        parts = roas(rows, SUNDAY, by=by)
        assert (parts["spend"].sum(), parts["revenue"].sum()) == (blend["spend"], blend["revenue"])


def test_cost_of_any_action_type_is_by_its_exact_name_and_the_whole_spend():
    days = [
        ad_day("1", 0, spend=10.0, actions={"lead": 2.0, "onsite_conversion.lead_grouped": 1.0}),
        ad_day("2", 1, spend=30.0, actions={"comment": 0.0}),
    ]
    rows = cost_per_action(frame_of(INSIGHTS_DAILY, *days), WEEK, SUNDAY)
    assert rows.select("action_type", "actions", "spend", "cost").rows() == [
        ("comment", 0.0, 40.0, None),
        ("lead", 2.0, 40.0, 20.0),
        ("onsite_conversion.lead_grouped", 1.0, 40.0, 40.0),
    ]
    only = cost_per_action(frame_of(INSIGHTS_DAILY, *days), WEEK, WEEK, action_types=["lead"], by=("ad_id",))
    assert only.select("ad_id", "cost").rows() == [("1", 5.0)]


def test_the_views_say_what_the_functions_say(tmp_path):
    lake = Lake(str(tmp_path / "lake"))
    days = [sold("1", 0, 2.0, 30.0), sold("2", 1, 1.0, 50.0, spend=30.0), sold("3", 1, 2.0, None, campaign="c2")]
    rows = facts(days, [offline("campaign", "c1", 0, 9.0)])
    lake.replace(REVENUE_DAILY, rows, [("act_1", WEEK)])
    lake.replace(INSIGHTS_DAILY, frame_of(INSIGHTS_DAILY, *days), [("act_1", WEEK)])
    viewed = query(
        lake,
        "SELECT entity_id, roas, roas_1d_click, roas_with_offline, spend FROM roas WHERE level = 'campaign' ORDER BY 1",
    )
    plain, click, both = (
        roas(rows, SUNDAY, by=("campaign_id",), window=w, offline=o)["roas"].to_list()
        for w, o in (("default", False), ("1d_click", False), ("default", True))
    )
    assert viewed.rows() == [("c1", plain[0], click[0], both[0], 40.0), ("c2", plain[1], click[1], both[1], 10.0)]
    assert query(lake, "SELECT accounts, spend, roas FROM roas_blended").rows() == [(1, 50.0, 2.0)]
    costs = query(lake, "SELECT action_type, actions, spend, cost FROM cost_per_action WHERE level = 'account'")
    told = cost_per_action(lake.read(INSIGHTS_DAILY), WEEK, SUNDAY)
    assert costs.rows() == told.select("action_type", "actions", "spend", "cost").rows()
