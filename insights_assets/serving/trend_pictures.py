"""Pictures of a period's course: spend and cost per result by day, week or month, and Pareto's curves."""

from collections.abc import Collection, Sequence
from datetime import date

import polars as pl
from matplotlib.ticker import EngFormatter, MaxNLocator, PercentFormatter

from insights_assets.serving import drawing
from insights_assets.serving.drawing import BLUE, GREY, ORANGE, VERMILLION, Picture
from insights_assets.serving.words import MONTHS, plain
from insights_assets.serving.year import Concentration

MAX_TICKS = 6
STEP_WORDS = {"1d": "day", "1w": "week", "1mo": "month"}


def trend_picture(rows: pl.DataFrame, every: str, *, currency: str, family: str, partial: Collection[date]) -> Picture:
    """Spend and cost per result by step.

    Args:
        rows: `step`, spend, cpr of one currency and family; missing steps stay empty.
        every: 1d, 1w or 1mo.
        currency: of the amounts.
        family: result family.
        partial: steps of which days are missing, drawn hollow.
    """
    full = rows.sort("step").upsample("step", every=every)
    shown = full["step"].to_list()
    at = list(range(len(shown)))
    faces = ["white" if step in partial else BLUE for step in shown]
    with drawing.style():
        fig = drawing.figure(6.4, 3.6)
        spend, cost = fig.subplots(2, 1, sharex=True)
        spend.bar(at, full["spend"].fill_null(0).to_list(), color=faces, edgecolor=BLUE, width=0.7)
        cost.plot(at, full["cpr"].fill_null(float("nan")).to_list(), color=VERMILLION, marker="o", markersize=4)
        spend.set_ylabel(f"spend, {currency}")
        cost.set_ylabel(f"{currency} a result")
        cost.set_ylim(bottom=0)
        for axes in (spend, cost):
            axes.yaxis.set_major_locator(MaxNLocator(4))
            axes.yaxis.set_major_formatter(EngFormatter(sep=""))
        ticks = at[:: max(1, -(-len(at) // MAX_TICKS))]
        cost.set_xticks(ticks, [_step_words(shown[n], every) for n in ticks])
        drawing.title(spend, f"{currency}: {plain(family)}", 44)
        word = STEP_WORDS[every]
        alt = f"Spend and cost per {plain(family)} result by {word}, in {currency}, over {len(at)} {word}s."
        return drawing.picture(fig, alt, "")


def pareto_picture(found: Concentration, *, currency: str, family: str) -> Picture:
    """Cumulative shares of spend and of results over the ads, each ordered from the largest."""
    with drawing.style():
        fig = drawing.figure(6.4, 3.2)
        axes = fig.subplots()
        axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="all alike")
        for name, colour in (("spend", BLUE), ("results", ORANGE)):
            axes.plot(found.curve["ads"].to_list(), _known(found.curve[name]), color=colour, label=name)
        axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="ads, the largest first")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1))
        axes.legend(loc="lower right")
        drawing.title(axes, f"{currency}: {plain(family)}", 44)
        alt = f"Share of spend and of {plain(family)} results over {found.ads} ads, in {currency}."
        return drawing.picture(fig, alt, "")


def _step_words(step: date, every: str) -> str:
    month = MONTHS[step.month - 1]
    return f"{month} {step.year % 100:02d}" if every == "1mo" else f"{step.day} {month}"


def _known(values: pl.Series) -> Sequence[float]:
    return [float("nan") if v is None else v for v in values.to_list()]
