"""A small lake of hand-made rows, each judged by its table before it is written."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta

import polars as pl

from insights_assets.lake.store import Lake
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.anomalies import ANOMALIES_AD
from insights_assets.tables.burnout_predictions import BURNOUT_PREDICTIONS
from insights_assets.tables.entities import ADS
from insights_assets.tables.features import FEATURES_AD
from insights_assets.tables.forecasts import FORECASTS
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.operations import CHECK_RESULTS, QUARANTINE, SYNC_LOG
from insights_assets.tables.prediction_scores import PREDICTION_SCORES
from insights_assets.tables.recommendations import RECOMMENDATIONS
from insights_assets.tables.results import RESULTS_DAILY

NOW = datetime(2026, 3, 11, 6, tzinfo=UTC)  # a Wednesday: the week of 9 March is running
RUNNING = date(2026, 3, 9)
NEWEST = date(2026, 3, 2)
SCRIPT = "<script>alert(1)</script> $x_1$ 日本"


def weeks_ago(n):
    return RUNNING - timedelta(weeks=n)


def frame(table, rows):
    """Rows with nulls for what is not given; every one must be good."""
    made = pl.DataFrame([{c: row.get(c) for c in table.schema} for row in rows], schema=table.schema)
    split = table.split(made)
    assert split.bad.is_empty(), split.bad.to_dicts()
    return split.good


def account(account_id, currency="EUR", **more):
    row = {"account_id": account_id, "name": f"Name of {account_id}", "currency": currency, "observed_at": NOW}
    return row | {"timezone_name": "Europe/Berlin", "status": "ACTIVE", "source": "added"} | more


def feature(n, *, ad="1", account_id="act_1", spend=100.0, results=10.0, **more):
    counts = ("impressions", "baseline_weeks", "weeks_with_data", "cumulative_impressions", "age_weeks", "siblings")
    row = dict.fromkeys(counts, 0)
    row |= {"account_id": account_id, "week": weeks_ago(n), "level": "ad", "entity_id": ad, "campaign_id": "c"}
    row |= {"currency": "EUR", "result_family": "purchase", "spend": spend, "results": results}
    row |= {"cpr": spend / results if results else None, "frequency": 1.5, "cpr_baseline": 9.0}
    row |= {"baseline_spend": 0.0, "baseline_results": 0.0, "min_results_met": True}
    return row | {"is_complete": n > 0, "is_settled": n > 5} | more


def finding(n, *, ad="1", account_id="act_1", kind="cpr_spike", score=0.9, **more):
    severity = "critical" if score >= 0.75 else "medium"
    row = {"account_id": account_id, "week": weeks_ago(n), "level": "ad", "entity_id": ad, "anomaly_type": kind}
    row["granularity"] = "week"
    row |= {
        "finding_id": hashlib.sha256(f"{n} {ad} {account_id} {kind}".encode()).hexdigest()[:16],
        "metric": "cpr",
        "direction": "up",
    }
    row |= {"result_family": "purchase", "current_value": 20.0, "baseline_value": 10.0, "delta_pct": 100.0}
    row |= {"p_value": 0.001, "anomaly_score": score, "confidence": 0.9, "severity": severity, "status": "new"}
    return row | {"likely_triggers": ["ctr -30 %"], "preceding_deviations": []} | more


def prediction(n, *, ad="1", horizon=1, risk=0.6, level="high", **more):
    row = {"account_id": "act_1", "week": weeks_ago(n), "ad_id": ad, "horizon_weeks": horizon, "risk_score": risk}
    row |= {"risk_level": level, "confidence": 0.5, "raw_score": 0.1, "training_pairs": 50, "base_rate": 0.2}
    driver = {"signal": "ctr_delta_pct", "value": -20.0, "contribution": 0.04}
    return row | {"top_drivers": [driver], "model_version": "m"} | more


def expectation(horizon, metric, mean):
    row = {"account_id": "act_1", "week": NEWEST, "level": "account", "entity_id": "act_1", "metric": metric}
    row |= {"result_family": None if metric == "spend" else "purchase", "grain": "week", "horizon": horizon}
    row |= {"ds": NEWEST + timedelta(weeks=horizon), "mean": mean, "points": 9, "model": "m"}
    return row | {"lo_80": 0.9 * mean, "hi_80": 1.1 * mean, "lo_95": 0.5 * mean, "hi_95": 1.5 * mean}


def score(n, error, horizon=1, ad="1"):
    row = {"account_id": "act_1", "week": weeks_ago(n), "kind": "forecast", "level": "ad", "entity_id": ad}
    row |= {"metric": "spend", "grain": "week", "origin_week": weeks_ago(n + horizon), "horizon": horizon}
    row |= {"ds": weeks_ago(n), "predicted": 100.0, "actual": 100.0 - error, "error": error, "in_interval": True}
    row |= {"scaled_error": error / 10, "scaled_naive_error": 2.0, "in_interval_80": abs(error) < 9}
    return row | {"is_settled": False, "model": "m"}


def step(status, *, at=NOW, **more):
    row = {"account_id": "act_1", "week": NEWEST, "step": "ads", "status": status, "attempts": 1, "requests": 1}
    return row | {"duration_s": 1.0, "rows": 0, "run_id": "r", "finished_at": at} | more


def check(*, passed, table_name="ads"):
    row = {"account_id": "act_1", "week": NEWEST, "table_name": table_name, "check_name": "schema", "passed": passed}
    reason = None if passed else "name: too long"
    return row | {"severity": "ERROR", "failing_rows": 0 if passed else 3, "reason": reason, "observed_at": NOW}


def ad(n, name, ad_id="1"):
    row = {"account_id": "act_1", "week": weeks_ago(n), "ad_id": ad_id, "adset_id": "s", "campaign_id": "c"}
    return row | {"name": name, "status": "ACTIVE", "effective_status": "ACTIVE", "observed_at": NOW}


def daily(day, account_id="act_1", **more):
    row = {c: 0 for c, t in INSIGHTS_DAILY.schema.items() if t == pl.Int64}
    row |= {"account_id": account_id, "week": day - timedelta(days=day.weekday()), "date": day, "campaign_id": "c"}
    row |= {"adset_id": "s", "ad_id": "1", "currency": "EUR", "spend": 1.0, "actions": [], "action_values": []}
    return row | {"is_settled": False, "first_observed_at": NOW, "observed_at": NOW} | more


def outcome(day, spend, results, *, ad="1", account_id="act_1", family="purchase", **more):
    row = {"account_id": account_id, "week": day - timedelta(days=day.weekday()), "date": day, "level": "ad"}
    row |= {"entity_id": ad, "result_family": family, "results": float(results), "spend": float(spend)}
    return row | {"cpr": spend / results if results else None, "is_primary": True, "is_settled": False} | more


def delivered(day, spend, results, account_id="act_1", **more):
    """One ad's day, as insights and as results."""
    told = {"spend": float(spend), "impressions": int(10 * spend), "inline_link_clicks": results}
    return daily(day, account_id, **told, **more), outcome(day, spend, results, account_id=account_id)


