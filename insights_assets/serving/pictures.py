"""The report's pictures: cost per result by account, burnout forecasts against what happened, the worst finding."""

from datetime import date, timedelta
from math import isnan, nan, sqrt
from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from insights_assets.serving import drawing
from insights_assets.serving.drawing import BLUE, GREY, ORANGE, VERMILLION, Picture
from insights_assets.serving.figures import ratio
from insights_assets.serving.model import AccountFigures, Finding, ReportData
from insights_assets.serving.words import day, finding_words, plain

MAX_ACCOUNTS = 24
COST_METRICS = ("cpr", "results")
MIN_PAIRS = 5
BINS = 10
Z_95 = 1.96


def account_pictures(data: ReportData) -> list[Picture]:
    """Weekly cost per result of the accounts with delivery, those with the most findings first."""
    shown = [a for a in data.accounts if a.main is not None]
    shown.sort(key=lambda a: (-sum(n for _, n in a.findings), a.name, a.account_id))
    with drawing.style():
        return [_account(data, account, account.main.family) for account in shown[:MAX_ACCOUNTS] if account.main]


def calibration_picture(data: ReportData) -> Picture | None:
    """Predicted risk against the observed frequency of burnout, with how often each risk was predicted."""
    if data.outcomes.is_empty():
        return None
    with drawing.style():
        fig = drawing.figure(6.4, 5.2)
        curve, bars = fig.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        curve.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="as predicted")
        looks = {1: (BLUE, "o"), 2: (ORANGE, "s")}
        for horizon, (colour, mark) in looks.items():
            rows = data.outcomes.filter(pl.col("horizon_weeks") == horizon)
            word = f"{horizon} week{'s' if horizon > 1 else ''} ahead"
            bars.hist(rows["risk_score"].to_list(), bins=40, range=(0, 1), histtype="step", linewidth=1.5, color=colour)
            binned = [b for b in _bins(rows) if b[2] >= MIN_PAIRS]
            if not binned:
                continue
            at, seen = [b[0] for b in binned], [b[1] for b in binned]
            spread = [_wilson(b[1], b[2]) for b in binned]
            below = [s - lo for s, (lo, _) in zip(seen, spread, strict=True)]
            above = [hi - s for s, (_, hi) in zip(seen, spread, strict=True)]
            curve.errorbar(at, seen, yerr=[below, above], fmt=mark, color=colour, capsize=3, label=word)
        curve.set(xlim=(0, 1), ylim=(0, 1), ylabel="ads that burnt (observed)")
        curve.legend(loc="upper left")
        bars.set(xlabel="predicted risk", ylabel="predictions")
        for axis in (curve.yaxis, bars.xaxis):
            axis.set_major_formatter(PercentFormatter(1))
        bars.yaxis.set_major_locator(MaxNLocator(3, integer=True))
        known = data.outcomes.height
        return drawing.picture(
            fig,
            f"Calibration of {known} burnout predictions whose outcome is known.",
            f"{known:,} predictions whose outcome is known. On the dashed line a predicted 30 % burns in 30 % of "
            f"cases; bars are 95 % intervals, groups under {MIN_PAIRS} are left out. Below: how often each risk was "
            "predicted.",
        )


def striking(data: ReportData) -> Finding | None:
    """The finding to draw: in a complete week, on cost before other metrics, by score."""
    complete = [f for f in data.findings if f.when != "running"]
    return min(
        complete,
        key=lambda f: (f.metric not in COST_METRICS, -f.score, f.when != "newest", f.account_id, f.ad_id, f.week),
        default=None,
    )


def finding_picture(data: ReportData, finding: Finding) -> Picture:
    """An ad's weekly cost per result with its baseline, its spend and its frequency."""
    own = (pl.col("account_id") == finding.account_id) & (pl.col("entity_id") == finding.ad_id)
    columns = ("cpr", "cpr_baseline", "spend", "frequency")
    rows = data.features.filter(own & (pl.col("week") >= data.since)).select("week", "is_settled", *columns)
    weeks = _weeks(data)
    by_week = {row["week"]: row for row in rows.to_dicts()}
    series = {c: [_known(by_week.get(w, {}).get(c)) for w in weeks] for c in columns}
    with drawing.style():
        fig = drawing.figure(6.4, 6)
        cost, spend, frequency = fig.subplots(3, 1, sharex=True, height_ratios=[2, 1, 1])
        cost.plot(weeks, series["cpr"], color=BLUE, marker="o", label="cost per result")
        cost.plot(
            weeks, series["cpr_baseline"], color=GREY, linestyle="--", marker="_", label="baseline (4 weeks before)"
        )
        spend.bar(weeks, series["spend"], width=4, color=BLUE)
        frequency.plot(weeks, series["frequency"], color=BLUE, marker="o")
        for axes in (cost, spend, frequency):
            drawing.shade(axes, _unsettled(rows), weeks[-1])
            axes.axvline(finding.week, color=VERMILLION, linewidth=1.2, label="finding")
            axes.yaxis.set_major_locator(MaxNLocator(4))
        for axes, name in ((cost, "cpr"), (spend, "spend"), (frequency, "frequency")):
            axes.set_ylim(0, 1.2 * _top(series[name] + (series["cpr_baseline"] if name == "cpr" else [])))
        newest = {a.account_id: a.week for a in data.accounts}.get(finding.account_id)
        _hollow(cost, weeks, series["cpr"], newest)
        cost.set_ylabel(f"{finding.currency} a result")
        spend.set_ylabel(f"spend, {finding.currency}")
        frequency.set_ylabel("frequency")
        cost.legend(loc="upper left")
        drawing.title(cost, finding.ad_name, 60)
        drawing.week_axis(frequency, weeks[0], weeks[-1])
        what = f"{finding.account_name}, week of {day(finding.week)}: {finding_words(finding)}"
        caption = (
            f"{what}. Grey: not settled. Hollow: a week that is not over. A gap is a week without results or delivery. "
            "Dates are Mondays."
        )
        return drawing.picture(fig, f"Ad {finding.ad_name}. {what}.", caption)


