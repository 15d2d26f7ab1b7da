"""Stops of entities that are switched on: each told once, as a stop or as a gap, unless something explains it."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from insights_assets.analytics.delivery_stops import delivery_stops
from insights_assets.tables.anomalies import ANOMALIES_AD
from insights_assets_tests.analytics.ad_worlds import monday
from insights_assets_tests.analytics.test_daily_anomalies import WEEKS, told, world


def stops(last_day, *, status="ACTIVE", read_after=3, resumed=None, others=True, ended=None):
    days, _, known = world(ads=2)
    mine = pl.col("entity_id") == "ad0"
    on = pl.col("date") <= monday(0) + timedelta(days=last_day)
    if resumed is not None:
        on = on | (pl.col("date") >= monday(0) + timedelta(days=resumed))
    days = days.filter(~mine | on) if others else days.filter(mine & on)
    statuses = pl.DataFrame(
        {
            "account_id": "act_1",
            "entity_id": "ad0",
            "week": [monday(w) for w in range(WEEKS)],
            "effective_status": status,
            "observed_at": [
                datetime.combine(monday(w), datetime.min.time(), UTC) + timedelta(days=read_after) for w in range(WEEKS)
            ],
        }
    )
    if ended is not None:
        ended = pl.DataFrame(
            {"account_id": "act_1", "entity_id": "ad0", "ended_on": [monday(0) + timedelta(days=ended)]}
        )
    out = delivery_stops(days, statuses, known, [monday(w) for w in range(5, WEEKS)], "ad", ended)
    assert ANOMALIES_AD.split(out).bad.is_empty()
    return told(out)


def test_an_active_ad_that_stops_spending_is_told_on_the_first_day():
    assert stops(60) == [("ad0", 61, "zero_spend", "spend")]


def test_a_gap_is_told_once_and_by_what_is_known_at_the_weeks_end():
    # 57 is a Tuesday, 61 a Saturday.
    assert stops(57, resumed=60) == [("ad0", 58, "delivery_gap", "spend")]
    assert stops(60, resumed=64) == [("ad0", 61, "zero_spend", "spend")]


def test_a_gap_is_worth_the_spend_it_would_have_had():
    days, _, known = world(ads=2)
    first = monday(0) + timedelta(days=58)
    gone = (pl.col("entity_id") == "ad0") & pl.col("date").is_between(first, first + timedelta(days=1))
    days = days.with_columns(pl.when(pl.col("entity_id") == "ad0").then(10.0).otherwise("spend").alias("spend"))
    statuses = pl.DataFrame(
        {
            "account_id": "act_1",
            "entity_id": "ad0",
            "week": [monday(8)],
            "effective_status": "ACTIVE",
            "observed_at": [datetime.combine(monday(8), datetime.min.time(), UTC)],
        }
    )
    (row,) = delivery_stops(days.filter(~gone), statuses, known, [monday(8)], "ad").to_dicts()
    assert (row["anomaly_type"], row["current_value"], row["baseline_value"]) == ("delivery_gap", 0.0, 20.0)
    # Each of the 28 days before had delivery.
    assert row["p_value"] == pytest.approx(1 / 30)


def test_a_later_family_does_not_rename_a_stop():
    days, _, known = world(ads=2)
    days = days.filter((pl.col("entity_id") != "ad0") | (pl.col("date") <= monday(8)))
    statuses = pl.DataFrame(
        {
            "account_id": "act_1",
            "entity_id": "ad0",
            "week": [monday(8)],
            "effective_status": "ACTIVE",
            "observed_at": [datetime.combine(monday(8), datetime.min.time(), UTC)],
        }
    )
    later = pl.when(pl.col("week") > monday(8)).then(pl.lit("click")).otherwise("result_family").alias("result_family")
    (now,) = delivery_stops(days, statuses, known, [monday(8)], "ad").to_dicts()
    (then,) = delivery_stops(days, statuses, known.with_columns(later), [monday(8)], "ad").to_dicts()
    assert now["result_family"] == then["result_family"] == "purchase"
    assert now["finding_id"] == then["finding_id"]


def test_a_spent_lifetime_budget_explains_a_stop():
    assert stops(60, ended=60) == []
    assert stops(60, ended=40) == [("ad0", 61, "zero_spend", "spend")]


@pytest.mark.parametrize("how", [{"status": "PAUSED"}, {"read_after": 9}, {"others": False}])
def test_a_paused_ad_an_old_status_or_a_silent_account_is_no_stop(how):
    assert stops(60, **how) == []


def test_an_ad_that_runs_on_some_days_only_never_stops():
    days, _, known = world(ads=2)
    days = days.filter(pl.col("date").dt.weekday() <= 5)
    statuses = (
        days.select("account_id", "entity_id", "week")
        .unique()
        .with_columns(
            pl.lit("ACTIVE").alias("effective_status"), pl.lit(datetime(2026, 1, 6, tzinfo=UTC)).alias("observed_at")
        )
    )
    assert delivery_stops(days, statuses, known, [monday(8)], "ad").is_empty()
