"""A report in a few lines: title, main figures, what stands out; as text for messages, as Markdown for the UI."""

from collections.abc import Mapping, Sequence

from insights_assets.serving.comparison import Block, Comparison
from insights_assets.serving.editions import Edition
from insights_assets.serving.model import ReportData
from insights_assets.serving.periods import UNITS, Baseline, Period, Span
from insights_assets.serving.words import METRIC_WORDS, change, day, finding_words, metric_value, plain, short

SHOWN_CURRENCIES = 4
SHOWN_FINDINGS = 3
SHOWN_ADVICE = 3
NAMED = 5


def title(found: Period) -> str:
    """Kind and days of a report."""
    so_far = "" if found.whole else ", so far"
    return f"{found.kind.capitalize()} report, {span_words(found.span)}{so_far}"


def span_words(span: Span) -> str:
    """Days in words."""
    return day(span.since) if span.days == 1 else f"{day(span.since)} to {day(span.until)}"


def baseline_words(baseline: Baseline) -> str:
    """A baseline with its days."""
    first, last = min(s.since for s in baseline.spans), max(s.until for s in baseline.spans)
    return f"{baseline.name} ({span_words(Span(first, last))})"


def comparison_limits(found: Comparison, names: Mapping[str, str]) -> list[str]:
    """What the comparison lacks, a sentence each; `names` of accounts by id."""
    out = []
    unit = UNITS[found.period.kind]
    if found.behind:
        what = "counted as far as they go" if found.period.kind == "yearly" else "left out of these sums"
        out.append(
            f"Not read to the end of {day(found.period.span.until)}, and {what}: {_accounts(len(found.behind))}, "
            f"{_named([f'{short(names.get(a, a))} (read to {day(until)})' for a, until in found.behind])}."
        )
    if found.unanalysed:
        out.append(
            f"Of {_accounts(len(found.unanalysed))} the results are not computed for the whole {unit} yet, so their "
            f"spend stands in no result family: {_named([short(names.get(a, a)) for a in found.unanalysed])}."
        )
    out += [
        f"History begins on {day(found.first)}: {baseline_words(baseline)} is held against the same days, "
        f"{span_words(baseline.against)}, and changes are between these two."
        for baseline in found.period.baselines
        if baseline.against != found.period.span
    ]
    if not found.period.baselines and found.first is not None:
        out.append(f"History begins on {day(found.first)}, so there is nothing earlier to hold the {unit} against.")
    if not found.period.whole:
        out.append(f"The {unit} is not over: its days up to {day(found.period.span.until)} are held against as many.")
    return out


def lines(edition: Edition) -> list[str]:
    """The report in about ten lines; names of ads are foreign text."""
    totals = edition.comparison.totals
    largest = {b.currency: b for b in reversed(totals) if b.family is not None}
    shown = [b for b in totals if b.family is None][:SHOWN_CURRENCIES]
    out = [_block_line(b, ("spend",), edition.period) for b in shown]
    out += [
        _block_line(b, ("results", "cpr"), edition.period) for b in map(largest.get, (s.currency for s in shown)) if b
    ]
    if not out:
        out.append(f"No delivery is stored for this {UNITS[edition.period.kind]}.")
    data = edition.data
    out.append(f"Open findings: {len(data.findings):,}; ads with high burnout risk: {len(data.high_risks):,}.")
    out += [
        f"{f.severity}: {short(f.account_name, 28)}, {short(f.ad_name, 32)}: {finding_words(f)}"
        for f in data.findings[:SHOWN_FINDINGS]
    ]
    out += [
        f"To do: {short(a.account_name, 28)}, {a.level} {short(a.entity_name, 32)}: {short(a.action, 160)}"
        for a in data.advice[:SHOWN_ADVICE]
    ]
    out.append(_trust_line(data, edition.comparison))
    return out


def markdown(edition: Edition) -> str:
    """The report for the UI: foreign text cannot become markup."""
    body = "\n".join(f"- {_literal(text)}" for text in lines(edition))
    return f"**{_literal(title(edition.period))}**\n\n{body}"


def _block_line(block: Block, metrics: Sequence[str], found: Period) -> str:
    """Some metrics of a block, each with its change to the first baseline."""
    name = f"{block.currency}, {plain(block.family)}" if block.family else block.currency
    versus = f" against {found.baselines[0].name}" if found.baselines else ""
    told = [
        f"{METRIC_WORDS[m.name]} {metric_value(m.name, m.current, block.currency)}"
        + (f" ({change(m.against[0].change_pct)})" if m.against else "")
        for m in map(block.__getitem__, metrics)
    ]
    return f"{name}: {', '.join(told)}{versus}."


def _trust_line(data: ReportData, found: Comparison) -> str:
    red = sum(c.weeks for c in data.trust.failed_checks)
    steps = sum(s.weeks for s in data.trust.failed_steps)
    return (
        f"Checks: {red:,} red of {data.trust.checks:,}; failed steps: {steps:,}; "
        f"accounts not read to the end: {len(found.behind):,}."
    )


def _accounts(count: int) -> str:
    return f"{count:,} account{'' if count == 1 else 's'}"


def _named(names: Sequence[str]) -> str:
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {rest:,} more" if rest > 0 else "")


def _literal(text: str) -> str:
    """Text in which Markdown and HTML see no markup."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{c}" if c in "\\`*_[]()#!|~" else c for c in escaped)
