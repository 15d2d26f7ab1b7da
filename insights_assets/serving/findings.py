"""Collects a report from the lake: figures by account, open findings, burnout risks and what limits them.

Belongs here: choosing and joining rows. Does not belong here: words (`words.py`), pictures (`pictures.py`).
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from insights_assets.lake.store import Lake
from insights_assets.partitions import monday, today_in
from insights_assets.serving.advice import newest_advice
from insights_assets.serving.figures import BASELINE_WEEKS, complete_weeks, count_words, family_figures, of_newest
from insights_assets.serving.forecasts import expected, forecast_accuracy
from insights_assets.serving.model import HIGH_LEVELS, AccountFigures, Driver, Finding, ReportData, Risk, Trust
from insights_assets.serving.trust import Scope, collect_trust, newest_days
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.anomalies import ANOMALIES_AD, SEVERITIES
from insights_assets.tables.burnout_predictions import BURNOUT_PREDICTIONS, RISK_LEVELS
from insights_assets.tables.entities import ADS
from insights_assets.tables.features import FEATURES_AD

OPEN_STATUSES = ("new", "acknowledged")
STALE_AFTER = timedelta(days=2)
WHEN_ORDER = ("day", "newest", "running", "earlier")
FEATURE_COLUMNS = (
    *("currency", "result_family", "spend", "results", "cpr", "cpr_baseline", "frequency"),
    *("is_complete", "is_settled"),
)


def collect(
    lake: Lake,
    *,
    accounts: Collection[str] | None = None,
    since: date,
    until: date,
    now: datetime,
    day: date | None = None,
) -> ReportData:
    """Collect what a report says.

    Args:
        lake: where the tables are.
        accounts: account ids; None for all.
        since: first day; its whole week counts.
        until: last day; its whole week counts.
        now: the instant of the report, with a time zone.
        day: findings on this day instead of on weeks, and forecasts of days.

    Returns:
        Figures of every account that is registered or has delivery, also when the period is empty.
    """
    scope = Scope(lake, accounts, monday(since), until)
    earlier = scope.since - timedelta(weeks=BASELINE_WEEKS)
    features = lake.read(FEATURES_AD, accounts=accounts, since=earlier, until=until, columns=FEATURE_COLUMNS)
    people = _people(lake.read(ACCOUNTS, accounts=accounts), features)
    # A report of a past day knows no week that ended after it.
    ended = monday(until + timedelta(days=1))
    running = {row["account_id"]: min(monday(today_in(row["timezone_name"], now)), ended) for row in people}
    newest = _newest_weeks(features.filter(pl.col("week") >= scope.since), running)
    names = {row["account_id"]: row["name"] for row in people}
    ad_names = lake.read(ADS, accounts=accounts, since=scope.since, until=until, columns=("name",)).sort("week")
    ad_names = ad_names.select("ad_id", "week", "name")
    predictions = scope.read(BURNOUT_PREDICTIONS)
    trust, outcomes = collect_trust(
        scope,
        names=names,
        running_weeks=[w for w in running.values() if w <= until],
        features=features,
        predictions=predictions,
    )
    # A report of weeks speaks of weeks, one of a day of that day alone.
    wanted = pl.col("granularity") == "week" if day is None else pl.col("date") == day
    told = scope.read(ANOMALIES_AD).filter(wanted, pl.col("status").is_in(OPEN_STATUSES))
    findings = _findings(_named(told, "entity_id", ad_names), features, people, newest)
    risks = _risks(_named(predictions, "ad_id", ad_names), names, newest)
    days = newest_days(scope)
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.account_id, []).append(finding)
    burning = Counter(r.account_id for r in risks if r.level in HIGH_LEVELS)
    of = features.partition_by("account_id", as_dict=True)
    figures = [
        _figures(
            row,
            rows=of.get((row["account_id"],), features.clear()),
            since=scope.since,
            week=newest.get(row["account_id"]),
            findings=found.get(row["account_id"], ()),
            high_risk_ads=burning[row["account_id"]],
            days=days,
            trust=trust,
            now=now,
            until=until,
        )
        for row in people
    ]
    currencies = {row["account_id"]: row["currency"] for row in people}
    ahead, past = expected(scope, newest, names, currencies, after=day), forecast_accuracy(scope)
    advice = newest_advice(scope, newest, names)
    return ReportData(
        scope.since, until, now, tuple(figures), findings, risks, trust, features, outcomes, ahead, past, advice
    )


def _people(accounts: pl.DataFrame, features: pl.DataFrame) -> list[dict[str, str]]:
    """Registered accounts and, by their id, those with delivery alone."""
    rows = accounts.select("account_id", "name", "currency", "timezone_name")
    strays = features.join(rows, on="account_id", how="anti").group_by("account_id").agg(pl.col("currency").last())
    strays = strays.with_columns(pl.col("account_id").alias("name"), pl.lit("UTC").alias("timezone_name"))
    return pl.concat([rows, strays.select(rows.columns)]).sort("name", "account_id").to_dicts()


def _newest_weeks(features: pl.DataFrame, running: Mapping[str, date]) -> dict[str, date]:
    """Newest complete week of each account that has one."""
    out = {}
    for (account_id,), rows in features.group_by("account_id"):
        weeks = complete_weeks(rows, running[str(account_id)])
        if weeks:
            out[str(account_id)] = weeks[-1]
    return out


def _named(rows: pl.DataFrame, ad: str, ad_names: pl.DataFrame) -> pl.DataFrame:
    """Add `ad_name`: as of the row's week, else the newest known, else the id."""
    then = ad_names.rename({"ad_id": ad, "name": "then"}).unique([ad, "week"], keep="last")
    last = ad_names.group_by("ad_id", maintain_order=True).agg(pl.col("name").last().alias("last"))
    joined = rows.join(then, on=[ad, "week"], how="left").join(last.rename({"ad_id": ad}), on=ad, how="left")
    return joined.with_columns(pl.coalesce("then", "last", ad).alias("ad_name"))


