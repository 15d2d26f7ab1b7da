"""Audience overlap on specs made by hand: the same people on the same days, and nothing else."""

import json
from datetime import timedelta

import polars as pl
import pytest

from insights_assets.analytics.audience_overlap import audience, audience_overlap, shared_audience
from insights_assets_tests.analytics.ad_worlds import monday


def spec(*, countries=("US",), ages=(18, 65), **more):
    return {"geo_locations": {"countries": list(countries)}, "age_min": ages[0], "age_max": ages[1], **more}


def names(kind, *ids):
    return {kind: [{"id": i} for i in ids]}


def share(mine, other):
    return shared_audience(audience(json.dumps(mine)), audience(json.dumps(other)))


FANS = spec(**names("custom_audiences", "1"))
SPORTS = spec(flexible_spec=[names("interests", "7", "8")])


@pytest.mark.parametrize(
    ("mine", "other", "expected"),
    [
        (spec(), spec(), 1.0),
        (spec(), spec(countries=["DE"]), 0.0),
        (spec(countries=["US", "DE"]), spec(), 0.5),
        (spec(), spec(countries=["US", "DE"]), 1.0),
        (spec(ages=(18, 37)), spec(ages=(28, 57)), 0.5),
        (spec(ages=(18, 24)), spec(ages=(25, 65)), 0.0),
        (spec(genders=[1]), spec(genders=[2]), 0.0),
        (spec(), spec(genders=[2]), 0.5),
        (FANS, spec(), 1.0),
        (spec(), FANS, 0.1),
        (FANS, SPORTS, 0.0),
        (SPORTS, spec(flexible_spec=[names("interests", "8", "9")]), 0.5),
        (FANS, spec(**names("excluded_custom_audiences", "1")), 0.0),
        (spec(**names("excluded_custom_audiences", "1")), FANS, 0.0),
        (spec(targeting_automation={"advantage_audience": 1}, **names("interests", "7")), spec(), 1.0),
        (SPORTS, spec(targeting_automation={"advantage_audience": 1}, **names("interests", "9")), 1.0),
        (spec(publisher_platforms=["facebook", "instagram"]), spec(publisher_platforms=["instagram"]), 0.5),
        ({}, {}, 1.0),
        ({"geo_locations": {"cities": [{"key": "1", "country": "US"}]}}, {"geo_locations": {"countries": ["US"]}}, 1.0),
        ({"geo_locations": {"countries": ["US"]}}, {"geo_locations": {"cities": [{"key": "1", "country": "US"}]}}, 0.1),
        ({"geo_locations": {"regions": [{"key": "5"}]}}, {"geo_locations": {"regions": [{"key": "6"}]}}, 0.0),
    ],
)
def test_the_share_of_my_audience_that_the_other_covers(mine, other, expected):
    assert share(mine, other) == pytest.approx(expected)


def overlap(specs, delivery, *, account="act_1"):
    """`delivery`: ad set -> {weekday: impressions}; `specs`: ad set -> spec or None."""
    rows = [
        (account, name, monday(0), monday(0) + timedelta(days=d), i)
        for name, by_day in delivery.items()
        for d, i in by_day.items()
    ]
    keys = {"account_id": pl.String, "entity_id": pl.String, "week": pl.Date, "date": pl.Date, "impressions": pl.Int64}
    told = [(account, monday(0), name, None if s is None else json.dumps(s)) for name, s in specs.items()]
    known = {"account_id": pl.String, "week": pl.Date, "adset_id": pl.String, "targeting": pl.String}
    out = audience_overlap(
        pl.DataFrame(rows, schema=keys, orient="row"), pl.DataFrame(told, schema=known, orient="row")
    )
    return {r["entity_id"]: (r["audience_overlap_score"], r["audience_overlap_with"]) for r in out.to_dicts()}


def test_the_same_people_on_the_same_days():
    got = overlap({"a": spec(), "b": spec(), "c": spec(countries=["DE"])}, {key: {0: 100, 1: 100} for key in "abc"})
    assert got == {"a": (100.0, "b"), "b": (100.0, "a"), "c": (0.0, None)}


def test_the_same_people_on_other_days_do_not_meet():
    assert overlap({"a": spec(), "b": spec()}, {"a": {0: 100}, "b": {1: 100}})["a"] == (0.0, None)


def test_a_small_one_meets_the_large_one_wholly_and_not_the_other_way_round():
    got = overlap({"a": spec(), "b": spec()}, {"a": {0: 100, 1: 300}, "b": {1: 100}})
    assert got == {"a": (25.0, "b"), "b": (100.0, "a")}


def test_the_largest_overlap_counts():
    specs = {"a": spec(), "b": spec(ages=(18, 41)), "c": spec(genders=[1])}
    got = overlap(specs, {key: {3: 50} for key in "abc"})
    assert got["a"] == (50.0, "b")  # 24 of 48 years, as much as one of two genders: the first by id
    assert got["b"] == (100.0, "a")


def test_without_a_spec_there_is_no_score_and_alone_it_is_zero():
    assert overlap({"a": None, "b": spec()}, {key: {0: 10} for key in "ab"}) == {"b": (0.0, None)}
    assert overlap({"a": None}, {"a": {0: 10}}) == {}
