"""What a report says of the weeks ahead, and how far past forecasts were off by horizon."""

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl
from matplotlib.ticker import MaxNLocator

from insights_assets.analytics.prediction_scores import accuracy
from insights_assets.serving import drawing
from insights_assets.serving.drawing import BLUE, GREY, ORANGE, VERMILLION, Picture
from insights_assets.serving.figures import of_newest
from insights_assets.serving.model import Expected, Range
from insights_assets.serving.trust import Scope
from insights_assets.tables.forecasts import FORECASTS
from insights_assets.tables.prediction_scores import PREDICTION_SCORES

SHOWN_HORIZONS = (1, 4)
SHOWN_DAYS = (1, 2)
LOOKS = {"spend": (BLUE, "o"), "results": (ORANGE, "s"), "cpr": (VERMILLION, "^")}
WORDS = {"spend": "spend", "results": "results", "cpr": "cost per result"}
FEWEST_SCORES = 20
"""Scores below which a point of the picture says nothing."""


def expected(
    scope: Scope,
    newest: Mapping[str, date],
    names: Mapping[str, str],
    currencies: Mapping[str, str],
    *,
    after: date | None = None,
) -> tuple[Expected, ...]:
    """Collect the forecasts of the accounts from their newest complete week: 1 and 4 weeks ahead.

    `after` asks for those of the two days after a day instead; from one week's close they reach 7 days.
    """
    shown = (pl.col("grain") == "week") & pl.col("horizon").is_in(SHOWN_HORIZONS)
    if after is not None:
        shown = (pl.col("grain") == "day") & pl.col("ds").is_in([after + timedelta(days=n) for n in SHOWN_DAYS])
    rows = of_newest(scope.read(FORECASTS["account"]).filter(shown), newest).sort("account_id", "ds")
    found = []
    for (account_id, ds), part in rows.group_by("account_id", "ds", maintain_order=True):
        by = {row["metric"]: row for row in part.to_dicts()}
        told = {m: Range(by[m]["mean"], by[m]["lo_80"], by[m]["hi_80"]) for m in LOOKS if m in by}
        found.append(
            Expected(
                account_id=str(account_id),
                account_name=names.get(str(account_id), str(account_id)),
                currency=currencies.get(str(account_id), ""),
                begins=ds,
                family=by.get("results", {}).get("result_family") or "",
                **{m: told.get(m, Range(None, None, None)) for m in LOOKS},
            )
        )
    return tuple(sorted(found, key=lambda e: (e.account_name, e.account_id, e.begins)))


def forecast_accuracy(scope: Scope) -> pl.DataFrame:
    """How good the forecasts of the period were, by metric, grain and horizon over all levels and accounts."""
    scores = scope.read(PREDICTION_SCORES).filter(pl.col("kind") == "forecast")
    return accuracy(scores.with_columns(pl.lit("ad").alias("level"))).filter(pl.col("scores") >= FEWEST_SCORES)


def horizon_picture(table: pl.DataFrame) -> Picture | None:
    """Error over that of the last value by horizon, days and weeks side by side."""
    if table.is_empty():
        return None
    with drawing.style():
        fig = drawing.figure(6.4, 3.2)
        panels = fig.subplots(1, 2, sharey=True)
        for axes, grain in zip(panels, ("day", "week"), strict=True):
            axes.axhline(1, color=GREY, linestyle="--", linewidth=1)
            for metric, (colour, mark) in LOOKS.items():
                rows = table.filter(pl.col("grain") == grain, pl.col("metric") == metric).sort("horizon")
                axes.plot(
                    rows["horizon"].to_list(),
                    rows["ratio_to_naive"].to_list(),
                    color=colour,
                    marker=mark,
                    label=WORDS[metric],
                )
            axes.set_xlabel(f"{grain}s ahead")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        panels[0].set_ylabel("error / that of the last value")
        panels[0].set_ylim(bottom=0)
        panels[1].legend(loc="lower right")
        held = table.select(
            *((pl.col(c) * pl.col("scores")).sum() / pl.col("scores").sum() for c in ("coverage_80", "coverage_95"))
        ).row(0)
        count = int(table["scores"].sum())
        return drawing.picture(
            fig,
            f"Error by horizon of {count} forecasts whose truth is known.",
            f"{count:,} forecasts whose truth is known, of all levels. Below the dashed line they beat the last value. "
            f"80 % intervals held {held[0]:.0%} of the truths, 95 % intervals {held[1]:.0%}.",
        )
