"""Tests of an entity's week against what was expected of it: counts as counts, prices and spend as log ratios."""

import numpy as np
import polars as pl

from insights_assets.analytics.discoveries import BAD_NEWS_RATE, BELOW_RATE
from insights_assets.analytics.expectations import WINDOW_WEEKS, Floats, Metric, Windows, expect
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
POOL_FAMILY = ["pool", "result_family"]
COUNTED = ("counted", "expected", "variance", "degrees")
SIZES = (
    pl.len().over("pool", "campaign_id").alias("size"),
    pl.col("campaign_id").n_unique().over("pool").alias("campaigns"),
)
"""How many tests of a family a campaign has, and how many campaigns have some; before those that prove nothing go."""
TESTED = ("row", "pool", "campaign_id", "current_value", "baseline_value", "p_value", "p_below", "size", "campaigns")


def week_tests(at: Windows) -> pl.DataFrame:
    """Test the judged week of each window, every metric on both sides.

    Args:
        at: the windows.

    Returns:
        One row a test that could become a finding (`discoveries`): row and pool (as in `Windows`), campaign_id, metric,
        direction, current_value, baseline_value, delta_pct, p_value, p_below (null where there is none), and the
        `SIZES` of its family.
    """
    costs = seen_so_far(expect(at, COST).filter(pl.col("points") >= MIN_WEEKS), POOL_FAMILY)
    spends = _compared(at, SPEND)
    of_budget = _beside_budget(at, spends)
    return pl.concat(
        [
            _cost_tests(at, costs),
            _volume_tests(costs, spends, of_budget),
            _click_tests(at),
            _spend_tests(spends, of_budget),
            *(_both_sides(c, m.name, *_ratio_p_values(c, m.name)) for m in RATIOS for c in (_compared(at, m),)),
            _reach_tests(at),
        ]
    ).with_columns(
        ((pl.col("current_value") - pl.col("baseline_value")) / pl.col("baseline_value") * 100).alias("delta_pct")
    )


def _cost_tests(at: Windows, costs: pl.DataFrame) -> pl.DataFrame:
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
    few, many = _count_p_values(judged, "cpr")
    # Fewer results are a dearer result: the side is turned round. None at all have no cost, and are tested as such, in
    # the family of the dearer ones.
    dearer, nothing = np.maximum(few, _by_click(at, judged, few)), (judged["results"] == 0).to_numpy()
    cheaper = judged.with_columns(pl.Series("cheaper", many)).filter(pl.Series(~nothing)).with_columns(*SIZES)
    judged = judged.with_columns(*SIZES, pl.Series("p_below", few), pl.Series("dearer", dearer))
    return pl.concat(
        [
            _side(judged.filter(pl.Series(~nothing)), "cpr", "up", "dearer"),
            _side(judged.filter(pl.Series(nothing)), "results", "down", "dearer"),
            _side(cheaper, "cpr", "down", "cheaper"),
        ]
    )


def _by_click(at: Windows, judged: pl.DataFrame, few: Floats) -> Floats:
    """Chance of as few results given the week's clicks; 0 where the account's clicks tell less of them than spend."""
    # Elsewhere there is no finding that clicks could take back.
    near = judged.filter(pl.Series(few <= BAD_NEWS_RATE))["pool"].unique().to_numpy()
    given = expect(at.of_pools(near), CONVERSION).select(
        "row",
        by_click="expected",
        click_variance=pl.col("level_variance") + pl.col("scatter_variance"),
        click_degrees="degrees",
    )
    named = judged.select("row", "pool", "counted", "seen", "variance")
    # What is found goes back by its place.
    pairs = named.join(given, on="row", how="left", maintain_order="left")
    better = pl.col("click_variance").mean().over("pool") < pl.col("variance").mean().over("pool")
    pairs = pairs.with_row_index("at").filter(better & (pl.col("by_click") > 0))
    usable = pairs.select(
        "counted", expected=pl.col("by_click") * pl.col("seen"), variance="click_variance", degrees="click_degrees"
    )
    out = np.zeros(few.size)
    out[pairs["at"].to_numpy()] = _count_p_values(usable, "cpr")[0]
    return out


def _click_tests(at: Windows) -> pl.DataFrame:
    judged = expect(at, CLICK_RATE).filter(pl.col("points") >= MIN_WEEKS)
    judged = judged.with_columns(
        CLICKS.alias("counted"),
        (pl.col("level_variance") + pl.col("scatter_variance")).alias("variance"),
        pl.col("ctr").alias("current_value"),
        (pl.col("expected") / pl.col("impressions") * 100).alias("baseline_value"),
    )
    return _both_sides(judged, "ctr", *_count_p_values(judged, "ctr"))


def _beside_budget(at: Windows, spends: pl.DataFrame) -> pl.DataFrame:
    """Spend compared with what its budget lets expect; budgets that stay what they are say what spend says.

    Returns:
        The rows of `spends`, in their order.
    """
    changed = (at.budget[1:] != at.budget[:-1]) & (at.series[1:] == at.series[:-1])
    moved = np.unique(at.pool[1:][changed])
    parts = [
        spends.join(pl.DataFrame({"pool": moved}), on="pool", how="anti", maintain_order="left"),
        _compared(at.of_pools(moved), SPEND_OF_BUDGET).select(spends.columns),
    ]
    return spends.select("row").join(pl.concat(parts), on="row", maintain_order="left")


