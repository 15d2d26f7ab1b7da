"""Lifetime budgets: told on the day on which they are spent, never before, once."""

from datetime import timedelta

import polars as pl
import pytest

from insights_assets.analytics.budget_depletion import depleted_budgets, depletions
from insights_assets.tables.anomalies import ANOMALIES_ADSET
from insights_assets_tests.analytics.ad_worlds import monday


def spends(*, days, ads=2, each=10.0):
    """Ad-days of one ad set from the first Monday on."""
    rows = [
        {
            "account_id": "act_1",
            "date": monday(0) + timedelta(days=d),
            "adset_id": "set1",
            "ad_id": f"ad{a}",
            "spend": each,
        }
        for d in range(days)
        for a in range(ads)
    ]
    return pl.DataFrame(rows).with_columns(pl.col("date").dt.truncate("1w").alias("week"))


def adsets(budget, *, weeks=20):
    return pl.DataFrame(
        {
            "account_id": "act_1",
            "week": [monday(w) for w in range(weeks)],
            "adset_id": "set1",
            "lifetime_budget": budget,
        },
        schema_overrides={"lifetime_budget": pl.Float64},
    )


def told(daily, owners, *weeks):
    depleted = depletions(daily, "adset", owners)
    families = daily.select(
        "account_id", pl.col("adset_id").alias("entity_id"), "week", pl.lit("purchase").alias("result_family")
    )
    out = depleted_budgets(depleted, families, [monday(w) for w in weeks], "adset")
    assert ANOMALIES_ADSET.split(out).bad.is_empty()
    return out


def test_the_day_on_which_the_budget_is_spent():
    # 20 a day: 200 are there on the tenth day, the Wednesday of the second week.
    (row,) = told(spends(days=30), adsets(200.0), *range(5)).to_dicts()
    assert (row["date"] - monday(0)).days == 9
    assert (row["anomaly_type"], row["metric"], row["direction"]) == ("budget_depleted", "spend", "up")
    assert (row["current_value"], row["baseline_value"], row["delta_pct"]) == (200.0, 200.0, pytest.approx(0.0))
    assert (row["week"], row["level"], row["entity_id"]) == (monday(1), "adset", "set1")
    assert told(spends(days=30), adsets(200.0), 0, 2, 3).is_empty()


@pytest.mark.parametrize(("budget", "days"), [(None, 30), (0.0, 30), (700.0, 30)])
def test_no_budget_or_one_with_something_left_is_no_finding(budget, days):
    assert told(spends(days=days), adsets(budget), *range(5)).is_empty()


def test_the_last_cents_are_not_waited_for():
    assert told(spends(days=10, each=9.92), adsets(200.0), 1).height == 1
    assert told(spends(days=10, each=9.85), adsets(200.0), 1).is_empty()


def test_spend_of_eleven_weeks_counts_whatever_else_is_read():
    # 20 a day: 77 days are 1,540; older spend is not added, so that a week alone says the same as in a range.
    daily = spends(days=20 * 7)
    assert told(daily, adsets(1541.0 / 0.99), *range(20)).is_empty()
    week = told(daily, adsets(1540.0), *range(20))["week"].to_list()
    assert week == [monday(10)]
    near = daily.filter(pl.col("week") <= monday(10))
    assert told(near, adsets(1540.0), 10)["week"].to_list() == week
