"""Best and worst creatives: against their own account only, with enough spend, noise named as noise."""

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from insights_assets.lake.store import Lake
from insights_assets.serving.creatives import MOST, rank, ranked_creatives
from insights_assets.serving.editions import make_edition
from insights_assets.serving.periods import Span
from insights_assets.serving.report import render
from insights_assets.serving.sheets import sheets
from insights_assets.serving.trust import Scope
from insights_assets.tables.creative_performance import CREATIVE_PERFORMANCE, NO_CREATIVE
from insights_assets.tables.entities import CREATIVES
from insights_assets_tests.serving import small_lake as small
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

SPAN = Span(small.NEWEST, small.RUNNING)


def facts(*rows):
    """(creative, spend, results), of act_1 in euro and purchases unless more is said."""
    made = [
        {"account_id": "act_1", "currency": "EUR", "result_family": "purchase", "creative_id": name}
        | {"creative_type": "video", "spend": float(spend), "results": float(results), **dict(*more)}
        for name, spend, results, *more in rows
    ]
    return pl.DataFrame(made)


def places(rows):
    return [(row["place"], row["creative_id"], row["is_noise"]) for row in rank(rows).to_dicts()]


def test_a_creative_is_held_against_its_own_account_and_family():
    # The account pays 500 / 50 = 10 for a result: a would have bought 20, b 20, c 10.
    rows = facts(("a", 200, 32), ("b", 200, 10), ("c", 100, 8))
    yen = {"account_id": "act_2", "currency": "JPY"}
    more = facts(("d", 30_000, 40, yen), ("e", 10_000, 10, yen), ("f", 9.0, 900, {"result_family": "click"}))
    assert places(pl.concat([rows, more])) == [
        ("best", "a", False),  # 12 more than 20: 2.7 standard deviations
        ("best", "d", True),  # 40 beside 37.5
        ("worst", "b", False),
        ("worst", "c", True),  # 8 beside 10
        ("worst", "e", True),
    ]
    (best, *_) = rank(rows).to_dicts()
    assert best["account_cpr"] == 10.0


def test_spend_without_results_is_the_worst_and_never_the_best():
    # 400 / 50 = 8 a result: a would have bought 37.5, b 12.5.
    assert places(facts(("a", 300, 50), ("b", 100, 0))) == [("best", "a", False), ("worst", "b", False)]


def test_ads_without_a_known_creative_count_for_the_account_and_have_no_place():
    # 500 / 50 = 10 with them; a alone would be the account.
    rows = facts(("a", 200, 8), (NO_CREATIVE, 300, 42))
    assert places(rows) == [("worst", "a", False)]
    assert rank(rows)["account_cpr"].to_list() == [10.0]


@pytest.mark.parametrize(
    "rows",
    [
        facts(("a", 300, 30)),  # the account is this creative
        facts(("a", 300, 0), ("b", 100, 0)),  # nothing to hold a cost against
        facts(("a", 50, 9), ("b", 40, 1)),  # neither would have bought ten
        facts(("a", 0, 0), ("b", 0, 0)),
        facts(("a", 1, 1)).clear(),
    ],
    ids=["alone", "no results", "too little", "no spend", "nothing"],
)
def test_what_cannot_be_told_has_no_place(rows):
    assert places(rows) == []


def test_a_place_needs_a_hundredth_of_the_spend():
    many = facts(*[(f"k{n}", 1000, 100) for n in range(10)], ("small", 100, 30), ("tiny", 99, 50))
    spent = many["spend"].sum()
    assert [p[1] for p in places(many) if p[0] == "best"] == []
    assert 0.01 * spent > 100


def test_places_are_few_and_do_not_depend_on_the_order_of_rows():
    many = facts(*[(f"k{n:02}", 1000, 50 + 5 * n) for n in range(30)])
    shown = rank(many)
    assert shown["place"].to_list() == ["best"] * MOST + ["worst"] * MOST
    assert rank(many.reverse()).equals(shown)


def day(name, spend, results, **more):
    figures = {"spend": float(spend), "results": float(results), "result_family": "purchase", "currency": "EUR"}
    given = {"account_id": "act_1", "week": small.NEWEST, "date": small.NEWEST, "creative_id": name, **figures, **more}
    return valid_row(CREATIVE_PERFORMANCE, **given)


@pytest.fixture
def lake(tmp_path):
    lake = Lake(str(tmp_path))
    earlier = {"week": small.weeks_ago(2), "date": small.weeks_ago(2)}
    mixed = {"result_family": None}
    rows = [day("a", 100, 16), day("a", 100, 16, ad_ids=["2"]), day("b", 200, 4), day("m", 9000, 5, **mixed)]
    lake.append(CREATIVE_PERFORMANCE, frame_of(CREATIVE_PERFORMANCE, *rows, day("b", 1000, 900, **earlier)))
    known = {"account_id": "act_1", "creative_id": "a"}
    old = valid_row(CREATIVES, **known, name="Old", week=small.weeks_ago(4))
    new = valid_row(CREATIVES, **known, name=small.SCRIPT, week=small.NEWEST)
    lake.append(CREATIVES, frame_of(CREATIVES, new, old))
    assert WEEK == small.NEWEST
    return lake


def test_days_are_added_up_and_names_are_the_newest(lake):
    best, worst = ranked_creatives(Scope(lake, None, SPAN.since, SPAN.until), SPAN)
    assert (best.place, best.name, best.spend, best.results, best.cpr) == ("best", small.SCRIPT, 200.0, 32.0, 6.25)
    assert best.account_cpr == pytest.approx(400 / 36)
    assert best.change_pct == pytest.approx(100 * (6.25 / (400 / 36) - 1))
    assert (worst.place, worst.name, worst.cpr, worst.is_noise) == ("worst", "b", 50.0, False)


def test_sums_are_the_same_whatever_the_order_of_files(tmp_path):
    spends = [100.1, 200.2, 300.3]
    assert sum(spends) != sum(reversed(spends))
    days = [{"week": small.NEWEST, "date": small.NEWEST + timedelta(days=n)} for n in range(3)]
    rows = [day("a", spent, 40, **when) for spent, when in zip(spends, days, strict=True)]
    found = []
    for name, ordered in (("forth", rows), ("back", rows[::-1])):
        lake = Lake(str(tmp_path / name))
        lake.append(CREATIVE_PERFORMANCE, frame_of(CREATIVE_PERFORMANCE, *ordered, day("b", 300, 4)))
        found.append(ranked_creatives(Scope(lake, None, SPAN.since, SPAN.until), SPAN))
    assert len(found[0]) == 2
    assert found[0] == found[1]


def test_a_week_shows_them_and_a_day_does_not(lake):
    week = make_edition(lake, "weekly", now=small.NOW)
    page = render(week)
    assert "6.25 EUR" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page
    assert sheets(week)["Creatives"]["place"].to_list() == ["best", "worst"]
    assert "No creative has enough spend" in render(replace(week, creatives=()))
    assert "Creatives:" not in render(make_edition(lake, "daily", now=small.NOW))
