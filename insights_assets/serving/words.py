"""Numbers and findings in words: for the page and for the terminal."""

from datetime import date, datetime

from insights_assets.graph_api.currency import minor_units
from insights_assets.serving.model import AccountFigures, Finding, ReportData, Risk, Trust

ABSENT = "n/a"
NAME_LENGTH = 48
PERCENT_METRICS = ("ctr", "link_ctr")
MONEY_METRICS = ("cpr", "cpm", "cpc", "spend")
METRIC_WORDS = {
    "cpr": "cost per result",
    "cpm": "cost per 1,000 impressions",
    "ctr": "click rate",
    "spend": "spend",
    "frequency": "frequency",
    "results": "results",
    "impressions": "impressions",
    "link_ctr": "link click rate",
}
SIGNAL_WORDS = {
    "cost_to_median_pct": "cost against its median",
    "link_ctr_change_pct": "link click rate",
    "cpm_change_pct": "price of impressions",
    "frequency_change_pct": "frequency",
    "creative_age_weeks": "weeks of the creative",
    "spend_change_pct": "spend",
    "other_ads_cost_pct": "cost of the account's other ads",
    "auction_price_pct": "prices in the account",
    "season_pct": "season",
    "results_of_4_weeks": "results of four weeks",
}
FEW_RESULTS = 10
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def money(value: float | None, currency: str) -> str:
    """An amount with its currency; cents where the currency has them and the amount is under 10,000."""
    if value is None:
        return ABSENT
    digits = minor_units(currency) if abs(value) < 10_000 else 0  # noqa: PLR2004 - cents of large sums are noise
    if digits == 0 and 0 < abs(value) < 10:  # noqa: PLR2004 - a cost of 0.4 yen a click is not 0
        digits = 2
    return f"{value:,.{digits}f} {currency}".strip()


def number(value: float | None) -> str:
    """A count; a decimal only where there is one to be seen: results that are expected to grow are seldom whole."""
    return ABSENT if value is None else f"{value:,.1f}".removesuffix(".0")


def round_count(value: float | None) -> str:
    """An expected count: whole from ten on."""
    return ABSENT if value is None else f"{value:,.0f}" if value >= FEW_RESULTS else f"{value:,.1f}"


def change(value: float | None) -> str:
    """A signed percentage."""
    if value is None:
        return ABSENT
    return f"{value:+,.0f}\u00a0%".replace("-", "\u2212") if round(value) else "\u00b10\u00a0%"


def share(value: float | None) -> str:
    """A probability in percent."""
    return ABSENT if value is None else f"{value * 100:.0f} %"


def day(value: date | None) -> str:
    """A date as 3 Aug 2026, whatever the locale."""
    return ABSENT if value is None else f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def instant(value: datetime | None) -> str:
    """An instant in UTC, to the minute."""
    return ABSENT if value is None else f"{value:%Y-%m-%d %H:%M} UTC"


