"""Tests of an entity's week against what was expected of it: counts as counts, prices and spend as log ratios."""

import numpy as np
import polars as pl

from insights_assets.analytics.expectations import KEY, WINDOW_WEEKS, Metric, expect
from insights_assets.analytics.families import minimum_results
from insights_assets.analytics.maturity import seen_so_far
from insights_assets.analytics.noise import count_p_values, ratio_p_values
from insights_assets.analytics.weekly_metrics import (
    CLICK_RATE,
    CLICKS,
    CONVERSION,
    COST,
    MORE_IMPRESSIONS,
    RATIOS,
    REACH,
    SPEND,
    SPEND_OF_BUDGET,
    margin,
)

EXPECTED_FOR_ZERO = 3.0
"""A week without results is judged once its spend should have bought three (the rule of three: P(0) < 5 %)."""

MIN_WEEKS = 3
"""Weeks learnt from before a week is judged: two differ by one weekly change, which says nothing about a second."""

PART_OF_FALL = 0.5 ** (1 / 3)
"""Cost and spend each make at least a third of a halving of results (of its logarithm)."""
TESTED = ("metric", "direction", "current_value", "baseline_value", "delta_pct", "p_value", "p_below")
COUNTED = ("counted", "expected", "variance", "degrees")


def week_tests(rows: pl.DataFrame) -> pl.DataFrame:
    """Test the judged week of each window, every metric on both sides.

    Args:
        rows: what `expectations.windows` returned, with `budget`.

    Returns:
        One row a test: account_id, entity_id, week and the columns of `TESTED` and `COUNTED`.
    """
    costs = seen_so_far(expect(rows, COST).filter(pl.col("points") >= MIN_WEEKS))
    spends, of_budget = (_compared(rows, metric) for metric in (SPEND, SPEND_OF_BUDGET))
    return pl.concat(
        [
            _cost_tests(rows, costs),
            _volume_tests(costs, spends, of_budget),
            _click_tests(rows),
            _spend_tests(spends, of_budget),
            *(_ratio_tests(_compared(rows, m), m.name) for m in RATIOS),
            _reach_tests(rows),
        ]
    )


def _cost_tests(rows: pl.DataFrame, costs: pl.DataFrame) -> pl.DataFrame:
    """Test results for the spend: `cpr` where there are results, `results` (zero_results) where there are none.

    A dearer result counts by itself where fewer clicks became results; where fewer impressions or clicks were bought,
    the tests of those are the proof, and the cost is tested below them (`discoveries`).
    """
    judged = costs.filter(
        pl.when(pl.col("results") > 0)
        # Few results must not close the gate on the very weeks that collapsed: what was expected opens it too.
        .then(pl.max_horizontal("results", "expected") >= minimum_results())
        .otherwise(pl.col("expected") >= EXPECTED_FOR_ZERO)
    )
    none = pl.col("results") == 0
    judged = judged.with_columns(
        pl.col("results").alias("counted"),
        pl.when(none).then(0.0).otherwise("cpr").alias("current_value"),
        pl.when(none).then("expected").otherwise(pl.col("spend") / pl.col("expected")).alias("baseline_value"),
    )
    few, many = _count_tests(judged, "cpr")
    # Fewer results are a dearer result: the side is turned round. None at all have no cost, and are tested as such.
    tests = _both_sides(
        judged.with_columns(pl.Series("p_below", few)), "cpr", many, np.maximum(few, _by_click(rows, judged))
    )
    nothing = tests["current_value"] == 0
    named = [pl.lit("results").alias("metric"), pl.lit("down").alias("direction")]
    empty = tests.filter(nothing & (pl.col("direction") == "up")).with_columns(named)
    return pl.concat([tests.filter(~nothing), empty])


def _by_click(rows: pl.DataFrame, judged: pl.DataFrame) -> np.ndarray:
    """Chance of as few results given the week's clicks; 0 where the account's clicks tell less of them than spend."""
    names = [*KEY, "expected", "variance", "degrees"]
    given = expect(rows, CONVERSION).with_columns(
        (pl.col("level_variance") + pl.col("scatter_variance")).alias("variance")
    )
    pairs = judged.select(*KEY, "counted", "seen", pl.col("variance").alias("by_spend")).join(
        given.select(names), on=KEY, how="left", maintain_order="left"
    )
    of_account = ["account_id", "week"]
    better = pl.col("variance").mean().over(of_account) < pl.col("by_spend").mean().over(of_account)
    usable = (pairs.select(better & (pl.col("expected") > 0)).to_series().fill_null(value=False)).to_numpy()
    few, _ = _count_tests(pairs.with_columns(pl.col("expected") * pl.col("seen")).fill_null(1.0), "cpr")
    return np.where(usable, few, 0.0)


def _click_tests(rows: pl.DataFrame) -> pl.DataFrame:
    judged = expect(rows, CLICK_RATE).filter(pl.col("points") >= MIN_WEEKS)
    judged = judged.with_columns(
        CLICKS.alias("counted"),
        (pl.col("level_variance") + pl.col("scatter_variance")).alias("variance"),
        pl.col("ctr").alias("current_value"),
        (pl.col("expected") / pl.col("impressions") * 100).alias("baseline_value"),
    )
    few, many = _count_tests(judged, "ctr")
    return _both_sides(judged, "ctr", few, many)