def _findings(
    rows: pl.DataFrame, features: pl.DataFrame, people: list[dict[str, str]], newest: Mapping[str, date]
) -> tuple[Finding, ...]:
    """Findings: newest complete week, running week, earlier ones; the most severe first within each."""
    settled = features.select("account_id", "week", "entity_id", "is_settled")
    rows = rows.join(settled, on=["account_id", "week", "entity_id"], how="left")
    known = {row["account_id"]: row for row in people}
    found = [
        Finding(
            account_id=row["account_id"],
            account_name=known.get(row["account_id"], row).get("name", row["account_id"]),
            currency=known.get(row["account_id"], row).get("currency", ""),
            week=row["week"],
            when="day" if row["date"] else _when(row["week"], newest.get(row["account_id"])),
            on=row["date"] or row["week"],
            is_settled=bool(row["is_settled"]),
            ad_id=row["entity_id"],
            ad_name=row["ad_name"],
            anomaly_type=row["anomaly_type"],
            metric=row["metric"],
            direction=row["direction"],
            family=row["result_family"],
            current=row["current_value"],
            baseline=row["baseline_value"],
            delta_pct=row["delta_pct"],
            score=row["anomaly_score"],
            severity=row["severity"],
            triggers=tuple(row["likely_triggers"] or ()),
        )
        for row in rows.to_dicts()
    ]
    return tuple(sorted(found, key=_finding_order))


def _when(week: date, newest: date | None) -> str:
    if newest is None or week > newest:
        return "running"
    return "newest" if week == newest else "earlier"


def _finding_order(finding: Finding) -> tuple[int, int, float, str, str, str]:
    severity = -SEVERITIES.index(finding.severity)
    tie = (finding.account_id, finding.ad_id, finding.anomaly_type)
    return (WHEN_ORDER.index(finding.when), severity, -finding.score, *tie)


def _risks(rows: pl.DataFrame, names: Mapping[str, str], newest: Mapping[str, date]) -> tuple[Risk, ...]:
    """Risks of the newest complete weeks, the highest probability first."""
    rows = of_newest(rows, newest).sort("account_id", "ad_id", "horizon_weeks")
    risks = [
        _risk(names.get(str(account_id), str(account_id)), ad.to_dicts())
        for (account_id, _), ad in rows.group_by("account_id", "ad_id", maintain_order=True)
    ]
    return tuple(sorted(risks, key=lambda r: (-r.worst, r.account_name, r.ad_id)))


def _risk(account_name: str, rows: list[dict[str, Any]]) -> Risk:
    by_horizon = {row["horizon_weeks"]: row for row in rows}
    worst = max(rows, key=lambda r: (RISK_LEVELS.index(r["risk_level"]), r["risk_score"]))
    return Risk(
        account_id=worst["account_id"],
        account_name=account_name,
        week=worst["week"],
        ad_id=worst["ad_id"],
        ad_name=worst["ad_name"],
        in_1_week=by_horizon.get(1, {}).get("risk_score"),
        in_2_weeks=by_horizon.get(2, {}).get("risk_score"),
        level=worst["risk_level"],
        change_pct=worst["predicted_cpr_change_pct"],
        lo_80=worst["lo_80"],
        hi_80=worst["hi_80"],
        drivers=tuple(Driver(**d) for d in worst["top_drivers"] or ()),
    )


def _figures(
    person: Mapping[str, str],
    *,
    rows: pl.DataFrame,
    since: date,
    week: date | None,
    findings: Sequence[Finding],
    high_risk_ads: int,
    days: Mapping[str, tuple[date, int]],
    trust: Trust,
    now: datetime,
    until: date,
) -> AccountFigures:
    account_id = person["account_id"]
    period = rows.filter(pl.col("week") >= since)
    settled = period.group_by("week").agg(pl.col("is_settled").all())
    newest_day, count = days.get(account_id, (None, 0))
    return AccountFigures(
        account_id=account_id,
        name=person["name"],
        currency=person["currency"],
        rows=count,
        spend=float(period["spend"].sum()),
        week=week,
        week_spend=float(period.filter(pl.col("week") == week)["spend"].sum()) if week else 0.0,
        families=family_figures(rows, since, week),
        findings=count_words(f.anomaly_type for f in findings),
        high_risk_ads=high_risk_ads,
        newest_day=newest_day,
        is_stale=newest_day is not None
        and min(today_in(person["timezone_name"], now), until + timedelta(days=1)) - newest_day > STALE_AFTER,
        weeks=settled.height,
        settled_weeks=int(settled["is_settled"].sum()),
        failed_checks=sum(c.weeks for c in trust.failed_checks if c.account_id == account_id),
        failed_steps=sum(s.weeks for s in trust.failed_steps if s.account_id == account_id),
    )
