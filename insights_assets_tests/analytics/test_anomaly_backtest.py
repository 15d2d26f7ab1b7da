"""The backtest finds what it planted, and its check turns red on a loss and on rules that do better."""

from datetime import date

import polars as pl
import pytest

from insights_assets.analytics.anomaly_backtest import backtest
from insights_assets.checks.backtests import compare
from insights_assets.tables.backtest_anomalies import BACKTEST_ANOMALIES, METHODS
from insights_assets.tables.features import FEATURES_AD
from insights_assets_tests.analytics.ad_worlds import ad_features, no_days, quiet_world


@pytest.fixture(scope="module")
def rows():
    insights, results = quiet_world(accounts=3, ads=12, weeks=24, seed=8, results=80)
    out = backtest(ad_features(insights, results, no_days(), insights["week"].unique().to_list()))
    assert BACKTEST_ANOMALIES.split(out).bad.is_empty()
    return out


def test_every_method_at_the_same_alerts(rows):
    assert set(rows["method"]) == set(METHODS)
    scored = rows.filter(pl.col("method") != "findings")
    assert (scored["alerts_share"] - 1 / 30).abs().max() < 0.01
    assert scored["planted"].unique().to_list() == [36]


def test_doubled_costs_are_found_more_often_than_those_by_half(rows):
    for method in ("findings", "score_series"):
        by_factor = dict(rows.filter(method=method).select("factor", "found_share").iter_rows())
        assert by_factor[2.0] > by_factor[1.5]
    assert rows.filter(method="score_series", factor=2.0)["found_share"][0] > 0.7
    # Findings are for people: a hundredth of the alerts, and still a good part of what was planted.
    told = rows.filter(method="findings", factor=2.0).row(0, named=True)
    assert told["alerts_share"] < 0.001
    assert told["found_share"] > 0.2


def test_without_long_series_there_is_nothing():
    assert backtest(FEATURES_AD.empty()).is_empty()


def figure(share, *, as_of=2, method="score_series", planted=400):
    row = {"as_of": date(2026, as_of, 2), "method": method, "factor": 1.5, "planted": planted}
    return row | {
        "found": int(share * planted),
        "found_share": share,
        "alerts_share": 0.03,
        "series": 1,
        "series_weeks": 9,
    }


def worse(*rows):
    return [c.against for c in compare(pl.DataFrame(rows, schema=BACKTEST_ANOMALIES.schema)) if c.is_worse]


def test_a_loss_beyond_chance_is_red_and_one_within_is_not():
    assert worse(figure(0.6, as_of=1), figure(0.5)) == ["before"]
    assert worse(figure(0.6, as_of=1), figure(0.57)) == []
    assert worse(figure(0.6, as_of=1, planted=20), figure(0.5, planted=20)) == []
    assert worse(figure(0.5)) == []


def test_a_usual_rule_that_does_better_is_red():
    assert worse(figure(0.5), figure(0.6, method="median_mad"), figure(0.2, method="log_mean_z")) == ["median_mad"]