def _spend_tests(spends: pl.DataFrame, of_budget: pl.DataFrame) -> pl.DataFrame:
    """Test spend by day, which must have changed, and changed beside its budget too."""
    tests, beside = _ratio_tests(spends, "spend"), _ratio_tests(of_budget, "spend")
    return tests.with_columns(pl.max_horizontal("p_value", beside["p_value"]).alias("p_value"))


def _volume_tests(costs: pl.DataFrame, spends: pl.DataFrame, of_budget: pl.DataFrame) -> pl.DataFrame:
    """Test the number of results against what usual spend brings at the usual cost.

    Spend a third lower and results a third dearer are both within their own noise where results halve. Where one of the
    two makes the fall, its own test decides. The expectations are of different things, so their variances add; a
    smaller budget asks for fewer results.
    """
    of_spend = (pl.col("level_variance") + pl.col("scatter_variance")).alias("spend_variance")
    usual = spends.select(*KEY, pl.col("ratio").alias("spent"), of_spend)
    beside = of_budget.select(*KEY, pl.col("ratio").alias("spent_of_budget"))
    spent = pl.max_horizontal("spent", "spent_of_budget")
    judged = (
        costs.join(usual, on=KEY)
        .join(beside, on=KEY)
        .with_columns(
            ((pl.col("results") <= PART_OF_FALL * pl.col("expected")) & (spent <= PART_OF_FALL)).alias("both"),
            pl.col("results").alias("counted"),
            pl.col("results").alias("current_value"),
            (pl.col("expected") / spent).alias("expected"),
            pl.col("variance") + pl.col("spend_variance"),
        )
        .filter((pl.col("results") > 0) & (pl.col("expected") >= minimum_results()))
        .with_columns(pl.col("expected").alias("baseline_value"))
    )
    few, many = _count_tests(judged, "volume")
    # A test that was made counts, also where its answer is no.
    few = np.where(judged["both"].to_numpy(), few, 1.0)
    return _both_sides(judged, "volume", few, many).filter(pl.col("direction") == "down")


def _reach_tests(rows: pl.DataFrame) -> pl.DataFrame:
    """Test people reached for the impressions, where there are more impressions than usual."""
    usual = rows.group_by("account_id", "entity_id", "judged").agg(
        pl.col("impressions").filter(pl.col("time") < WINDOW_WEEKS).median().alias("usual_impressions")
    )
    tests = _ratio_tests(_compared(rows, REACH), "reach").filter(pl.col("direction") == "down")
    judged = rows.filter(pl.col("time") == WINDOW_WEEKS).join(usual, on=["account_id", "entity_id", "judged"])
    more = judged.filter(pl.col("impressions") >= MORE_IMPRESSIONS * pl.col("usual_impressions"))
    return tests.join(more, on=KEY, how="semi")


def _compared(rows: pl.DataFrame, metric: Metric) -> pl.DataFrame:
    """Judged weeks of a metric with `ratio`, the value against what was expected."""
    judged = expect(rows, metric).filter(pl.col("points") >= MIN_WEEKS)
    return judged.with_columns(
        (metric.value() / pl.col("expected")).alias("ratio"),
        pl.col(metric.name).cast(pl.Float64).alias("current_value"),
    )


def _ratio_tests(compared: pl.DataFrame, metric: str) -> pl.DataFrame:
    judged = compared.with_columns(
        pl.lit(None, dtype=pl.Float64).alias("counted"),
        (pl.col("level_variance") + pl.col("scatter_variance") + pl.col("noise")).alias("variance"),
        (pl.col("current_value") / pl.col("ratio")).alias("baseline_value"),
    )
    ratio, variance, degrees = (judged[c].to_numpy() for c in ("ratio", "variance", "degrees"))
    least = margin(metric)
    low, _ = ratio_p_values(ratio * least, variance, degrees)
    _, high = ratio_p_values(ratio / least, variance, degrees)
    return _both_sides(judged, metric, low, high)


def _count_tests(judged: pl.DataFrame, metric: str) -> tuple[np.ndarray, np.ndarray]:
    counted, expected, variance, degrees = (judged[c].to_numpy() for c in COUNTED)
    least = margin(metric)
    few, _ = count_p_values(counted, expected / least, variance, degrees)
    _, many = count_p_values(counted, expected * least, variance, degrees)
    return few, many


def _both_sides(judged: pl.DataFrame, metric: str, low: np.ndarray, high: np.ndarray) -> pl.DataFrame:
    """Two tests for each row: below what was expected, and above."""
    change = (pl.col("current_value") - pl.col("baseline_value")) / pl.col("baseline_value") * 100
    below = pl.col("p_below") if "p_below" in judged.columns else pl.lit(None, dtype=pl.Float64)
    sides = [
        judged.with_columns(
            below.alias("p_below"),
            pl.lit(metric).alias("metric"),
            pl.lit(direction).alias("direction"),
            pl.Series("p_value", p, dtype=pl.Float64),
            change.alias("delta_pct"),
        )
        for direction, p in (("down", low), ("up", high))
    ]
    return pl.concat(sides).select(*KEY, *TESTED, *COUNTED)