def _account(data: ReportData, account: AccountFigures, family: str) -> Picture:
    own = (pl.col("account_id") == account.account_id) & (pl.col("week") >= data.since)
    rows = data.features.filter(own & (pl.col("result_family") == family))
    sums = rows.group_by("week").agg(pl.col("spend", "results").sum(), pl.col("is_settled").all())
    by_week = {w: (s, r) for w, s, r in sums.select("week", "spend", "results").iter_rows()}
    weeks = _weeks(data)
    costs = [_known(ratio(*by_week.get(w, (0.0, 0.0)))) for w in weeks]
    top = _top(costs)
    with drawing.style():
        fig = drawing.figure(4.2, 2.7)
        axes = fig.subplots()
        drawing.shade(axes, _unsettled(sums), weeks[-1])
        axes.plot(weeks, costs, color=BLUE, marker="o", markersize=4, linewidth=1.6)
        _hollow(axes, weeks, costs, account.week)
        empty = [w for w in weeks if w in by_week and by_week[w][1] == 0]
        axes.plot(empty, [0] * len(empty), color=GREY, marker="x", linestyle="none", clip_on=False)
        for direction, mark, colour, height in (("up", "^", VERMILLION, 1.3), ("down", "v", BLUE, 1.17)):
            found = [f for f in data.findings if f.account_id == account.account_id and f.direction == direction]
            for is_cost in (True, False):
                at: list[Any] = sorted({f.week for f in found if (f.metric in COST_METRICS) == is_cost})
                face = colour if is_cost else "none"
                axes.plot(at, [height * top] * len(at), mark, color=colour, markerfacecolor=face, markersize=6)
        axes.set_ylim(0, 1.4 * top)
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.set_ylabel(f"{account.currency} a result")
        drawing.title(axes, f"{drawing.drawable(account.name, 26)}: {plain(family)}", 44)
        drawing.week_axis(axes, weeks[0], weeks[-1])
        alt = f"Weekly cost per {plain(family)} result of {account.name}, in {account.currency}."
        return drawing.picture(fig, alt, "")


def _weeks(data: ReportData) -> list[Any]:
    """Every Monday from the first to the last week with delivery in the period."""
    known = data.features.filter(pl.col("week") >= data.since)["week"].unique().sort().to_list()
    count = (known[-1] - known[0]).days // 7 + 1
    return [known[0] + timedelta(weeks=n) for n in range(count)]


def _unsettled(rows: pl.DataFrame) -> date | None:
    weeks = rows.filter(~pl.col("is_settled"))["week"].sort().to_list()
    return weeks[0] if weeks else None


def _top(values: list[float]) -> float:
    """Largest known value; 1 where nothing is known or above 0."""
    return max((v for v in values if not isnan(v)), default=1.0) or 1.0


def _hollow(axes: Axes, weeks: list[Any], values: list[float], newest: date | None) -> None:
    """Redraw the points after the newest complete week as hollow: their weeks are partial."""
    late = [(w, v) for w, v in zip(weeks, values, strict=True) if newest is None or w > newest]
    axes.plot([w for w, _ in late], [v for _, v in late], "o", color=BLUE, markerfacecolor="white", zorder=3)


def _known(value: float | None) -> float:
    return nan if value is None else value


def _bins(rows: pl.DataFrame) -> list[tuple[float, float, int]]:
    """Mean prediction, observed share and number of pairs by tenth of predicted risk."""
    binned = rows.group_by((pl.col("risk_score") * BINS).floor().clip(0, BINS - 1).alias("bin")).agg(
        pl.col("risk_score").mean().alias("predicted"), pl.col("burnt").mean().alias("observed"), pl.len().alias("n")
    )
    return list(binned.sort("bin").select("predicted", "observed", "n").iter_rows())


def _wilson(observed: float, pairs: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (Wilson 1927)."""
    z2 = Z_95**2 / pairs
    middle = (observed + z2 / 2) / (1 + z2)
    half = Z_95 * sqrt(observed * (1 - observed) / pairs + z2 / (4 * pairs)) / (1 + z2)
    return min(middle - half, observed), max(middle + half, observed)
