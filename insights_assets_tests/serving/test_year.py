"""A year's months, its ranked weeks and how its spend is spread, against numbers computed by hand."""

from datetime import date, timedelta

import polars as pl
import pytest

from insights_assets.serving.comparison import steps
from insights_assets.serving.periods import Span
from insights_assets.serving.year import concentration, ranked_weeks

DAY = timedelta(days=1)


def outcome(*rows):
    """Rows of (day, spend, results)."""
    frame = pl.DataFrame(rows, schema=["date", "spend", "results"], orient="row")
    return frame.with_columns(pl.col("spend", "results").cast(pl.Float64))


def test_steps_leave_out_other_days_and_know_no_cost_without_results():
    rows = outcome(
        (date(2026, 1, 31), 30, 3),
        (date(2026, 2, 1), 20, 0),
        (date(2026, 1, 5), 10, 1),
        (date(2025, 12, 31), 99, 9),
    )
    got = steps(rows, Span(date(2026, 1, 1), date(2026, 2, 28)), "1mo")
    assert got.rows() == [(date(2026, 1, 1), 40, 4, 10), (date(2026, 2, 1), 20, 0, None)]


def test_weeks_are_ranked_only_with_enough_results_and_zero_is_never_best():
    costs = {0: (100, 20), 1: (100, 10), 2: (100, 0), 3: (5, 9), 4: (100, 50), 5: (300, 10), 6: (100, 25), 7: (1, 99)}
    monday = date(2026, 1, 5)
    rows = outcome(*((monday + 7 * n * DAY, *c) for n, c in costs.items()))
    # The last week is cut by the span's end, so the cheapest of all has no place either.
    best, worst, unranked = ranked_weeks(rows, Span(date(2026, 1, 1), monday + (7 * 7 + 5) * DAY))
    assert best["cpr"].to_list() == [2, 4]
    assert worst["cpr"].to_list() == [30, 10]
    assert unranked == 2


def test_pareto_counts_the_ads_that_make_four_fifths():
    ads = pl.DataFrame(
        {
            "account_id": ["a"] * 5,
            "entity_id": list("12345"),
            "spend": [50.0, 30.0, 10.0, 10.0, 0.0],
            "results": [1.0, 0.0, 9.0, 0.0, 0.0],
        }
    )
    got = concentration(ads)
    assert (got.ads, got.bulk_ads, got.bulk_share, got.bulk_results) == (4, 2, pytest.approx(0.8), pytest.approx(0.1))
    assert got.top["cpr"].to_list() == [50, None, pytest.approx(10 / 9), None]
    assert got.curve["spend"].to_list() == pytest.approx([0, 0.5, 0.8, 0.9, 1])
    assert got.curve["results"].to_list() == pytest.approx([0, 0.9, 1, 1, 1])
    many = concentration(pl.concat([ads.with_columns(pl.col("entity_id") + str(n)) for n in range(400)]))
    assert many.curve.height <= 202
    assert many.curve.row(-1) == (1, pytest.approx(1), pytest.approx(1))
    assert concentration(ads.with_columns(pl.lit(0.0).alias("spend"))) is None
    nothing = concentration(ads.with_columns(pl.lit(0.0).alias("results")))
    assert (nothing.bulk_results, nothing.top["results_share"].to_list()) == (None, [None] * 4)
