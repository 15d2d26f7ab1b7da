"""Numbers stand for names without mixing accounts, families or days, and every test of a day is counted."""

from datetime import timedelta

import polars as pl
import pytest

from insights_assets.analytics.daily_expectations import day_expectations
from insights_assets.analytics.daily_facts import daily_facts
from insights_assets.analytics.daily_tests import BAD_RATE, point_tests, shift_tests
from insights_assets_tests.analytics.ad_worlds import monday
from insights_assets_tests.analytics.test_daily_anomalies import judge, told, world

MONDAY = monday(0)


def given():
    """Ad a of two accounts; that of act_1 counts leads in the first week, purchases in the second."""
    at = [("act_1", 0, 0), ("act_1", 1, 7), ("act_2", 0, 0)]
    days = pl.DataFrame(
        [(account, "a", monday(week), MONDAY + timedelta(days=day), 10.0) for account, week, day in at],
        schema=["account_id", "entity_id", "week", "date", "spend"],
        orient="row",
    )
    families = pl.DataFrame(
        [("act_1", "a", "lead", monday(0)), ("act_1", "a", "purchase", monday(1)), ("act_2", "a", "lead", monday(0))],
        schema=["account_id", "entity_id", "result_family", "week"],
        orient="row",
    )
    results = pl.DataFrame(
        [("act_1", "a", "lead", MONDAY, 3.0, None), ("act_2", "a", "purchase", MONDAY, 9.0, 90.0)],
        schema={
            **dict.fromkeys(("account_id", "entity_id", "result_family"), pl.String),
            "date": pl.Date,
            "results": pl.Float64,
            "result_value": pl.Float64,
        },
        orient="row",
    )
    return days, results, families


def test_each_day_stands_once_for_each_family_and_is_its_own_in_the_weeks_of_that():
    days, results, families = given()
    facts = daily_facts(days, results, families)
    named = ["account_id", "result_family", "date", "results"]

    def rows(frame):
        return frame.join(facts.names, on="series").select(named).sort(named).rows()

    later = MONDAY + timedelta(days=7)
    own = [("act_1", "lead", MONDAY, 3.0), ("act_1", "purchase", later, 0.0), ("act_2", "lead", MONDAY, 0.0)]
    assert rows(facts.own) == own
    assert rows(facts.days) == sorted([*own, ("act_1", "lead", later, 0.0), ("act_1", "purchase", MONDAY, 0.0)])
    asked = families.filter(account_id="act_1", result_family="purchase")
    assert rows(facts.of_series(asked)) == [("act_1", "purchase", MONDAY, 0.0), ("act_1", "purchase", later, 0.0)]


def test_an_account_and_day_and_a_family_have_one_number_each():
    facts = daily_facts(*given())
    rows = facts.days.join(facts.names, on="series")
    for numbers, names in (("account_day", ["account_id", "date"]), ("family", ["result_family"])):
        pairs = rows.select(numbers, *names).unique()
        assert pairs.height == pairs[numbers].n_unique() == pairs.select(names).n_unique()


@pytest.mark.parametrize("make", [point_tests, shift_tests])
def test_tests_that_prove_nothing_are_counted(make):
    days, results, features = world((4, 60, 3, "ctr", 0.4))
    families = features.select("account_id", "entity_id", "result_family", "week")
    facts = daily_facts(days.with_columns(pl.lit(None, pl.Float64).alias("completeness")), results, families)
    rows = day_expectations(facts.days, facts.own).filter(pl.col("points") >= 10).with_columns(budget_change=1.0)
    of_day = rows.filter(pl.col("date") == MONDAY + timedelta(days=62))["account_day"].unique().item()
    tests = make(rows)
    sizes = pl.concat(t.made for t in tests).filter(account_day=of_day).group_by("family").agg(pl.col("size").sum())
    # Twelve ads deliver, have clicks and more than ten results each.
    asked = {"cost", "cpr down", "ctr down", "ctr up"}
    assert {family: n for family, n in sizes.iter_rows() if family in asked} == dict.fromkeys(asked, 12)
    proven = pl.concat(t.proven for t in tests)
    assert 0 < proven.height < rows.height / 10
    assert proven["p_value"].max() <= BAD_RATE


def test_what_is_proof_of_one_ad_is_chance_of_the_oddest_of_twelve():
    made = world((4, 60, 1, "ctr", 0.51))
    alone = tuple(frame.filter(pl.col("entity_id") == "ad4") for frame in made)
    assert told(judge(alone, 8)) == [("ad4", 60, "ctr_drop", "ctr")]
    assert told(judge(made, 8)) == []