def _spend_tests(spends: pl.DataFrame, of_budget: pl.DataFrame) -> pl.DataFrame:
    """Test spend by day, which must have changed, and changed beside its budget too."""
    by_day, beside = _ratio_p_values(spends, "spend"), _ratio_p_values(of_budget, "spend")
    return _both_sides(spends, "spend", np.maximum(by_day[0], beside[0]), np.maximum(by_day[1], beside[1]))


def _volume_tests(costs: pl.DataFrame, spends: pl.DataFrame, of_budget: pl.DataFrame) -> pl.DataFrame:
    """Test the number of results against what usual spend brings at the usual cost.

    Spend a third lower and results a third dearer are both within their own noise where results halve. Where one of the
    two makes the fall, its own test decides. The expectations are of different things, so their variances add; a
    smaller budget asks for fewer results.
    """
    of_spend = (pl.col("level_variance") + pl.col("scatter_variance")).alias("spend_variance")
    usual = spends.select("row", pl.col("ratio").alias("spent"), of_spend)
    beside = of_budget.select("row", pl.col("ratio").alias("spent_of_budget"))
    spent = pl.max_horizontal("spent", "spent_of_budget")
    judged = (
        costs.join(usual, on="row")
        .join(beside, on="row")
        .with_columns(
            ((pl.col("results") <= PART_OF_FALL * pl.col("expected")) & (spent <= PART_OF_FALL)).alias("both"),
            pl.col("results").alias("counted"),
            pl.col("results").alias("current_value"),
            (pl.col("expected") / spent).alias("expected"),
            pl.col("variance") + pl.col("spend_variance"),
        )
        .filter((pl.col("results") > 0) & (pl.col("expected") >= minimum_results()))
        .with_columns(pl.col("expected").alias("baseline_value"), *SIZES)
    )
    # A test that was made counts in the size, also where its answer is no.
    judged = judged.filter("both")
    few, _ = _count_p_values(judged, "volume")
    return _side(judged.with_columns(pl.Series("few", few)), "volume", "down", "few")


def _reach_tests(at: Windows) -> pl.DataFrame:
    """Test people reached for the impressions, where there are more impressions than usual."""
    before = at.only(at.time < WINDOW_WEEKS)
    usual = (
        pl.DataFrame({"series": before.series, "impressions": at.rows["impressions"].gather(before.row)})
        .group_by("series")
        .agg(pl.col("impressions").median().alias("usual"))
    )
    now = at.only(at.time == WINDOW_WEEKS)
    more = pl.DataFrame(
        {"series": now.series, "row": now.row, "pool": now.pool, "shown": at.rows["impressions"].gather(now.row)}
    ).join(usual, on="series")
    more = more.filter(pl.col("shown") >= MORE_IMPRESSIONS * pl.col("usual"))
    judged = _compared(at.of_pools(more["pool"].unique().to_numpy()), REACH).join(more, on="row", how="semi")
    fewer, _ = _ratio_p_values(judged, "reach")
    judged = judged.with_columns(*SIZES, pl.Series("fewer", fewer))
    return _side(judged, "reach", "down", "fewer")


def _compared(at: Windows, metric: Metric) -> pl.DataFrame:
    """Judged weeks of a metric with `ratio`, the value against what was expected."""
    judged = expect(at, metric).filter(pl.col("points") >= MIN_WEEKS)
    return judged.with_columns(
        (pl.col("value") / pl.col("expected")).alias("ratio"),
        pl.col(metric.name).cast(pl.Float64).alias("current_value"),
        (pl.col("level_variance") + pl.col("scatter_variance") + pl.col("noise")).alias("variance"),
    ).with_columns((pl.col("current_value") / pl.col("ratio")).alias("baseline_value"))


def _ratio_p_values(compared: pl.DataFrame, metric: str) -> tuple[Floats, Floats]:
    ratio, variance, degrees = (compared[c].to_numpy() for c in ("ratio", "variance", "degrees"))
    return ratio_side_p_values(ratio, variance, degrees, margin(metric))


def _count_p_values(judged: pl.DataFrame, metric: str) -> tuple[Floats, Floats]:
    counted, expected, variance, degrees = (judged[c].to_numpy() for c in COUNTED)
    return count_side_p_values(counted, expected, variance, degrees, margin(metric))


def _both_sides(judged: pl.DataFrame, metric: str, low: Floats, high: Floats) -> pl.DataFrame:
    """Two tests for each row: below what was expected, and above."""
    sides = judged.with_columns(pl.Series("low", low), pl.Series("high", high), *SIZES)
    return pl.concat([_side(sides, metric, "down", "low"), _side(sides, metric, "up", "high")])


def _side(judged: pl.DataFrame, metric: str, direction: str, p: str) -> pl.DataFrame:
    """The tests of one side, without those that prove nothing at any size of their family."""
    below = pl.col("p_below") if "p_below" in judged.columns else pl.lit(None, dtype=pl.Float64).alias("p_below")
    return (
        judged.filter((pl.col(p) <= BAD_NEWS_RATE) | (below <= BELOW_RATE))
        .with_columns(pl.col(p).alias("p_value"), below)
        .select(*TESTED, pl.lit(metric).alias("metric"), pl.lit(direction).alias("direction"))
    )
