"""Why a risk is what it is: the logistic model's terms, added up by theme."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from insights_assets.analytics.burnout_panel import Floats
from insights_assets.tables.burnout_predictions import DRIVER

MAX_DRIVERS = 5
LEAST_CONTRIBUTION = 0.005


@dataclass(frozen=True)
class Theme:
    """Signals that tell of one thing, and the one whose value is shown: in percent, or as a count."""

    shown: str
    members: tuple[str, ...]
    is_count: bool = False


THEMES = {
    "cost_to_median_pct": Theme(
        "mixed_blend",
        (
            *(f"level_{p}" for p in ("slow", "middle", "fast")),
            *(f"mixed_{p}" for p in ("slow", "middle", "fast", "blend")),
            *(f"chance_{p}" for p in ("level_middle", "mixed_slow", "mixed_middle", "mixed_blend")),
            *(f"week_{k}" for k in range(4)),
            *("weeks_4_7", "median_to_pooled", "above_best", "cost_since_start", "spread", "cost_to_account"),
        ),
    ),
    "link_ctr_change_pct": Theme("link_ctr_move", ("link_ctr_move", "link_ctr_drift", "link_ctr_since_start")),
    "cpm_change_pct": Theme("cpm_move", ("cpm_move", "cpm_drift")),
    "frequency_change_pct": Theme("frequency_move", ("frequency", "frequency_move", "creative_frequency")),
    "creative_age_weeks": Theme(
        "creative_age",
        ("creative_age", "creative_shown", "age", "present_4", "present_12", "paused_before"),
        is_count=True,
    ),
    "spend_change_pct": Theme("spend_move", ("spend_move", "spend_step", "spend_step_before")),
    "other_ads_cost_pct": Theme("others_0", ("others_0", "others_1", "others_trend")),
    "auction_price_pct": Theme(
        "account_price_4", ("account_price_4", "account_price_8", "fleet_price_4", "fleet_price_8")
    ),
    "season_pct": Theme("season_cost", ("season_cost", "season_price", "season_account_price")),
    "results_of_4_weeks": Theme(
        "results_4", ("results_4", "results", "fewest", "noise", "volatility", "incomplete"), is_count=True
    ),
}


def top_drivers(signals: NDArray[np.float32], contributions: Floats, names: list[str]) -> pl.Series:
    """List each row's themes by the size of their part of the logit, against an average ad week of the training.

    Args:
        signals: (rows, signals).
        contributions: (rows, signals) terms of the logistic model's logit.
        names: of the signals.

    Returns:
        Lists of {signal, value, contribution}, five at most.
    """
    place = {n: k for k, n in enumerate(names)}
    items = []
    for name, theme in THEMES.items():
        value = np.expm1(signals[:, place[theme.shown]].astype(np.float64)) * (1.0 if theme.is_count else 100.0)
        part = contributions[:, [place[m] for m in theme.members]].sum(axis=1)
        frame = pl.DataFrame({"value": np.round(value, 6), "contribution": np.round(part, 6)})
        fields = [pl.lit(name).alias("signal"), "value", "contribution"]
        size = pl.col("contribution").abs()
        both = pl.struct(size.alias("size"), pl.struct(fields).cast(DRIVER).alias("driver"))
        items.append(frame.select(pl.when(size >= LEAST_CONTRIBUTION).then(both).alias(name)).to_series())
    listed = pl.DataFrame(items).select(
        pl.concat_list(pl.all()).list.drop_nulls().list.sort(descending=True).list.head(MAX_DRIVERS).alias("top")
    )
    return listed.select(pl.col("top").list.eval(pl.element().struct.field("driver"))).to_series().alias("top_drivers")
