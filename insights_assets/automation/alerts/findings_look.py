"""Causes in what was analysed: findings, burnout, ROAS, frequency, budgets. Frames in, an observation out.

A week counts once its partition was judged good (`check_results`): alerts follow the newest judged, complete week of
each account, so an account that is not synced keeps its alerts instead of losing them to missing data.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl
from scipy.special import pdtr

from insights_assets.alert_settings import AlertSettings
from insights_assets.automation.alerts.kinds import KINDS, OF_FINDINGS
from insights_assets.automation.alerts.life_cycle import Observation, Scope, Signal
from insights_assets.automation.alerts.wording import amount, label, ratio
from insights_assets.tables.alerts import SEVERITIES

WORST_CAMPAIGNS = 3
_ENTITY = ["account_id", "level", "entity_id"]


def findings(anomalies: pl.DataFrame, judged: pl.DataFrame, settings: AlertSettings) -> Observation:
    """Findings of the newest judged weeks.

    Args:
        anomalies: rows of the view `anomalies` with status new, and a column `name` of the entity.
        judged: account_id, table_name, week: the newest complete week that was judged good.
        settings: thresholds.
    """
    found = (
        anomalies.with_columns(table_name=pl.format("anomalies_{}", "level"))
        .join(judged.rename({"week": "judged"}), on=["account_id", "table_name"])
        .filter(pl.col("week") >= pl.col("judged"), pl.col("anomaly_type").is_in(list(OF_FINDINGS)))
        .sort("week", "account_id", "entity_id")
    )
    signals = tuple(
        _finding(row)
        for row in found.iter_rows(named=True)
        if _rank(row["severity"]) >= _rank(settings.of(row["account_id"]).finding_severity)
    )
    looked = judged.filter(pl.col("table_name").str.starts_with("anomalies_"))["account_id"].unique()
    kinds = [kind.name for kind in KINDS.values() if kind.findings and kind.name != "budget_depleted"]
    return Observation(signals, frozenset((kind, account) for kind in kinds for account in looked))


def _finding(row: Mapping[str, Any]) -> Signal:
    kind, what = OF_FINDINGS[row["anomaly_type"]], label(row["level"], row["name"], row["entity_id"])
    values = f"{amount(row['current_value'], row)}, baseline {amount(row['baseline_value'], row)}"
    moved = "" if row["delta_pct"] is None else f" {row['delta_pct']:+,.0f} %"
    key = f"{row['level']}:{row['entity_id']}"
    kept = [
        *("anomaly_type", "metric", "direction", "result_family", "current_value", "baseline_value", "delta_pct"),
        *("anomaly_score", "confidence", "likely_triggers", "currency", "finding_id"),
    ]
    return Signal(
        kind=kind,
        account_id=row["account_id"],
        subject_key=key if kind == "budget_depleted" else f"{key}:{row['anomaly_type']}",
        subject=what,
        severity=row["severity"],
        summary=f"{row['anomaly_type'].replace('_', ' ')} of {what}: {row['metric']}{moved} ({values}).",
        week=row["week"],
        evidence={name: row[name] for name in kept},
    )


def burnout(predictions: pl.DataFrame, judged: pl.DataFrame) -> Observation:
    """Ads whose risk is critical in the newest judged week, at either horizon.

    Args:
        predictions: rows of the view `burnout_predictions`, and a column `name` of the ad.
        judged: as for `findings`.
    """
    newest = judged.filter(table_name="burnout_predictions").select("account_id", "week")
    found = predictions.join(newest, on=["account_id", "week"]).filter(risk_level="critical")
    worst = found.sort("risk_score", descending=True).unique(["account_id", "ad_id"], keep="first", maintain_order=True)
    signals = tuple(
        Signal(
            kind="burnout_critical",
            account_id=row["account_id"],
            subject_key=f"ad:{row['ad_id']}",
            subject=label("ad", row["name"], row["ad_id"]),
            severity="high",
            summary=f"{label('ad', row['name'], row['ad_id'])} burns out within {row['horizon_weeks']} weeks with a "
            f"chance of {row['risk_score']:.0%}.",
            week=row["week"],
            evidence={
                name: row[name]
                for name in ("risk_score", "horizon_weeks", "predicted_cpr_change_pct", "top_drivers", "model_version")
            },
        )
        for row in worst.sort("account_id", "ad_id").iter_rows(named=True)
    )
    return Observation(signals, _scopes("burnout_critical", newest))


def roas(purchases: pl.DataFrame, judged: pl.DataFrame, settings: AlertSettings) -> Observation:
    """Accounts whose purchase campaigns bring back less than their target.

    The ratio is one of sums. A campaign that reports purchases without a value is left out: its value is not 0.

    Args:
        purchases: rows of the view `results_weekly` at level campaign whose primary family is purchase.
        judged: as for `findings`.
        settings: thresholds.
    """
    newest = judged.filter(table_name="results_weekly").select("account_id", pl.col("week").alias("judged"))
    signals = []
    for (account_id,), rows in purchases.join(newest, on="account_id").group_by("account_id", maintain_order=True):
        own = settings.of(str(account_id))
        first = pl.col("judged") - pl.duration(weeks=own.roas_weeks - 1)
        known = rows.filter(pl.col("week").is_between(first, pl.col("judged"))).filter(
            (pl.col("result_value").is_not_null() | (pl.col("results") == 0)).all().over("entity_id")
        )
        spend, value = float(known["spend"].sum()), float(known["result_value"].sum())
        if own.target_roas <= 0 or spend <= 0 or spend < own.roas_min_spend or value / spend >= own.target_roas:
            continue
        count = float(known["results"].sum())
        # On target, the same mean value would have needed this many purchases: is so few bad luck?
        needed = count * own.target_roas * spend / value if value else 0.0
        if value and float(pdtr(count, needed)) > own.roas_chance:
            continue
        signals.append(_roas(str(account_id), known, value, spend, own.target_roas))
    return Observation(tuple(signals), _scopes("roas_below_target", newest))


def _roas(account_id: str, known: pl.DataFrame, value: float, spend: float, target: float) -> Signal:
    reached = value / spend
    unsettled = known.filter(~pl.col("is_settled"))["week"].unique().sort().to_list()
    worst = (
        known.group_by("entity_id")
        .agg(pl.col("result_value").sum(), pl.col("spend").sum())
        .with_columns(roas=pl.col("result_value") / pl.col("spend"))
        .sort("spend", descending=True)
        .sort("roas", maintain_order=True)
        .head(WORST_CAMPAIGNS)
    )
    weeks = known["week"].unique().sort().to_list()
    note = " Some of its weeks are not settled: late conversions are missing." if unsettled else ""
    return Signal(
        kind="roas_below_target",
        account_id=account_id,
        subject_key="account",
        subject=f"account {account_id}",
        severity="critical" if reached < target / 2 else "high" if reached < target * 0.75 else "medium",
        summary=f"ROAS {ratio(reached)} is below the target {ratio(target)} (weeks {weeks[0]} to {weeks[-1]}).{note}",
        week=weeks[-1],
        evidence={
            "roas": round(reached, 4),
            "target": target,
            "value": value,
            "spend": spend,
            "currency": known["currency"][0],
            "purchases": float(known["results"].sum()),
            "first_week": weeks[0],
            "last_week": weeks[-1],
            "unsettled_weeks": unsettled,
            "worst_campaigns": worst.rows(named=True),
        },
    )


def frequency(weekly: pl.DataFrame, judged: pl.DataFrame, settings: AlertSettings) -> Observation:
    """Ad sets that reached the same people too often in the newest complete week.

    Args:
        weekly: rows of the view `insights_weekly` at level adset, and a column `name`.
        judged: as for `findings`.
        settings: thresholds.
    """
    newest = judged.filter(table_name="insights_weekly_adset").select("account_id", "week")
    signals = []
    for row in weekly.join(newest, on=["account_id", "week"]).sort(_ENTITY).iter_rows(named=True):
        own, value = settings.of(row["account_id"]), row["frequency"]
        if value is None or value < own.frequency or row["impressions"] < own.frequency_min_impressions:
            continue
        times, what = value / own.frequency if own.frequency else 1.0, label("ad set", row["name"], row["entity_id"])
        signals.append(
            Signal(
                kind="high_frequency",
                account_id=row["account_id"],
                subject_key=f"adset:{row['entity_id']}",
                subject=what,
                severity="critical" if times >= 2 else "high" if times >= 1.4 else "medium",  # noqa: PLR2004
                summary=f"{what} was seen {ratio(value)} times by each person in a week.",
                week=row["week"],
                evidence={name: row[name] for name in ("frequency", "impressions", "reach")},
            )
        )
    return Observation(tuple(signals), _scopes("high_frequency", newest))


def budgets(entities: pl.DataFrame, spent: pl.DataFrame, judged: pl.DataFrame, settings: AlertSettings) -> Observation:
    """Active campaigns and ad sets whose lifetime budget is used up.

    Args:
        entities: account_id, level, entity_id, name, lifetime_budget, currency, week of each active entity's newest
            snapshot that has a lifetime budget.
        spent: account_id, level, entity_id, spend over all weeks in the lake, first_week.
        judged: as for `findings`.
        settings: thresholds.
    """
    signals = []
    for row in entities.join(spent, on=_ENTITY).sort(_ENTITY).iter_rows(named=True):
        share = row["spend"] / row["lifetime_budget"] if row["lifetime_budget"] else 0.0
        if share <= 0 or share < settings.of(row["account_id"]).budget_share:
            continue
        what = label(row["level"], row["name"], row["entity_id"])
        signals.append(
            Signal(
                kind="budget_depleted",
                account_id=row["account_id"],
                subject_key=f"{row['level']}:{row['entity_id']}",
                subject=what,
                severity="high" if share >= 1 else "medium",
                summary=f"{what} has spent {share:.0%} of its lifetime budget and is still active.",
                week=row["week"],
                evidence={name: row[name] for name in ("spend", "lifetime_budget", "currency", "first_week")},
            )
        )
    return Observation(tuple(signals), _scopes("budget_depleted", judged))


def _scopes(kind: str, accounts: pl.DataFrame) -> frozenset[Scope]:
    return frozenset((kind, account) for account in accounts["account_id"])


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity)
