"""A parent's finding holds for several of its children, whatever their mix; anything else is its children's."""

from datetime import date, timedelta

import polars as pl
import pytest

from insights_assets.analytics.composition import Parts, at_their_level

MONDAY = date(2026, 2, 2)
PAST = [MONDAY - timedelta(days=d) for d in range(28, 0, -1)]
NOW = [MONDAY + timedelta(days=d) for d in range(7)]


def child(name, *, then, now, days=28):
    """A child's days: (spend, results a day) in the last `days` of the 28 before and in the week."""
    figures = [(on, *then) for on in PAST[28 - days :]] + [(on, *now) for on in NOW]
    return [
        {
            "child_id": name,
            "ad_id": name,
            "date": on,
            "spend": float(s),
            "results": float(r),
            "clicks": int(s),
            "impressions": s * 100,
        }
        for on, s, r in figures
        if s
    ]


def keeps(rows, metric="cpr", direction="up", limit=20.0, entity="camp"):
    """Whether the week's finding of the parent, or of an ad, is kept."""
    frame = pl.DataFrame(rows).with_columns(
        pl.lit("act_1").alias("account_id"),
        pl.lit("camp").alias("parent_id"),
        pl.lit("purchase").alias("result_family"),
        (pl.col("results") * 30).alias("value"),
    )
    results = frame.select("account_id", "ad_id", "date", "result_family", "results", "value")
    found = pl.DataFrame(
        {
            "account_id": "act_1",
            "entity_id": entity,
            "week": MONDAY,
            "result_family": "purchase",
            "metric": metric,
            "direction": direction,
            "limit": limit,
        }
    )
    parts = Parts("campaign" if entity == "camp" else "ad", frame, results)
    kept = at_their_level(found, parts, pl.col("week"), pl.col("week").dt.offset_by("6d"))
    assert kept.columns == found.columns
    return kept.height == 1


SAME = {"then": (100, 10), "now": (100, 10)}
DEARER = {"then": (100, 10), "now": (100, 6)}


def test_what_all_children_do_is_their_parents():
    assert keeps([r for n in "abc" for r in child(n, **DEARER)])
    assert keeps([r for n in "abc" for r in child(n, then=(100, 10), now=(100, 0))], "results", "down", 100.0)
    assert keeps([r for n in "abc" for r in child(n, then=(100, 10), now=(200, 20))], "spend", "up", 50.0)


def test_what_one_child_does_is_its_own():
    # 30 results a day become 21, 40 % dearer, all of it one child's.
    assert not keeps([*child("a", then=(100, 10), now=(100, 1)), *child("b", **SAME), *child("c", **SAME)])
    assert not keeps(child("a", **DEARER))


def test_another_mix_is_no_change():
    # Spend moves to the dear child: 100 / 10.5 becomes 100 / 5.5, and each costs what it did.
    assert not keeps([*child("a", then=(100, 20), now=(20, 4)), *child("b", then=(100, 1), now=(180, 1.8))])


def test_a_child_that_starts_or_ends_is_no_change():
    steady = [*child("a", **SAME), *child("b", **SAME)]
    assert not keeps([*steady, *child("new", then=(100, 1), now=(100, 1), days=3)])
    assert not keeps([*steady, *child("ends", then=(300, 60), now=(0, 0))])
    assert not keeps([*steady, *child("new", then=(0, 0), now=(300, 30))], "spend", "up", 50.0)


def test_an_ad_that_ends_within_a_child_is_no_change_of_either():
    def of(adset, rows):
        return [row | {"child_id": adset} for row in rows]

    steady = [*of("s1", child("a", **SAME)), *of("s2", child("b", **SAME))]
    ends = [*of("s1", child("c", then=(200, 20), now=(0, 0))), *of("s2", child("d", then=(200, 20), now=(0, 0)))]
    assert not keeps([*steady, *ends], "spend", "down", 33.0)
    less = {"then": (100, 10), "now": (50, 5)}
    assert keeps([*of("s1", child("a", **less)), *of("s2", child("b", **less))], "spend", "down", 33.0)
    assert not keeps([*of("s1", child("a", **less)), *of("s1", child("b", **less))], "spend", "down", 33.0)


def test_the_rest_must_be_beyond_chance_too():
    # The others have 2 results instead of 3.5: a fall by almost half that says nothing.
    assert not keeps([*child("a", then=(100, 10), now=(100, 5)), *child("b", then=(10, 0.5), now=(10, 2 / 7))])


@pytest.mark.parametrize(("now", "kept"), [((100, 12.0), False), ((100, 16.0), True)])
def test_a_fall_of_cost_is_as_large_as_its_limit(now, kept):
    # A fall by 20 % is a quarter more results.
    assert keeps([r for n in "abc" for r in child(n, then=(100, 10), now=now)], "cpr", "down") is kept


def test_what_does_not_add_and_ads_are_kept():
    assert keeps(child("a", **SAME), "frequency", "up", 50.0)
    found = pl.DataFrame({"metric": ["cpr"]})
    assert at_their_level(found, None, pl.col("week"), pl.col("week")).equals(found)


def test_more_spend_of_a_whole_ad_set_is_not_each_ads():
    more = {"then": (100, 10), "now": (200, 20)}
    whole = [r for n in "abc" for r in child(n, **more)]
    assert not keeps(whole, "spend", "up", 50.0, entity="a")
    assert keeps([*child("a", **more), *child("b", **SAME)], "spend", "up", 50.0, entity="a")
    # An ad alone, and a cost that all ads share, are told of the ads.
    assert keeps(child("a", **more), "spend", "up", 50.0, entity="a")
    assert keeps([r for n in "abc" for r in child(n, **DEARER)], entity="a")


def test_order_values_are_noise_of_a_return():
    # Two orders instead of four each, at half the value: nothing that orders do not do by themselves.
    assert not keeps([r for n in "ab" for r in child(n, then=(100, 0.14), now=(100, 0.07))], "roas", "down", 30.0)
    assert keeps([r for n in "ab" for r in child(n, then=(100, 20), now=(100, 10))], "roas", "down", 30.0)
