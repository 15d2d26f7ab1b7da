"""The audit of a year, by hand."""

from datetime import timedelta

import pytest

from insights_assets.analytics.yearly_audit import yearly_audit
from insights_assets.tables.features import FEATURES_AD
from insights_assets.tables.yearly_audit import YEARLY_AUDIT
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

WEEKS = [WEEK + timedelta(weeks=n) for n in range(60)]


def ad(name, *weeks, **more):
    """An ad with (week number, spend, results) each."""
    return [
        valid_row(FEATURES_AD, entity_id=name, week=WEEKS[n], spend=float(s), results=float(r), **more)
        for n, s, r in weeks
    ]


def audit(*ads, week=3):
    rows = yearly_audit(frame_of(FEATURES_AD, *(row for one in ads for row in one)), [WEEKS[week]])
    assert YEARLY_AUDIT.split(rows).bad.rows() == []
    return rows


def one(*ads, **where):
    (row,) = audit(*ads, **where).to_dicts()
    return row


def test_totals_and_concentration():
    strong = ad("strong", (0, 100, 80), (1, 100, 80), (3, 100, 40))
    weak = [ad(f"w{n}", (1, 50, 5)) for n in range(8)]
    none = ad("none", (2, 300, 0), (3, 100, 0))
    row = one(strong, *weak, none)
    assert (row["ads"], row["weeks"], row["spend"], row["results"], row["first_week"]) == (10, 4, 1100.0, 240.0, WEEK)
    assert row["cpr"] == pytest.approx(1100 / 240)
    # One ad of ten brings 200 of 240 results with 300 of 1100 spend, and with that 80 % by itself.
    assert (row["top_ads"], row["ads_for_80_pct"], row["spend_of_the_rest"]) == (1, 1, 800.0)
    assert row["top_ads_results_pct"] == pytest.approx(100 * 200 / 240)
    assert row["top_ads_spend_pct"] == pytest.approx(100 * 300 / 1100)
    assert (row["zero_result_spend"], row["zero_result_ad_weeks"], row["zero_result_ads"]) == (400.0, 2, 1)


def test_best_and_worst_weeks_leave_out_the_lucky_and_the_unfinished():
    weeks = [(0, 100, 10), (1, 100, 20), (2, 100, 0), (3, 5, 5), (4, 100, 5)]
    row = one(ad("1", *weeks), ad("2", (5, 100, 50), is_complete=False), week=5)
    assert [(w["week"], w["cpr"]) for w in row["best_weeks"]] == [(WEEKS[1], 5.0), (WEEKS[0], 10.0), (WEEKS[4], 20.0)]
    assert [(w["week"], w["cpr"]) for w in row["worst_weeks"]][:2] == [(WEEKS[2], None), (WEEKS[4], 20.0)]
    # Costs 1, 2, 5, 10, 20 and none at all.
    assert row["median_week_cpr"] == 7.5


def test_a_year_is_52_weeks_and_nothing_later():
    row = one(ad("1", (0, 100, 10), (1, 10, 1), (52, 10, 2), (53, 999, 9)), week=52)
    assert (row["spend"], row["first_week"], row["weeks"]) == (20.0, WEEKS[1], 2)


def test_families_are_kept_apart_and_one_without_results_has_no_cost():
    row = audit(ad("1", (3, 10, 1)), ad("2", (3, 30, 0), result_family="messages")).to_dicts()[0]
    assert (row["result_family"], row["cpr"], row["ads_for_80_pct"], row["best_weeks"]) == ("messages", None, None, [])
    assert (row["median_week_cpr"], row["top_ads_results_pct"], row["zero_result_ads"]) == (None, None, 1)


def test_an_account_without_spend_in_the_week_has_no_row():
    assert audit(ad("1", (0, 100, 10))).is_empty()
