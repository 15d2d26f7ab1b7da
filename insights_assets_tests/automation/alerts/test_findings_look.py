"""Causes in analysed rows, by hand-made rows: which week counts, ratios of sums, thresholds of single accounts."""

from datetime import date, timedelta

import polars as pl
import pytest

from insights_assets.alert_settings import AlertSettings, Thresholds
from insights_assets.automation.alerts import findings_look
from insights_assets_tests.automation.alerts.worlds import ACCOUNT, NEWEST, RUNNING

BEFORE = NEWEST - timedelta(weeks=1)
SETTINGS = AlertSettings(thresholds=Thresholds(target_roas=2.0))


def judged(*tables, week=NEWEST, account=ACCOUNT):
    rows = [{"account_id": account, "table_name": t, "week": week} for t in tables]
    return pl.DataFrame(rows, schema={"account_id": pl.String, "table_name": pl.String, "week": pl.Date})


def finding(kind="cpr_spike", **changes):
    return {
        "account_id": ACCOUNT, "week": NEWEST, "level": "ad", "entity_id": "7", "name": "Sale\nnow", "severity": "high",
        "anomaly_type": kind, "metric": "cpr", "direction": "up", "result_family": "purchase", "current_value": 20.0,
        "baseline_value": 10.0, "delta_pct": 100.0, "anomaly_score": 0.6, "confidence": 0.9, "likely_triggers": ["ctr"],
        "currency": "EUR", "finding_id": "f", **changes,
    }  # fmt: skip


def findings(*rows, known=None, settings=SETTINGS):
    known = judged("anomalies_ad", "anomalies_campaign") if known is None else known
    return findings_look.findings(pl.DataFrame(list(rows)), known, settings)


def test_a_finding_becomes_a_signal_of_its_kind_with_its_figures():
    (signal,) = findings(finding()).signals
    assert (signal.kind, signal.subject_key, signal.week) == ("cost_spike", "ad:7:cpr_spike", NEWEST)
    assert signal.subject == "ad Sale now (7)"
    assert signal.summary == "cpr spike of ad Sale now (7): cpr +100 % (20.00 EUR, baseline 10.00 EUR)."
    assert signal.evidence["likely_triggers"] == ["ctr"]


@pytest.mark.parametrize(
    ("metric", "currency", "expected"),
    [("spend", "JPY", "20 JPY"), ("spend", None, "20.00"), ("ctr", "EUR", "20.00 %"), ("frequency", "EUR", "20.00")],
)
def test_a_value_has_the_unit_of_its_metric(metric, currency, expected):
    (signal,) = findings(finding(metric=metric, currency=currency)).signals
    assert f"({expected}, baseline" in signal.summary


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("spend_spike", "spend_anomaly"), ("zero_spend", "spend_anomaly"), ("ctr_drop", "ctr_drop"),
     ("zero_results", "cost_spike"), ("budget_depleted", "budget_depleted"), ("cpr_drop", None)],
)  # fmt: skip
def test_types_of_findings_have_their_kinds(kind, expected):
    found = findings(finding(kind, delta_pct=None, baseline_value=None)).signals
    assert [s.kind for s in found] == ([expected] if expected else [])


def test_only_the_newest_judged_week_counts_and_the_running_one():
    rows = [finding(week=BEFORE, entity_id="1"), finding(entity_id="2"), finding(week=RUNNING, entity_id="3")]
    assert [s.subject_key for s in findings(*rows).signals] == ["ad:2:cpr_spike", "ad:3:cpr_spike"]
    old = judged("anomalies_ad", week=BEFORE)
    assert len(findings(*rows, known=old).signals) == 3


def test_an_account_that_nobody_judged_is_not_looked_at():
    seen = findings(finding(), known=judged("results_weekly"))
    assert (seen.signals, seen.looked) == ((), frozenset())
    assert ("ctr_drop", ACCOUNT) in findings(finding()).looked


def test_levels_join_by_their_tables_names():
    campaign = finding(level="campaign", entity_id="c")
    assert len(findings(campaign).signals) == 1
    assert findings(campaign, known=judged("anomalies_ad")).signals == ()


def test_the_least_severity_is_a_threshold_of_each_account():
    mild = finding(severity="medium")
    assert findings(mild).signals == ()
    own = AlertSettings(accounts={ACCOUNT: Thresholds(finding_severity="low")})
    assert len(findings(mild, settings=own).signals) == 1


def purchase(value, spend=100.0, *, results=10.0, week=NEWEST, campaign="c1", settled=False):
    return {
        "account_id": ACCOUNT, "week": week, "entity_id": campaign, "results": results, "result_value": value,
        "spend": spend, "is_settled": settled, "currency": "EUR",
    }  # fmt: skip


def roas(*rows, settings=SETTINGS):
    schema = {"result_value": pl.Float64}
    frame = pl.DataFrame(list(rows), schema_overrides=schema)
    return findings_look.roas(frame, judged("results_weekly"), settings)


