"""Scores: each prediction beside its truth, scored when the week is over, the same however often."""

from datetime import date, timedelta

import polars as pl
import pytest

from insights_assets.analytics.forecast_backtest import JUDGED, backtest_rows, figures, judge
from insights_assets.analytics.prediction_scores import accuracy, brier, score_burnout, score_forecasts, truths
from insights_assets.tables.backtest_forecasts import BACKTEST_FORECASTS
from insights_assets.tables.burnout_predictions import BURNOUT_PREDICTIONS
from insights_assets.tables.forecasts import FORECASTS
from insights_assets.tables.prediction_scores import PREDICTION_SCORES
from insights_assets_tests.analytics.result_facts import day, frames

WEEK = date(2026, 3, 9)
ORIGIN = WEEK - timedelta(weeks=1)
RUN = pl.lit("2026-03-20T06:00:00").str.to_datetime(time_zone="UTC")


def told(metric, mean, *, grain="week", ds=WEEK, origin=ORIGIN, entity="a", **more):
    row = {"account_id": "act_1", "week": origin, "level": "ad", "entity_id": entity, "metric": metric, "grain": grain}
    row |= {"result_family": None if metric == "spend" else "purchase", "ds": ds, "mean": mean, "model": "m"}
    size = 1 if grain == "day" else 7
    row["horizon"] = (ds - origin).days // size - (6 if grain == "day" else 0)
    row |= {"lo_80": 0.9 * mean, "hi_80": 1.1 * mean, "lo_95": 0.5 * mean, "hi_95": 1.5 * mean}
    return row | {"naive": 80.0, "seasonal_naive": None, "scale": 10.0, "points": 9} | more


def forecasts(*rows):
    return pl.DataFrame(
        [{c: row.get(c) for c in FORECASTS["ad"].schema} for row in rows], schema=FORECASTS["ad"].schema
    )


def closed(*weeks):
    schema = {"account_id": pl.String, "week": pl.Date, "is_settled": pl.Boolean}
    return pl.DataFrame([("act_1", w, False) for w in weeks], schema=schema, orient="row")


def happened(*rows):
    daily, weekly = frames(rows)
    return truths(daily, weekly)


TRUTH = happened(
    day("a", WEEK, 60, 3),
    day("a", WEEK + timedelta(days=2), 40, 1),
    day("a", WEEK, 60, 50, family="click", primary=False),
    day("a", WEEK + timedelta(days=2), 40, 50, family="click", primary=False),
)


def test_errors_are_predicted_less_actual_beside_the_naive_ones():
    rows = score_forecasts(
        forecasts(told("spend", 120.0), told("results", 5.0), told("cpr", 20.0)), TRUTH, closed(WEEK)
    )
    assert PREDICTION_SCORES.split(rows).bad.to_dicts() == []
    by = {row["metric"]: row for row in rows.to_dicts()}
    spend = by["spend"]
    assert (spend["actual"], spend["error"], spend["naive_error"]) == (100.0, 20.0, -20.0)
    assert (spend["scaled_error"], spend["scaled_naive_error"]) == (2.0, -2.0)
    assert (spend["in_interval"], spend["in_interval_80"]) == (True, False)
    assert (spend["origin_week"], spend["week"], spend["horizon"]) == (ORIGIN, WEEK, 1)
    assert by["results"]["actual"] == 4.0, "of its family alone"
    assert by["cpr"]["actual"] == 25.0
    assert by["cpr"]["in_interval"]


def test_days_are_scored_by_day_and_silence_is_nothing():
    rows = forecasts(
        told("spend", 50.0, grain="day", ds=WEEK + timedelta(days=2)),
        told("spend", 50.0, grain="day", ds=WEEK + timedelta(days=3)),
        told("cpr", 9.0, grain="day", ds=WEEK + timedelta(days=3)),
        told("results", 2.0, entity="gone"),
    )
    scored = score_forecasts(rows, TRUTH, closed(WEEK))
    assert scored.select("entity_id", "metric", "horizon", "actual").rows() == [
        ("a", "spend", 3, 40.0),
        ("a", "spend", 4, 0.0),
        ("gone", "results", 1, 0.0),
    ], "a cost without a result is not scored"


def test_a_week_that_is_not_over_is_not_scored_and_scoring_again_changes_nothing():
    rows = forecasts(told("spend", 120.0), told("spend", 90.0, ds=WEEK + timedelta(weeks=1)))
    first = score_forecasts(rows, TRUTH, closed(WEEK))
    assert first["ds"].to_list() == [WEEK]
    assert score_forecasts(rows, TRUTH, closed(WEEK)).equals(first)


def test_a_series_that_never_moved_has_no_scaled_error_and_does_not_count():
    rows = score_forecasts(forecasts(told("spend", 120.0, scale=0.0)), TRUTH, closed(WEEK))
    assert rows["scaled_error"].to_list() == [None]
    assert accuracy(rows).is_empty()


