"""An entity beside its siblings: by hand, and nothing without results is ever the best."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights_assets.analytics.siblings import siblings
from insights_assets_tests.analytics.ad_worlds import monday

SCHEMA = {"account_id": pl.String, "week": pl.Date, "entity_id": pl.String, "parent_id": pl.String}
SCHEMA |= {"result_family": pl.String, "spend_7d": pl.Float64, "results_7d": pl.Float64}


def compare(*rows):
    """Rows of (name, spend, results[, family[, parent]])."""
    told = [
        ("act_1", monday(0), name, parent[1] if len(parent) > 1 else "set1", parent[0] if parent else "purchase", s, r)
        for name, s, r, *parent in rows
    ]
    out = siblings(pl.DataFrame(told, schema=SCHEMA, orient="row"))
    return {row["entity_id"]: row for row in out.to_dicts()}


def test_performance_is_results_for_the_spend_against_the_siblings_together():
    got = compare(("a", 100.0, 20.0), ("b", 200.0, 10.0), ("c", 100.0, 0.0), ("other", 50.0, 500.0, "click"))
    a = got["a"]
    assert (a["siblings"], a["siblings_cpr_7d"], a["expected_results_7d"]) == (2, 30.0, pytest.approx(100 / 30))
    assert a["performance_vs_siblings_pct"] == pytest.approx(500.0)
    assert got["c"]["performance_vs_siblings_pct"] == -100.0
    assert [got[n]["rank_among_siblings"] for n in "abc"] == [1, 2, 3]
    assert a["share_of_parent_spend_pct"] == pytest.approx(100 / 450 * 100)
    assert a["share_of_parent_results_pct"] == pytest.approx(200 / 3)
    assert (got["other"]["siblings"], got["other"]["performance_vs_siblings_pct"]) == (0, None)


def test_siblings_without_any_result_are_no_measure():
    got = compare(("a", 10.0, 1.0), ("b", 90.0, 0.0), ("c", 30.0, 0.0))
    assert (got["a"]["siblings_cpr_7d"], got["a"]["performance_vs_siblings_pct"]) == (None, None)
    # What wasted more ranks lower.
    assert [got[n]["rank_among_siblings"] for n in "abc"] == [1, 3, 2]


def test_without_spend_there_is_no_rank_and_without_days_no_error():
    got = compare(("a", 0.0, 0.0), ("b", 10.0, 1.0), ("c", None, None))
    assert [got[n]["rank_among_siblings"] for n in "abc"] == [None, 1, None]
    assert got["a"]["performance_vs_siblings_pct"] is None
    assert (got["c"]["siblings"], got["c"]["share_of_parent_spend_pct"]) == (1, None)


def test_campaigns_are_children_of_the_account():
    got = compare(("a", 30.0, 3.0, "purchase", None), ("b", 10.0, 1.0, "purchase", None))
    assert (got["a"]["share_of_parent_spend_pct"], got["a"]["siblings"]) == (75.0, 1)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, 20)), min_size=2, max_size=8))
def test_nothing_without_results_is_before_anything_with(drawn):
    got = compare(*[(f"e{i}", float(s), float(r)) for i, (s, r) in enumerate(drawn)])
    with_results = [got[f"e{i}"]["rank_among_siblings"] for i, (_, r) in enumerate(drawn) if r > 0]
    without = [got[f"e{i}"] for i, (_, r) in enumerate(drawn) if r == 0]
    if with_results and without:
        assert max(with_results) < min(row["rank_among_siblings"] for row in without)
    assert all(row["performance_vs_siblings_pct"] in (None, -100.0) for row in without)
    assert sum(row["share_of_parent_spend_pct"] for row in got.values()) == pytest.approx(100)
