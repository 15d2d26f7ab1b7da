"""How pictures are drawn: one style, no global state left behind, the same bytes for the same data."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from io import BytesIO
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from insights_assets.serving.words import MONTHS

FONT = "DejaVu Sans"  # ships with matplotlib, so a picture looks the same on every machine
STYLE: dict[Any, Any] = {
    "font.family": FONT,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#767676",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.grid.axis": "y",
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "grid.color": "#e3e3e3",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "svg.hashsalt": "insights",
    "svg.fonttype": "path",
}
# Okabe and Ito's palette: told apart with every kind of colour blindness.
BLUE, ORANGE, VERMILLION, GREY, SHADE = "#0072B2", "#E69F00", "#D55E00", "#767676", "#f0f0f0"
HALF_WEEK = 3.5  # days
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Picture:
    """A picture as a data URI, with what it shows in words for who cannot see it."""

    uri: str
    alt: str
    caption: str


@contextmanager
def style() -> Iterator[None]:
    """Draw in this module's style; the caller's settings come back afterwards."""
    with mpl.rc_context({**mpl.rcParamsDefault, **STYLE, "backend": mpl.rcParams["backend"]}):
        yield


def figure(width: float, height: float) -> Figure:
    """An empty figure in inches, laid out so that nothing is cut off."""
    return Figure(figsize=(width, height), layout="constrained")


def picture(drawn: Figure, alt: str, caption: str) -> Picture:
    """Turn a figure into an SVG data URI: as an image it can run nothing and load nothing."""
    out = BytesIO()
    drawn.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return Picture(f"data:image/svg+xml;base64,{base64.b64encode(out.getvalue()).decode()}", alt, caption)


def drawable(text: str, length: int) -> str:
    """Foreign text that the font can draw: other characters become a question mark, long text is cut."""
    known = _characters()
    line = "".join(c if ord(c) in known else "?" for c in " ".join(text.split()))
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def title(axes: Axes, text: str, length: int) -> None:
    """Set a title of foreign text: a dollar sign in it starts no formula."""
    axes.set_title(drawable(text, length), parse_math=False)


def week_axis(axes: Axes, first: date, last: date) -> None:
    """Show weeks by their Monday, the same span for every picture."""
    weeks = (last - first).days // 7 + 1
    shown = [first + timedelta(weeks=n) for n in range(0, weeks, max(1, -(-weeks // 5)))]
    axes.set_xlim(_at(first) - HALF_WEEK, _at(last) + HALF_WEEK)
    axes.set_xticks([_at(week) for week in shown], [f"{week:%d} {MONTHS[week.month - 1]}" for week in shown])


def shade(axes: Axes, first: date | None, last: date) -> None:
    """Shade the weeks that are not settled."""
    if first is not None:
        axes.axvspan(_at(first) - HALF_WEEK, _at(last) + HALF_WEEK, color=SHADE, zorder=0)


def _at(day: date) -> float:
    """A day's place on an axis of dates: matplotlib counts days from 1970 on."""
    return float((day - EPOCH).days)


@cache
def _characters() -> frozenset[int]:
    return frozenset(font_manager.get_font(font_manager.findfont(FONT)).get_charmap())
