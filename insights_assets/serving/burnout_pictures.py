"""The picture of notice: how long before an ad burnt its risk had been high."""

import polars as pl
from matplotlib.ticker import MaxNLocator

from insights_assets.analytics.burnout_quality import lead_times
from insights_assets.serving import drawing
from insights_assets.serving.drawing import BLUE, GREY, ORANGE, Picture
from insights_assets.serving.model import ReportData

LEADS = ((2, "2 weeks before", BLUE), (1, "1 week before", ORANGE), (0, "no notice", GREY))


def lead_picture(data: ReportData) -> Picture | None:
    """New burnouts by the notice that predictions gave; None when no outcome of both horizons is known."""
    leads = lead_times(data.outcomes.with_columns(pl.col("burnt").cast(pl.Float64)))["lead_weeks"]
    if leads.is_empty():
        return None
    counts = {weeks: int((leads == weeks).sum()) for weeks, _, _ in LEADS}
    with drawing.style():
        fig = drawing.figure(6.4, 2.2)
        axes = fig.subplots()
        names = [name for _, name, _ in LEADS][::-1]
        bars = axes.barh(names, [counts[w] for w, _, _ in LEADS][::-1], color=[c for _, _, c in LEADS][::-1])
        axes.bar_label(bars, padding=3)
        axes.set(xlabel="ads that burnt after a calm week")
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.grid(visible=False, axis="y")
        told = f"{leads.len():,} burnouts after a calm week; "
        told += f"{counts[2]:,} had a risk of 50 % or more two weeks before, {counts[1]:,} only one week before."
        return drawing.picture(fig, f"Notice that predictions gave of burnout: {told}", told)
