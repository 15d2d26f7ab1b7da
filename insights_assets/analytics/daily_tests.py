"""Tests of a day, and of three days together, against what was expected: counts as counts, prices as log ratios."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from insights_assets.analytics.daily_expectations import DAY
from insights_assets.analytics.maturity import seen_so_far
from insights_assets.analytics.noise import count_side_p_values, ratio_side_p_values

LEAST_PCT: dict[tuple[str, str], tuple[str, float]] = {
    ("cpr", "up"): ("cpr_spike", 50.0),
    ("cpr", "down"): ("cpr_drop", 33.0),
    ("results", "down"): ("zero_results", 100.0),
    ("ctr", "down"): ("ctr_drop", 25.0),
    ("ctr", "up"): ("ctr_spike", 33.0),
    ("spend", "up"): ("spend_spike", 50.0),
    ("spend", "down"): ("spend_drop", 33.0),
    ("frequency", "up"): ("frequency_high", 33.0),
    ("roas", "down"): ("roas_drop", 33.0),
}
"""(metric, direction) -> finding and least change in percent, the same factor on both sides; a day scatters more than a
week, so it takes more."""

PROVEN_SHARE, PROVEN_OF_SHIFT = 0.5, 0.75
"""Part of the least change (of its logarithm) that must be proven beyond noise; of a shift, said to last, more."""

LEAST_RESULTS = 10.0
"""Results there are or should be: with fewer a day cannot show a change by half."""
ORDER_VALUES = 1.0
SHIFT_DAYS = 3

BAD_RATE = 0.05 / 7
"""False-discovery rate of a day, for each metric and direction: seven days have that of a week (`discoveries`)."""
FAMILY = ["account_day", "family"]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tests:
    """Tests of one metric and direction.

    Attributes:
        proven: (series, date, account_day, week, family, metric, direction, shift, current_value, baseline_value,
            delta_pct, p_value) of those whose p-value is at most `BAD_RATE`.
        made: (account_day, family, size): how many tests were made, the others included.
    """

    proven: pl.DataFrame
    made: pl.DataFrame


def point_tests(rows: pl.DataFrame) -> list[Tests]:
    """Every test of every single day."""
    return [
        *_cost_tests(rows),
        *_click_tests(rows),
        *(test for metric in ("spend", "frequency") for test in _log_tests(rows, metric)),
        _value_tests(rows),
    ]


def _cost_tests(rows: pl.DataFrame) -> list[Tests]:
    judged = _expected_results(rows.filter(pl.col("spend") > 0)).filter(
        pl.max_horizontal("results", "expected") >= LEAST_RESULTS
    )
    few, many = _count_tests(judged, "results", "cpr")
    none = judged["results"] == 0
    cost, usual = pl.col("spend") / pl.col("results"), pl.col("spend") / pl.col("expected")
    dearer = _tests(judged.filter(~none), "cpr", "up", few[~none.to_numpy()], cost, usual)
    cheaper = _tests(judged.filter(~none), "cpr", "down", many[~none.to_numpy()], cost, usual)
    nothing = _tests(
        judged.filter(none), "results", "down", few[none.to_numpy()], pl.col("results"), pl.col("expected")
    )
    return [dearer, cheaper, nothing]


def _expected_results(rows: pl.DataFrame) -> pl.DataFrame:
    """Results expected by now: of a day that is not settled yet, as far as its account has seen them."""
    judged = rows.filter(pl.col("cpr_rate") > 0).with_columns(
        (pl.col("spend") * pl.col("cpr_rate") * pl.col("cpr_season")).alias("expected"),
        (1 / pl.col("cpr_counted")).alias("level_variance"),
        pl.col("cpr_scatter").alias("scatter_variance"),
        pl.col("completeness").is_not_null().or_(pl.col("is_settled")).alias("completeness_known"),
        pl.col("completeness").fill_null(1.0).clip(0.05, 1.0),
        pl.col("points").cast(pl.Float64).alias("degrees"),
    )
    # The account's other entities of that day tell what is late.
    return seen_so_far(judged, ["account_day", "family"])


def _click_tests(rows: pl.DataFrame) -> list[Tests]:
    judged = rows.filter((pl.col("impressions") > 0) & (pl.col("ctr_rate") > 0)).with_columns(
        (pl.col("impressions") * pl.col("ctr_rate") * pl.col("ctr_season")).alias("expected"),
        (1 / pl.col("ctr_counted") + pl.col("ctr_scatter")).alias("variance"),
        pl.col("points").cast(pl.Float64).alias("degrees"),
    )
    few, many = _count_tests(judged, "clicks", "ctr")
    now, usual = (pl.col(c) / pl.col("impressions") * 100 for c in ("clicks", "expected"))
    return [_tests(judged, "ctr", "down", few, now, usual), _tests(judged, "ctr", "up", many, now, usual)]


def _log_tests(rows: pl.DataFrame, metric: str) -> list[Tests]:
    season = pl.col("spend_season") if metric == "spend" else pl.lit(1.0)
    judged = rows.filter((pl.col(metric) > 0) & pl.col(f"{metric}_log").is_not_null()).with_columns(
        (pl.col(f"{metric}_log").exp() * season).alias("expected"),
        # The median of n normal values has 1.57 times the variance of their mean.
        (pl.col(f"{metric}_scatter") * (1 + 1.57 / pl.col("points"))).alias("variance"),
        pl.col("points").cast(pl.Float64).alias("degrees"),
    )
    low, high = _ratio_tests(judged, pl.col(metric) / pl.col("expected"), metric)
    if metric == "spend":
        # Another budget is nobody's anomaly: spend must have changed beside it too.
        by_budget = _ratio_tests(judged, pl.col(metric) / pl.col("expected") / pl.col("budget_change"), metric)
        low, high = np.maximum(low, by_budget[0]), np.maximum(high, by_budget[1])
    now, usual = pl.col(metric), pl.col("expected")
    return [_tests(judged, metric, "down", low, now, usual), _tests(judged, metric, "up", high, now, usual)]


def _value_tests(rows: pl.DataFrame) -> Tests:
    counted = pl.col("results").clip(1.0)
    judged = rows.filter((pl.col("value") > 0) & (pl.col("value_rate") > 0) & (pl.col("spend") > 0)).filter(
        pl.col("results") >= LEAST_RESULTS / 2
    )
    judged = judged.with_columns(
        pl.col("value_rate").alias("expected"),
        ((1 + ORDER_VALUES) * (1 / counted + 1 / pl.col("cpr_counted")) + pl.col("cpr_scatter")).alias("variance"),
        pl.col("points").cast(pl.Float64).alias("degrees"),
    )
    now = pl.col("value") / pl.col("spend")
    low, _ = _ratio_tests(judged, now / pl.col("expected"), "roas")
    return _tests(judged, "roas", "down", low, now, pl.col("expected"))


def shift_tests(rows: pl.DataFrame) -> list[Tests]:
    """Test three days in a row together against the 28 days before the first of them, all three on one side."""
    first = rows.select(
        *DAY, "points", "cpr_rate", "cpr_counted", "cpr_scatter", "ctr_rate", "ctr_counted", "ctr_scatter"
    ).with_columns(pl.col("date").dt.offset_by(f"{SHIFT_DAYS - 1}d"))
    sides = {"cpr": ("results", "spend"), "ctr": ("clicks", "impressions")}
    sums = []
    for metric, (counted, exposure) in sides.items():
        given = pl.col(exposure) * pl.col(f"{metric}_season")
        sums += [
            pl.col(counted).sum().cast(pl.Float64).round_sig_figs(12).alias(f"{metric}_together"),
            given.sum().round_sig_figs(12).alias(f"{metric}_given"),
            pl.col(exposure).sum().cast(pl.Float64).round_sig_figs(12).alias(f"{metric}_exposure"),
            (pl.col(counted) / given).min().alias(f"{metric}_least"),
            (pl.col(counted) / given).max().alias(f"{metric}_most"),
        ]
    last = pl.col("week", "account_day").last()
    together = (
        rows.sort(DAY)
        .rolling("date", period=f"{SHIFT_DAYS}d", closed="right", group_by="series")
        .agg(pl.len().alias("days"), last, *sums)
        .filter(pl.col("days") == SHIFT_DAYS)
        .join(first, on=DAY, how="inner", maintain_order="left")
    )
    return [test for metric in sides for test in _shifts(together, metric)]


def _shifts(together: pl.DataFrame, metric: str) -> list[Tests]:
    parts = ("together", "given", "exposure", "least", "most", "rate", "counted", "scatter")
    named = together.select(*DAY, "account_day", "week", "points", *[pl.col(f"{metric}_{c}").alias(c) for c in parts])
    judged = (
        named.with_columns((pl.col("given") * pl.col("rate")).alias("expected"))
        .filter((pl.col("expected") >= LEAST_RESULTS) & (pl.col("together") > 0))
        .with_columns(
            # What moves a day moves the next: three days count as one and a half.
            (1 / pl.col("counted") + pl.col("scatter") / (SHIFT_DAYS / 2)).alias("variance"),
            pl.col("points").cast(pl.Float64).alias("degrees"),
            pl.col("together").alias("counted"),
        )
    )
    few, many = _count_tests(judged, "counted", metric, PROVEN_OF_SHIFT)
    rate = pl.col("rate")
    if metric == "cpr":
        now, usual = pl.col("exposure") / pl.col("counted"), pl.col("exposure") / pl.col("expected")
        sides = (("up", few, pl.col("most") < rate), ("down", many, pl.col("least") > rate))
    else:
        now, usual = (pl.col(c) / pl.col("exposure") * 100 for c in ("counted", "expected"))
        sides = (("down", few, pl.col("most") < rate), ("up", many, pl.col("least") > rate))
    out = []
    for direction, p, alike in sides:
        # Not all on one side is no shift, but a test that was made: only counting those that look like one would
        # make each of them look rarer than it is.
        kept = np.where(judged.select(alike).to_series().to_numpy(), p, 1.0)
        out.append(_tests(judged, metric, direction, kept, now, usual, shift=True))
    return out


def _count_tests(judged: pl.DataFrame, counted: str, metric: str, share: float = PROVEN_SHARE) -> tuple[Floats, Floats]:
    names = (counted, "expected", "variance", "degrees")
    values, expected, variance, degrees = (judged[c].cast(pl.Float64).to_numpy() for c in names)
    return count_side_p_values(values, expected, variance, degrees, _margin(metric, share))


def _ratio_tests(judged: pl.DataFrame, ratio: pl.Expr, metric: str) -> tuple[Floats, Floats]:
    values = judged.select(ratio.alias("ratio"))["ratio"].to_numpy()
    return ratio_side_p_values(values, judged["variance"].to_numpy(), judged["degrees"].to_numpy(), _margin(metric))


def _margin(metric: str, share: float = PROVEN_SHARE) -> float:
    factors = [_factor(d, limit) for (m, d), (_, limit) in LEAST_PCT.items() if m == metric]
    return float(min(factors) ** share)


def _factor(direction: str, limit: float) -> float:
    return 1 + limit / 100 if direction == "up" else 1 / (1 - min(limit, 99.0) / 100)


def _tests(
    judged: pl.DataFrame,
    metric: str,
    direction: str,
    p: Floats,
    now: pl.Expr,
    usual: pl.Expr,
    *,
    shift: bool = False,
) -> Tests:
    # No results is the dearest of outcomes: alone those days would be a family of nothing but extremes.
    dearer = metric == "results" or (metric, direction) == ("cpr", "up")
    family = pl.lit("cost" if dearer else f"{metric} {direction}").alias("family")
    proven = judged.with_columns(pl.Series("p_value", p, dtype=pl.Float64)).filter(pl.col("p_value") <= BAD_RATE)
    return Tests(
        proven.select(
            *DAY,
            "account_day",
            "week",
            family,
            pl.lit(metric).alias("metric"),
            pl.lit(direction).alias("direction"),
            pl.lit(shift).alias("shift"),
            now.cast(pl.Float64).alias("current_value"),
            usual.cast(pl.Float64).alias("baseline_value"),
            ((now - usual) / usual * 100).alias("delta_pct"),
            "p_value",
        ),
        judged.group_by("account_day").agg(pl.len().alias("size")).select("account_day", family, "size"),
    )