def test_roas_is_a_ratio_of_sums_over_campaigns_and_weeks():
    # Mean of ratios: (3 + 0.5 + 0.5) / 3 = 1.33; of sums: (300 + 450 + 50) / (100 + 900 + 100) = 0.7273.
    rows = [purchase(300.0, 100.0), purchase(450.0, 900.0, campaign="c2", results=20.0), purchase(50.0, week=BEFORE)]
    (signal,) = roas(*rows).signals
    assert signal.evidence["roas"] == pytest.approx(800 / 1100, abs=1e-4)
    assert (signal.evidence["value"], signal.evidence["spend"]) == (800.0, 1100.0)
    assert signal.severity == "critical"
    assert [c["entity_id"] for c in signal.evidence["worst_campaigns"]] == ["c2", "c1"]


def test_weeks_that_are_not_settled_are_named():
    (signal,) = roas(purchase(50.0), purchase(50.0, week=BEFORE, settled=True)).signals
    assert signal.evidence["unsettled_weeks"] == [NEWEST]
    assert signal.summary.endswith("are not settled: late conversions are missing.")
    (settled,) = roas(purchase(50.0, settled=True)).signals
    assert settled.evidence["unsettled_weeks"] == []
    assert "not settled" not in settled.summary


@pytest.mark.parametrize(
    ("value", "severity"), [(199.0, None), (170.0, None), (149.0, "high"), (151.0, "medium"), (99.0, "critical")]
)
def test_severity_is_how_far_below_the_target_and_few_purchases_may_be_bad_luck(value, severity):
    # 50 purchases; at 170 the target would need 58.8: P(X <= 50) = 0.14; at 151 66.2: 0.022.
    assert [s.severity for s in roas(purchase(value, results=50.0)).signals] == ([severity] if severity else [])


def test_three_purchases_are_no_proof():
    assert roas(purchase(150.0, results=3.0)).signals == ()
    assert roas(purchase(0.0, results=0.0)).signals[0].evidence["roas"] == 0.0


def test_what_says_nothing_of_value_is_left_out():
    known, unknown = purchase(150.0, results=90.0), purchase(None, 900.0, campaign="c2")
    (signal,) = roas(known, unknown).signals
    assert signal.evidence["spend"] == 100.0
    assert roas(unknown).signals == ()
    nothing_sold = purchase(None, 900.0, campaign="c2", results=0.0)
    assert roas(known, nothing_sold).signals[0].evidence["spend"] == 1000.0


def test_without_a_target_or_spend_nothing_is_said_but_looked():
    seen = roas(purchase(1.0), settings=AlertSettings())
    assert (seen.signals, seen.looked) == ((), frozenset({("roas_below_target", ACCOUNT)}))
    assert roas(purchase(1.0, spend=40.0)).signals == ()
    own = AlertSettings(accounts={ACCOUNT: Thresholds(target_roas=1.0, roas_weeks=1)})
    assert roas(purchase(100.0), purchase(0.0, week=BEFORE), settings=own).signals == ()
    assert len(roas(purchase(10.0), purchase(900.0, week=BEFORE), settings=own).signals) == 1


def test_frequency_is_judged_as_served_in_the_newest_week():
    rows = [
        {"account_id": ACCOUNT, "week": w, "level": "adset", "entity_id": e, "name": None, "frequency": f,
         "impressions": n, "reach": 100}
        for w, e, f, n in [(NEWEST, "a", 5.0, 1000), (NEWEST, "b", 7.0, 2000), (NEWEST, "c", 10.0, 2000),
                           (NEWEST, "d", 9.0, 999), (BEFORE, "e", 9.0, 2000), (NEWEST, "f", 4.9, 2000)]
    ]  # fmt: skip
    seen = findings_look.frequency(pl.DataFrame(rows), judged("insights_weekly_adset"), AlertSettings())
    assert [(s.subject_key, s.severity) for s in seen.signals] == [
        ("adset:a", "medium"), ("adset:b", "high"), ("adset:c", "critical"),
    ]  # fmt: skip


def test_a_lifetime_budget_is_compared_with_all_spend_in_the_lake():
    entity = {
        "account_id": ACCOUNT,
        "level": "campaign",
        "name": "N",
        "lifetime_budget": 100.0,
        "currency": "EUR",
        "week": NEWEST,
    }
    spent = [("a", 94.9), ("b", 95.0), ("c", 100.0)]
    seen = findings_look.budgets(
        pl.DataFrame([{**entity, "entity_id": e} for e, _ in spent]),
        pl.DataFrame(
            [
                {"account_id": ACCOUNT, "level": "campaign", "entity_id": e, "spend": s, "first_week": date(2026, 1, 5)}
                for e, s in spent
            ]
        ),
        judged("results_weekly"),
        AlertSettings(),
    )
    assert [(s.subject_key, s.severity) for s in seen.signals] == [("campaign:b", "medium"), ("campaign:c", "high")]


def test_burnout_tells_the_worse_horizon_of_the_newest_week():
    rows = [
        {"account_id": ACCOUNT, "week": w, "ad_id": "7", "name": "N", "horizon_weeks": h, "risk_score": s,
         "risk_level": "critical" if s >= 0.75 else "high", "predicted_cpr_change_pct": 10.0, "top_drivers": [],
         "model_version": "m"}
        for w, h, s in [(NEWEST, 1, 0.8), (NEWEST, 2, 0.9), (BEFORE, 1, 0.99)]
    ]  # fmt: skip
    (signal,) = findings_look.burnout(pl.DataFrame(rows), judged("burnout_predictions")).signals
    assert (signal.evidence["horizon_weeks"], signal.evidence["risk_score"], signal.severity) == (2, 0.9, "high")
