"""Totals over creatives: exact for any days, types and statuses, and the view by day says the same."""

from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights_assets.analytics.creative_aggregates import aggregate, weekly_aggregates
from insights_assets.analytics.creative_figures import ADDITIVE, RATIOS
from insights_assets.analytics.creative_performance import creative_performance
from insights_assets.lake.catalog import query
from insights_assets.lake.store import Lake
from insights_assets.tables.creative_aggregates import CREATIVE_AGGREGATES
from insights_assets.tables.creative_performance import CREATIVE_PERFORMANCE
from insights_assets.tables.entities import CREATIVE_TYPES
from insights_assets_tests.analytics.creative_facts import ad_day, creative, facts
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

AVERAGES = [c for c in CREATIVE_AGGREGATES.schema if c.startswith("avg_")]
SUNDAY = WEEK + timedelta(days=6)


def performance(days, shown, statuses=None):
    made = facts(days, shown, statuses)
    return creative_performance(made.daily, made.results, made.ads, made.creatives)


@pytest.fixture(scope="module")
def rows():
    """A video (1 and 2, on two days), a picture (3) that is paused, a carousel (4)."""
    days = [
        ad_day("1", 0, spend=10.0, clicks=10, actions={"video_view": 200.0, "omni_purchase": 1.0}, worth=30.0),
        ad_day("2", 0, spend=30.0, clicks=60, actions={"video_view": 500.0}),
        ad_day("1", 1, spend=20.0, clicks=30, actions={"video_view": 200.0}),
        ad_day("3", 0, spend=5.0, clicks=5),
        ad_day("4", 2, spend=50.0, clicks=25, actions={"omni_purchase": 10.0}, worth=100.0),
    ]
    shown = [creative("1", "v"), creative("2", "w"), creative("3", "i", "image"), creative("4", "c", "carousel")]
    return performance(days, shown, {"3": "PAUSED"})


def test_a_weeks_rows_are_sums_ratios_of_sums_and_plain_averages(rows):
    made = weekly_aggregates(rows)
    assert CREATIVE_AGGREGATES.split(made).bad.rows() == []
    video = made.filter(creative_type="video").to_dicts()[0]
    assert (video["spend"], video["impressions"], video["clicks"]) == (60.0, 3000, 100)
    assert (video["creatives"], video["ads"], video["orders"], video["revenue"]) == (2, 2, 1.0, 30.0)
    assert (video["hook_rate"], video["roas"], video["cost_per_order"]) == (30.0, 0.5, 60.0)
    assert video["ctr"] == pytest.approx(100 / 30)
    # v: 40 clicks of 2000, w: 60 of 1000.
    assert video["avg_ctr"] == pytest.approx((2.0 + 6.0) / 2)
    assert video["avg_hook_rate"] == pytest.approx((20.0 + 50.0) / 2)
    # Only one of the two sold anything: a creative without an order has no cost of one, and a ROAS of 0.
    assert (video["avg_cost_per_order"], video["avg_roas"]) == (30.0, 0.5)
    image = made.filter(creative_type="image").to_dicts()[0]
    assert (image["status"], image["hook_rate"], image["avg_hook_rate"]) == ("PAUSED", None, None)


def test_averages_of_the_same_rows_in_any_order_have_the_same_digits():
    days = [ad_day(str(n), 0, impressions=1000 + 37 * n, clicks=7 * n) for n in range(1, 6)]
    made = performance(days, [creative(str(n), f"c{n}") for n in range(1, 6)])
    first = weekly_aggregates(made)
    assert first["creatives"].item() == 5
    shuffled = [made.sample(fraction=1.0, shuffle=True, seed=k) for k in range(20)]
    assert all(weekly_aggregates(rows).select(AVERAGES).equals(first.select(AVERAGES)) for rows in shuffled)


def test_one_total_over_everything_takes_a_type_for_one(rows):
    (total,) = aggregate(rows, WEEK, SUNDAY, by=()).to_dicts()
    assert (total["currency"], total["spend"], total["creatives"], total["ads"]) == ("EUR", 115.0, 4, 4)
    # Pictures and carousels are no videos that nobody watched.
    assert total["hook_rate"] == 30.0


def test_days_types_and_statuses_are_filters(rows):
    first = aggregate(rows, WEEK, WEEK, by=())["spend"].item()
    videos = aggregate(rows, WEEK, SUNDAY, types=["video", "carousel"], by=())["spend"].item()
    active = aggregate(rows, WEEK, SUNDAY, statuses=["ACTIVE"], by=())["spend"].item()
    assert (first, videos, active) == (45.0, 110.0, 110.0)
    assert aggregate(rows, WEEK + timedelta(weeks=1), SUNDAY, by=()).is_empty()
    assert aggregate(rows, WEEK, SUNDAY, types=[], by=()).is_empty()