def test_accuracy_is_a_ratio_of_sums():
    rows = score_forecasts(
        forecasts(
            told("spend", 120.0),
            told("spend", 110.0, entity="b", scale=1.0),
            told("spend", 1.0, entity="c", naive=None),
        ),
        pl.concat([TRUTH, happened(day("b", WEEK, 100, 1))]),
        closed(WEEK),
    )
    (line,) = accuracy(rows).to_dicts()
    # Scaled errors 2, 10 and 0.1; naive ones 2 and 20, none for the third.
    assert line["mase"] == pytest.approx((2 + 10 + 0.1) / 3)
    assert line["ratio_to_naive"] == pytest.approx(12 / 22)
    assert line["bias"] == pytest.approx((2 + 10 + 0.1) / 3)
    assert (line["scores"], line["coverage_95"]) == (3, pytest.approx(2 / 3))


def scores(error, naive, count=250, account="act_1"):
    """Scores of one metric whose scaled errors are known."""
    rows = score_forecasts(forecasts(told("spend", 120.0)), TRUTH, closed(WEEK)).with_columns(
        account_id=pl.lit(account), scaled_error=pl.lit(error), scaled_naive_error=pl.lit(naive)
    )
    return pl.concat([rows] * count)


def test_a_backtest_worse_than_the_last_value_is_red():
    good, bad = (backtest_rows(scores(e, 1.0), RUN) for e in (0.9, -1.1))
    assert BACKTEST_FORECASTS.split(good).bad.to_dicts() == []
    assert figures(good, JUDGED)["ratio_to_naive"].to_list() == pytest.approx([0.9])
    assert judge(good).passed
    assert judge(bad).complaints == ("spend by week: error 1.100 times that of the last value (250 forecasts).",)
    assert judge(BACKTEST_FORECASTS.empty()).passed
    assert judge(backtest_rows(scores(2.0, 1.0, count=50), RUN)).judged == 0, "too few to tell"


def test_a_backtest_worse_than_the_one_before_is_red_over_the_accounts_of_both():
    before = pl.concat([backtest_rows(scores(0.8, 1.0), RUN), backtest_rows(scores(0.2, 1.0, account="act_9"), RUN)])
    later = backtest_rows(scores(0.81, 1.0), RUN.dt.offset_by("1d"))
    assert judge(pl.concat([before, later])).passed, "the account that is gone does not count"
    worse = backtest_rows(scores(0.9, 1.0), RUN.dt.offset_by("1d"))
    (complaint,) = judge(pl.concat([before, worse])).complaints
    assert "0.900" in complaint
    assert "0.800 in the run before" in complaint
    months_ago = before.with_columns(pl.col("first_origin", "week").dt.offset_by("-8w"))
    assert judge(pl.concat([months_ago, worse])).passed, "other months are other months"


def risk(entity, risk_score, *, horizon=1, base_rate=0.25):
    row = {"account_id": "act_1", "week": WEEK - timedelta(weeks=horizon), "ad_id": entity, "horizon_weeks": horizon}
    row |= {"risk_score": risk_score, "base_rate": base_rate, "model_version": "fitted-1"}
    return {c: row.get(c) for c in BURNOUT_PREDICTIONS.schema}


def outcome(entity, *, burnt, horizon=1):
    row = {"account_id": "act_1", "entity_id": entity, "week": WEEK - timedelta(weeks=horizon)}
    return row | {"horizon_weeks": horizon, "outcome_week": WEEK, "cpr_median": 1.0, "burnt": burnt, "log_change": 0.0}


def test_a_risk_is_scored_against_what_the_ad_did_in_the_week_it_spoke_of():
    risks = pl.DataFrame(
        [risk("a", 0.7), risk("b", 0.1), risk("a", 0.4, horizon=2, base_rate=None), risk("gone", 0.9)],
        schema=BURNOUT_PREDICTIONS.schema,
    )
    known = pl.DataFrame([outcome("a", burnt=True), outcome("b", burnt=False), outcome("a", burnt=True, horizon=2)])
    scored = score_burnout(risks, known, closed(WEEK))
    assert PREDICTION_SCORES.split(scored).bad.is_empty()
    told = {(r["entity_id"], r["horizon"]): (r["actual"], r["error"], r["naive_error"]) for r in scored.to_dicts()}
    assert told == {
        ("a", 1): (1.0, pytest.approx(-0.3), pytest.approx(-0.75)),
        ("b", 1): (0.0, pytest.approx(0.1), pytest.approx(0.25)),
        ("a", 2): (1.0, pytest.approx(-0.6), None),
    }
    # (0.09 + 0.01) / 2 beside (0.5625 + 0.0625) / 2.
    assert brier(scored).row(0) == (1, 2, 0.5, pytest.approx(0.05), pytest.approx(0.3125))
    assert accuracy(scored).is_empty()


def test_a_risk_of_a_week_that_is_not_over_is_not_scored():
    risks = pl.DataFrame([risk("a", 0.7)], schema=BURNOUT_PREDICTIONS.schema)
    assert score_burnout(risks, pl.DataFrame([outcome("a", burnt=True)]), closed()).is_empty()
