"""Creatives' days: nothing counted twice, nothing lost, each rate over what it is counted out of."""

from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights_assets.analytics.creative_figures import ADDITIVE
from insights_assets.analytics.creative_performance import creative_performance
from insights_assets.tables.creative_performance import CREATIVE_PERFORMANCE
from insights_assets_tests.analytics.creative_facts import ad_day, creative, facts
from insights_assets_tests.tables.rows import WEEK


def performance(days, shown, statuses=None):
    made = facts(days, shown, statuses)
    rows = creative_performance(made.daily, made.results, made.ads, made.creatives)
    assert CREATIVE_PERFORMANCE.split(rows).bad.rows() == []
    return rows


def one(rows, **where):
    (row,) = rows.filter(**where).to_dicts()
    return row


def test_figures_and_rates_of_a_video_by_hand():
    video = {"video_plays": 800, "video_thruplays": 60, "video_p25": 200, "video_p50": 120, "video_p100": 40}
    acts = {"video_view": 300.0, "post_engagement": 50.0, "omni_purchase": 4.0, "purchase": 4.0}
    day = ad_day("1", actions=acts, worth=120.0, **video)
    row = one(performance([day], [creative("1", "c")]))
    assert (row["spend"], row["impressions"], row["clicks"], row["inline_link_clicks"]) == (10.0, 1000, 20, 15)
    assert (row["results"], row["result_family"], row["cpr"]) == (4.0, "purchase", 2.5)
    assert (row["orders"], row["revenue"], row["roas"], row["cost_per_order"]) == (4.0, 120.0, 12.0, 2.5)
    assert (row["video_3s_plays"], row["video_impressions"], row["hook_rate"]) == (300, 1000, 30.0)
    assert (row["engagement_rate"], row["ctr"], row["link_ctr"], row["cpm"], row["cpc"]) == (5.0, 2.0, 1.5, 10.0, 0.5)
    # Watch rates are of the plays, not of the impressions; the hold is of those that got past 3 seconds.
    assert (row["video_p25_rate"], row["video_p50_rate"], row["video_p100_rate"]) == (25.0, 15.0, 5.0)
    assert row["hold_rate"] == 20.0


def test_a_picture_has_no_hook_rate_rather_than_a_bad_one():
    row = one(performance([ad_day("1")], [creative("1", "c", "image")]))
    assert (row["video_impressions"], row["hook_rate"], row["video_p25_rate"], row["hold_rate"]) == (
        0,
        None,
        None,
        None,
    )
    assert (row["revenue"], row["roas"], row["cost_per_order"], row["cpr"]) == (0.0, 0.0, None, None)


def test_a_video_that_nobody_played_has_a_hook_rate_of_nothing():
    assert one(performance([ad_day("1")], [creative("1", "c")]))["hook_rate"] == 0.0


def test_a_creative_shared_by_two_ads_is_their_sum_and_one_row():
    days = [ad_day("1", spend=10.0, clicks=10), ad_day("2", spend=30.0, clicks=50)]
    row = one(performance(days, [creative("1", "c"), creative("2", "c")], {"1": "PAUSED", "2": "ACTIVE"}))
    assert (row["spend"], row["clicks"], row["ctr"], row["ads"], row["ad_ids"]) == (40.0, 60, 3.0, 2, ["1", "2"])
    assert row["status"] == "ACTIVE"


def test_a_swap_within_the_week_splits_the_ads_days_between_the_creatives():
    days = [ad_day("1", day, spend=float(day + 1)) for day in range(5)]
    rows = performance(days, [creative("1", "old"), creative("1", "new", "image", since=3)])
    assert rows.filter(creative_id="old")["spend"].to_list() == [1.0, 2.0, 3.0]
    assert rows.filter(creative_id="new")["spend"].to_list() == [4.0, 5.0]
    assert set(rows.filter(creative_id="new")["creative_type"]) == {"image"}


def test_the_creative_of_another_week_is_not_taken():
    rows = performance([ad_day("1", 7)], [creative("1", "last week")])
    assert rows.select("creative_id", "creative_type").rows() == [("unknown", "unknown")]


def test_an_ad_of_which_nothing_is_known_keeps_its_figures():
    row = one(performance([ad_day("1")], [], {"1": "missing"}))
    assert (row["creative_id"], row["creative_type"], row["status"], row["spend"]) == (
        "unknown",
        "unknown",
        "UNKNOWN",
        10.0,
    )


def test_results_of_several_families_have_no_common_cost():
    days = [
        ad_day("1", actions={"omni_purchase": 2.0}),
        ad_day("2", optimization_goal="LEAD_GENERATION", actions={"onsite_conversion.lead_grouped": 5.0}),
    ]
    row = one(performance(days, [creative("1", "c"), creative("2", "c")]))
    assert (row["results"], row["result_family"], row["cpr"]) == (7.0, None, None)


def test_purchases_without_a_value_are_of_unknown_revenue():
    row = one(performance([ad_day("1", actions={"omni_purchase": 2.0})], [creative("1", "c")]))
    assert (row["orders"], row["revenue"], row["roas"]) == (2.0, None, None)


def test_what_could_not_be_reported_is_unknown_and_not_zero():
    days = [ad_day("1", video_plays=100, video_p25=50), ad_day("2", video_plays=100, video_p25=None)]
    row = one(performance(days, [creative("1", "c"), creative("2", "c")]))
    assert (row["video_plays"], row["video_p25"], row["video_p25_rate"]) == (200, None, 50.0)


AD_DAYS = st.tuples(
    st.sampled_from("abc"),
    st.integers(0, 13),
    st.integers(0, 400),
    st.integers(0, 50),
    st.integers(0, 3),
)
SHOWN = st.tuples(st.sampled_from("abc"), st.sampled_from(["k", "l", "m"]), st.integers(0, 6), st.integers(0, 1))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(AD_DAYS, min_size=1, max_size=20, unique_by=lambda d: d[:2]),
    st.lists(SHOWN, max_size=8, unique_by=lambda s: (s[0], s[1], s[3])),
)
def test_sums_over_creatives_are_sums_over_ads_exactly(days, shown):
    rows = [
        # Quarters add up without rounding, so that the sums can be compared exactly.
        ad_day(
            ad,
            day,
            spend=quarters / 4,
            clicks=clicks,
            actions={"omni_purchase": float(n), "video_view": 3.0 * n},
            worth=2.5 * n,
            video_plays=clicks,
        )
        for ad, day, quarters, clicks, n in days
    ]
    made = performance(rows, [creative(ad, c, since=since, week=week) for ad, c, since, week in shown])
    ads = pl.DataFrame(rows, infer_schema_length=None)
    assert made.select(CREATIVE_PERFORMANCE.key).is_unique().all()
    for name in ("spend", "impressions", "clicks", "inline_link_clicks", "video_plays"):
        assert made[name].sum() == ads[name].sum(), name
    assert made["orders"].sum() == sum(n for *_, n in days)
    assert made["revenue"].sum() == sum(2.5 * n for *_, n in days)
    assert made["video_3s_plays"].sum() == sum(3 * n for *_, n in days)
    assert made["ads"].sum() == len(days)
    assert set(ADDITIVE) <= set(made.columns)
    assert made["date"].min() >= WEEK
    assert made["date"].max() < WEEK + timedelta(days=14)


@pytest.mark.parametrize("statuses", [{}, {"1": "PAUSED"}, {"1": "missing"}])
def test_without_days_there_are_no_rows(statuses):
    made = facts([ad_day("1")], [creative("1", "c")], statuses)
    assert creative_performance(made.daily.clear(), made.results.clear(), made.ads, made.creatives).is_empty()