def advice(kind="PAUSE", *, ad="1", priority=8, **more):
    row = {"account_id": "act_1", "week": NEWEST, "level": "ad", "entity_id": ad, "recommendation_type": kind}
    row |= {"recommendation_id": "0123456789abcdef", "priority": priority, "confidence": 0.97, "is_new": True}
    row |= {"priority_level": "high" if priority >= 7 else "medium" if priority >= 4 else "low"}
    row |= {"action": f"Do {kind}", "reason": "It costs twice its siblings", "evidence": "{}"}
    return row | {"result_family": "purchase", "first_seen_week": NEWEST, "expires_at": NOW, **more}


def refused():
    row = {"account_id": "act_1", "week": NEWEST, "table_name": "ads", "reason": "name: null"}
    return row | {"row": json.dumps({"ad_id": "9"}), "observed_at": NOW}


def build(folder, **tables):
    """Write rows by table name; returns the lake."""
    lake = Lake(str(folder))
    known = (
        ACCOUNTS,
        FEATURES_AD,
        ANOMALIES_AD,
        BURNOUT_PREDICTIONS,
        ADS,
        INSIGHTS_DAILY,
        RESULTS_DAILY,
        SYNC_LOG,
        CHECK_RESULTS,
        QUARANTINE,
        FORECASTS["account"],
        PREDICTION_SCORES,
        *RECOMMENDATIONS.values(),
    )
    for table in known:
        if rows := tables.pop(table.name, None):
            lake.append(table, frame(table, rows))
    assert not tables
    return lake


def full(folder):
    """A lake with a bit of everything, a hostile ad name included."""
    history = [feature(n, spend=100.0 + 7 * (n % 3), results=10.0 - n % 2) for n in range(12)]
    days = [delivered(date(2026, 3, 8) - timedelta(days=n), 100 + n % 7, 10) for n in range(60)]
    past = [prediction(n, horizon=h, risk=0.1 * (n % 5), level="low") for n in range(3, 9) for h in (1, 2)]
    return build(
        folder,
        accounts=[account("act_1", name=SCRIPT), account("act_2", "JPY"), account("act_3")],
        features_ad=[*history, feature(1, ad="2", account_id="act_2", spend=5000.0, currency="JPY")],
        anomalies_ad=[finding(1), finding(0, kind="cpm_spike", metric="cpm"), finding(4, direction="down")],
        burnout_predictions=[*past, prediction(1)],
        ads=[ad(n, SCRIPT) for n in range(12)],
        insights_daily=[*(d for d, _ in days), daily(date(2026, 3, 10)), daily(date(2026, 3, 9))],
        results_daily=[r for _, r in days],
        sync_log=[step("failed", error_type="permission", message="<b>Ask</b> for ads_read.")],
        check_results=[check(passed=True), check(passed=False, table_name="creatives")],
        quarantine=[refused()],
    )