def short(text: str, length: int = NAME_LENGTH) -> str:
    """Foreign text on one line, cut where it is too long."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def plain(word: str) -> str:
    """An identifier as words."""
    return {"cpr_spike": "CPR spike", "cpr_drop": "CPR drop", "leadgen_form": "lead form"}.get(
        word, word.replace("_", " ")
    )


def metric_value(metric: str, value: float | None, currency: str) -> str:
    """A value in the unit of its metric."""
    if value is None:
        return ABSENT
    if metric in MONEY_METRICS:
        return money(value, currency)
    return (
        f"{value:.2f} %"
        if metric in ("ctr", "link_ctr")
        else f"{value:.2f}"
        if metric == "frequency"
        else number(value)
    )


def finding_words(finding: Finding) -> str:
    """What happened, in one clause with its numbers."""
    baseline = metric_value(finding.metric, finding.baseline, finding.currency)
    if finding.anomaly_type == "zero_results":
        return f"no {plain(finding.family)} results ({baseline} expected)"
    name = METRIC_WORDS.get(finding.metric, plain(finding.metric))
    name = f"cost per {plain(finding.family)} result" if finding.metric == "cpr" else name
    current = metric_value(finding.metric, finding.current, finding.currency)
    size = f" {abs(finding.delta_pct):,.0f} %" if finding.delta_pct is not None else ""
    return f"{name} {finding.direction}{size}: {current}, baseline {baseline}"


def drivers_words(risk: Risk, limit: int = 3) -> str:
    """The signals that raise or lower a risk most."""
    parts = [
        f"{SIGNAL_WORDS.get(d.signal, plain(d.signal))} "
        f"{change(d.value) if d.signal.endswith('_pct') else number(d.value)} "
        f"({'raises' if d.contribution > 0 else 'lowers'})"
        for d in risk.drivers[:limit]
    ]
    return "; ".join(parts) or ABSENT


def spend_by_currency(accounts: tuple[AccountFigures, ...]) -> list[str]:
    """Spend of the period, one amount a currency: no exchange rate is assumed."""
    totals: dict[str, float] = {}
    for account in accounts:
        if account.spend > 0:
            totals[account.currency] = totals.get(account.currency, 0.0) + account.spend
    return [money(total, currency) for currency, total in sorted(totals.items())]


def limits(trust: Trust) -> list[str]:
    """What can and cannot be trusted, a sentence each."""
    out = []
    if trust.running_weeks:
        out.append(
            f"The week of {day(trust.running_weeks[-1])} is still running: its sums are partial, it is left "
            "out of the changes by account, and findings on it can still vanish."
        )
    if trust.unsettled_since:
        out.append(
            f"Weeks from {day(trust.unsettled_since)} on are not settled: Meta credits results for up to 28 days, so "
            "their cost per result tends to fall a little until then."
        )
    failed = sum(c.weeks for c in trust.failed_checks)
    if trust.checks == 0:
        out.append("No check has run on these weeks.")
    elif failed:
        out.append(f"{failed:,} of {trust.checks:,} checks are red (below).")
    else:
        out.append(f"All {trust.checks:,} checks passed.")
    steps = sum(s.weeks for s in trust.failed_steps)
    out.append(f"{steps:,} steps failed (below)." if steps else "No step failed.")
    refused = sum(n for _, n in trust.quarantined)
    where = ", ".join(f"{n:,} of {table}" for table, n in trust.quarantined)
    out.append(f"{refused:,} rows were refused and are missing here: {where}." if refused else "No row was refused.")
    return out


def quality_words(trust: Trust) -> list[str]:
    """How good past burnout predictions were, a sentence for each horizon."""
    out = []
    for q in trust.quality:
        verdict = "better than" if q.brier < q.brier_base else "no better than"
        auc = "" if q.auc is None else f" It ranked a burnt ad above another in {share(q.auc)} of cases (chance: 50 %)."
        out.append(
            f"{q.horizon_weeks} week{'s' if q.horizon_weeks > 1 else ''} ahead: {q.pairs:,} outcomes known, "
            f"{share(q.base_rate)} burnt. Brier score {q.brier:.3f}, {verdict} always saying the average "
            f"({q.brier_base:.3f}).{auc}"
        )
    return out


def summary(data: ReportData) -> list[str]:
    """Say the report in about ten lines for a terminal."""
    up = sum(f.direction == "up" for f in data.findings)
    spend = " + ".join(spend_by_currency(data.accounts)) or "none"
    by_level = {level: sum(r.level == level for r in data.risks) for level in ("high", "critical")}
    lines = [
        f"Accounts: {len(data.accounts)} ({sum(a.rows > 0 for a in data.accounts)} with daily rows)",
        f"Weeks: {data.weeks} with delivery between {day(data.since)} and {day(data.until)}",
        f"Rows of daily insights: {data.rows:,}",
        f"Spend: {spend}",
        f"Findings: {len(data.findings)} open, {up} up, {len(data.findings) - up} down",
    ]
    lines += [
        f"  {f.severity}: {short(f.account_name, 28)}, {short(f.ad_name, 32)}, week of {day(f.week)}"
        f"{' (partial)' if f.when == 'running' else ''}: {finding_words(f)}"
        for f in data.findings[:3]
    ]
    steps = sum(s.weeks for s in data.trust.failed_steps)
    red = sum(c.weeks for c in data.trust.failed_checks)
    lines += [
        f"Burnout risk: {by_level['critical']} critical, {by_level['high']} high, of {len(data.risks)} ads judged",
        f"Checks: {red} red of {data.trust.checks:,}; failed steps: {steps}",
    ]
    return lines
