"""What is judged of a week, from which change on it is worth a finding, and what of it has to be proven."""

import polars as pl

from insights_assets.analytics.expectations import Metric

THRESHOLD_PCT: dict[tuple[str, str], tuple[str, float]] = {
    ("cpr", "up"): ("cpr_spike", 20.0),
    ("cpr", "down"): ("cpr_drop", 20.0),
    ("results", "down"): ("zero_results", 100.0),
    ("volume", "down"): ("results_drop", 50.0),
    ("ctr", "down"): ("ctr_drop", 20.0),
    ("ctr", "up"): ("ctr_spike", 25.0),
    ("cpm", "up"): ("cpm_spike", 20.0),
    ("frequency", "up"): ("frequency_high", 50.0),
    ("spend", "up"): ("spend_spike", 50.0),
    ("spend", "down"): ("spend_drop", 50.0),
    ("roas", "down"): ("roas_drop", 30.0),
    ("reach", "down"): ("reach_saturation", 15.0),
}
"""(metric, direction) -> finding and least change in percent; cpr, ctr and frequency as in seed 000's configuration.
`volume` is the number of results, told of the metric `results`: below its level though neither spend nor cost is."""

PROVEN_SHARE = {"cpr": 0.5, "volume": 0.5, "spend": 0.5, "roas": 0.5}
"""Part of the least change (of its logarithm) that must be proven, 1 where not named. Clicks and impressions count in
thousands, so that a change of just the least size shows; results are few, and half of it must do."""


def margin(metric: str) -> float:
    """Return the factor a change must be shown to exceed (an interval null: McCarthy & Smyth 2009)."""
    least = min(limit for (name, _), (_, limit) in THRESHOLD_PCT.items() if name == metric)
    return float((1 + least / 100) ** PROVEN_SHARE.get(metric, 1.0))


SPENDING = pl.col("is_complete") & (pl.col("spend") > 0)
CLICKS = pl.col("ctr") * pl.col("impressions") / 100
COST = Metric("cpr", SPENDING, count=pl.col("results") / pl.col("completeness"), exposure=pl.col("spend"))
CLICK_RATE = Metric("ctr", pl.col("impressions") > 0, count=CLICKS, exposure=pl.col("impressions").cast(pl.Float64))
CONVERSION = Metric(
    "conversion",
    SPENDING & (pl.col("link_ctr") > 0),
    count=pl.col("results") / pl.col("completeness"),
    exposure=pl.col("link_ctr") * pl.col("impressions") / 100,
)
# By day of delivery: a pause or an end is nobody's anomaly, nor is another budget.
DAILY_SPEND = pl.col("spend") / pl.col("active_days").fill_null(7)
SPEND = Metric("spend", SPENDING, level=DAILY_SPEND)
SPEND_OF_BUDGET = Metric("spend", SPENDING, level=DAILY_SPEND, of_budget=True)
ORDER_VALUES = 1.0
"""Relative variance of one order's value: orders of a shop differ by about their mean."""
RATIOS = (
    Metric("cpm", pl.col("cpm") > 0, level=pl.col("cpm")),
    Metric("frequency", pl.col("is_complete") & (pl.col("frequency") > 0), level=pl.col("frequency")),
    Metric(
        "roas",
        SPENDING & (pl.col("roas") > 0),
        level=pl.col("roas") / pl.col("completeness"),
        given_noise=(1 + ORDER_VALUES) / pl.col("results").clip(1.0),
    ),
)
REACH = Metric(
    "reach",
    pl.col("is_complete") & (pl.col("reach") > 0) & (pl.col("impressions") > 0),
    level=pl.col("reach") / pl.col("impressions"),
)
MORE_IMPRESSIONS = 1.2
"""More is served by a fifth and hardly anybody new sees it: that is saturation; the same delivery seen more often is a
high frequency."""