def test_groups_can_be_any_column(rows):
    by_creative = aggregate(rows, WEEK, SUNDAY, by=("creative_id",)).select("creative_id", "spend", "avg_ctr", "ctr")
    assert by_creative["spend"].to_list() == [50.0, 5.0, 30.0, 30.0]
    assert by_creative["avg_ctr"].to_list() == by_creative["ctr"].to_list()
    families = aggregate(rows, WEEK, SUNDAY, by=("result_family",))
    assert families.select("result_family", "results", "cpr").rows() == [("purchase", 11.0, pytest.approx(115 / 11))]


def test_currencies_are_never_added(rows):
    mixed = pl.concat([rows, rows.with_columns(account_id=pl.lit("act_2"), currency=pl.lit("USD"))])
    totals = aggregate(mixed, WEEK, SUNDAY, by=())
    assert totals.select("currency", "spend", "creatives").rows() == [("EUR", 115.0, 4), ("USD", 115.0, 4)]


CREATIVE_DAYS = st.tuples(
    st.integers(0, 20), st.sampled_from("abcd"), st.integers(1, 90), st.integers(0, 30), st.booleans()
)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(CREATIVE_DAYS, min_size=1, max_size=25, unique_by=lambda d: d[:2]),
    st.tuples(st.integers(0, 20), st.integers(0, 20)),
    st.sets(st.sampled_from(CREATIVE_TYPES)),
)
def test_a_range_is_the_sum_of_its_days_whatever_the_weeks(drawn, ends, types):
    kinds = dict(zip("abcd", CREATIVE_TYPES, strict=False))
    frame = frame_of(
        CREATIVE_PERFORMANCE,
        *(
            valid_row(
                CREATIVE_PERFORMANCE,
                date=WEEK + timedelta(days=d),
                week=WEEK + timedelta(weeks=d // 7),
                creative_id=c,
                creative_type=kinds[c],
                status="ACTIVE" if on else "PAUSED",
                spend=quarters / 4,
                clicks=clicks,
            )
            for d, c, quarters, clicks, on in drawn
        ),
    )
    since, until = (WEEK + timedelta(days=d) for d in sorted(ends))
    totals = aggregate(frame, since, until, types, by=("account_id",))
    kept = [d for d in drawn if min(ends) <= d[0] <= max(ends) and kinds[d[1]] in types]
    assert totals["spend"].sum() == sum(d[2] for d in kept) / 4
    assert totals["clicks"].sum() == sum(d[3] for d in kept)
    parts = [aggregate(frame, since, until, types, [s], by=("account_id",)) for s in ("ACTIVE", "PAUSED", "UNKNOWN")]
    assert sum(p["spend"].sum() for p in parts) == totals["spend"].sum()
    by_week = weekly_aggregates(frame)
    assert by_week["spend"].sum() == frame["spend"].sum()


def test_the_view_by_day_says_what_the_function_says(rows, tmp_path):
    lake = Lake(str(tmp_path / "lake"))
    lake.replace(CREATIVE_PERFORMANCE, rows, [("act_1", WEEK)])
    viewed = query(lake, "FROM creative_aggregates_daily ORDER BY date, creative_type, status")
    by = ("date", "creative_type", "status")
    told = aggregate(rows, WEEK, SUNDAY, by=by).sort(by)
    for name in (*by, "creatives", "ads", "result_family", *ADDITIVE, *RATIOS):
        assert viewed[name].to_list() == pytest.approx(told[name].to_list(), nan_ok=True), name


def test_the_view_by_week_says_what_the_function_says_of_the_facts_as_they_are(rows, tmp_path):
    """Between the commit of new facts and that of the stored weeks a reader sees the new facts alone."""
    lake = Lake(str(tmp_path / "lake"))
    lake.replace(CREATIVE_AGGREGATES, weekly_aggregates(rows.head(1)), [("act_1", WEEK)])
    lake.replace(CREATIVE_PERFORMANCE, rows, [("act_1", WEEK)])
    key = CREATIVE_AGGREGATES.key
    viewed, told = query(lake, "FROM creative_aggregates").sort(key), weekly_aggregates(rows).sort(key)
    assert set(viewed.columns) == set(told.columns)
    for name in told.columns:
        if told.schema[name] == pl.Float64:
            assert viewed[name].to_list() == pytest.approx(told[name].to_list(), nan_ok=True), name
        else:
            assert viewed[name].to_list() == told[name].to_list(), name
