"""Tests of an entity's week against what was expected of it: counts as counts, prices and spend as log ratios."""

import numpy as np
import polars as pl

from insights_assets.analytics.discoveries import BAD_NEWS_RATE
from insights_assets.analytics.expectations import KEY, WINDOW_WEEKS, Metric, expect
from insights_assets.analytics.families import minimum_results
from insights_assets.analytics.maturity import seen_so_far
from insights_assets.analytics.noise import count_side_p_values, ratio_side_p_values
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
POOL, POOL_WEEK = ["account_id", "judged"], ["account_id", "week"]
"""Entities of an account share their scatter in a judged week: a metric is expected for all of a pool or for none."""
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
    spends = _compared(rows, SPEND)
    of_budget = _beside_budget(rows, spends)
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
        judged.with_columns(pl.Series("p_below", few)), "cpr", many, np.maximum(few, _by_click(rows, judged, few))
    )
    nothing = tests["current_value"] == 0
    named = [pl.lit("results").alias("metric"), pl.lit("down").alias("direction")]
    empty = tests.filter(nothing & (pl.col("direction") == "up")).with_columns(named)
    return pl.concat([tests.filter(~nothing), empty])


def _by_click(rows: pl.DataFrame, judged: pl.DataFrame, few: np.ndarray) -> np.ndarray:
    """Chance of as few results given the week's clicks; 0 where the account's clicks tell less of them than spend."""
    names = [*KEY, "expected", "variance", "degrees"]
    # Elsewhere there is no finding that clicks could take back.
    near = judged.filter(pl.Series(few <= BAD_NEWS_RATE)).select(POOL_WEEK).unique()
    rows = rows.join(near, left_on=POOL, right_on=POOL_WEEK, how="semi", maintain_order="left")
    given = expect(rows, CONVERSION).with_columns(
        (pl.col("level_variance") + pl.col("scatter_variance")).alias("variance")
    )
    pairs = judged.select(*KEY, "counted", "seen", pl.col("variance").alias("by_spend")).join(
        given.select(names), on=KEY, how="left", maintain_order="left"
    )
    of_account = ["account_id", "week"]
    better = pl.col("variance").mean().over(of_account) < pl.col("by_spend").mean().over(of_account)
    usable = (pairs.select(better & (pl.col("expected") > 0)).to_series().fill_null(value=False)).to_numpy()
    by_click, _ = _count_tests(pairs.with_columns(pl.col("expected") * pl.col("seen")).fill_null(1.0), "cpr")
    return np.where(usable, by_click, 0.0)


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


def _beside_budget(rows: pl.DataFrame, spends: pl.DataFrame) -> pl.DataFrame:
    """Spend compared with what its budget lets expect; budgets that stay what they are say what spend says."""
    changed = rows.group_by(*POOL, "series").agg(pl.col("budget").min() != pl.col("budget").max())
    moved = changed.filter("budget").select(POOL).unique()
    parts = [
        spends.join(moved, left_on=POOL_WEEK, right_on=POOL, how="anti", maintain_order="left"),
        _compared(rows.join(moved, on=POOL, how="semi", maintain_order="left"), SPEND_OF_BUDGET),
    ]
    return spends.select(KEY).join(pl.concat(parts), on=KEY, maintain_order="left")


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
    judged = rows.filter(pl.col("time") == WINDOW_WEEKS).join(usual, on=["account_id", "entity_id", "judged"])
    more = judged.filter(pl.col("impressions") >= MORE_IMPRESSIONS * pl.col("usual_impressions"))
    rows = rows.join(more, left_on=POOL, right_on=POOL_WEEK, how="semi", maintain_order="left")
    tests = _ratio_tests(_compared(rows, REACH), "reach").filter(pl.col("direction") == "down")
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
    low, high = ratio_side_p_values(ratio, variance, degrees, margin(metric))
    return _both_sides(judged, metric, low, high)


def _count_tests(judged: pl.DataFrame, metric: str) -> tuple[np.ndarray, np.ndarray]:
    counted, expected, variance, degrees = (judged[c].to_numpy() for c in COUNTED)
    return count_side_p_values(counted, expected, variance, degrees, margin(metric))


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
