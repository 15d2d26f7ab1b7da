"""Findings on weeks of campaigns, ad sets or ads: what left its own level by more than its noise (docs/adr/0008).

Seed 000's rules, noise-aware.
"""

import numpy as np
import polars as pl

from insights_assets.analytics.account_groups import account_groups
from insights_assets.analytics.deviations import RANKINGS, SIGNIFICANT_PCT, likely_triggers, preceding_deviations
from insights_assets.analytics.discoveries import discoveries
from insights_assets.analytics.expectations import KEY, WINDOW_WEEKS, Metric, expect, windows
from insights_assets.analytics.families import minimum_results
from insights_assets.analytics.findings import severity, with_finding_id
from insights_assets.analytics.maturity import seen_so_far, with_budget, with_completeness
from insights_assets.analytics.noise import count_p_values, ratio_p_values
from insights_assets.tables.anomalies import ANOMALIES_AD

THRESHOLD_PCT: dict[tuple[str, str], tuple[str, float]] = {
    ("cpr", "up"): ("cpr_spike", 20.0),
    ("cpr", "down"): ("cpr_drop", 20.0),
    ("results", "down"): ("zero_results", 100.0),
    ("ctr", "down"): ("ctr_drop", 20.0),
    ("ctr", "up"): ("ctr_spike", 25.0),
    ("cpm", "up"): ("cpm_spike", 20.0),
    ("frequency", "up"): ("frequency_high", 50.0),
    ("spend", "up"): ("spend_spike", 50.0),
    ("spend", "down"): ("spend_drop", 50.0),
    ("roas", "down"): ("roas_drop", 30.0),
    ("reach", "down"): ("reach_saturation", 15.0),
}
"""(metric, direction) -> finding and least change in percent; cpr, ctr and frequency as in seed 000's configuration."""

PROVEN_SHARE = {"cpr": 0.5, "spend": 0.5, "roas": 0.5}
"""Part of the least change (of its logarithm) that must be proven, 1 where not named. Clicks and impressions count in
thousands, so that a change of just the least size shows; results are few, and half of it must do."""

GOOD_NEWS = ("cpr_drop", "ctr_spike")
BAD_FOR_COST = ("cpr_spike", "zero_results", "ctr_drop", "cpm_spike", "frequency_high", "roas_drop")

EXPECTED_FOR_ZERO = 3.0
"""A week without results is judged once its spend should have bought three (the rule of three: P(0) < 5 %)."""

MIN_WEEKS = 3
"""Weeks learnt from before a week is judged: two differ by one weekly change, which says nothing about a second."""

FULL_HISTORY_WEEKS = 8
MOST_WEEKS = 50_000
"""Entity-weeks judged at once: each stands in thirteen windows, 150 MB in all."""
IN_WINDOWS = (
    *KEY,
    "level",
    "result_family",
    *("spend", "impressions", "reach", "frequency", "ctr", "link_ctr", "cpm", "cpr", "results", "roas", "active_days"),
    *("is_complete", "completeness", "completeness_known"),
)
FEATURE_COLUMNS = (
    *(c for c in IN_WINDOWS if not c.startswith("completeness")),
    *("parent_id", "campaign_id", "is_settled", "weeks_with_data"),
    *(f"{m}_delta_pct" for m in SIGNIFICANT_PCT),
    *(f"{r}_change" for r in RANKINGS),
)
"""What is read of the features: a third of them, and a fleet's year has 690,000 rows."""
TESTED = ("metric", "direction", "current_value", "baseline_value", "delta_pct", "p_value", "p_below")
COUNTED = ("counted", "expected", "variance", "degrees")

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
SPEND_OF_BUDGET = Metric("spend", SPENDING, level=DAILY_SPEND / pl.col("budget"))
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


def weekly_anomalies(
    features: pl.DataFrame, history: pl.DataFrame, budgets: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Compute the weekly findings of one level for the weeks in `features`.

    Args:
        features: rows of the level's features, the weeks to judge. An optional column `results_completeness` says which
            part of its results a week has seen so far (0 to 1; null where it is not known).
        history: rows of the same table before them (12 weeks are used); it may overlap or reach further, later weeks
            never change a finding.
        budgets: (account_id, week, entity_id, daily_budget), from `entity_budgets`; a change of spend that the budget
            explains is no finding, where the budget is known in every week of the window.

    Returns:
        Findings with status new; false discoveries are controlled for each account and week. A running week has no
        findings on cpr, results, spend or frequency: it is not comparable with whole weeks yet.
    """
    sizes = features.group_by("account_id").len()
    parts = [ANOMALIES_AD.empty()]
    for accounts in account_groups(sizes, MOST_WEEKS):
        mine = pl.col("account_id").is_in(accounts)
        owned = budgets.filter(mine) if budgets is not None else None
        parts.append(_findings(features.filter(mine), history.filter(mine), owned))
    return pl.concat(parts).sort("account_id", "week", "entity_id", "anomaly_type")


def _findings(features: pl.DataFrame, history: pl.DataFrame, budgets: pl.DataFrame | None) -> pl.DataFrame:
    known = pl.concat([features, history], how="diagonal").unique(KEY, keep="first", maintain_order=True)
    # Windows repeat a row for each week that looks back on it: thirteen times only what is tested.
    rows = with_budget(windows(features, with_completeness(known).select(IN_WINDOWS)), budgets)
    tests = pl.concat(
        [
            _cost_tests(rows),
            _click_tests(rows),
            _spend_tests(rows),
            *(_ratio_tests(rows, m) for m in RATIOS),
            _reach_tests(rows),
        ]
    )
    limits = pl.DataFrame(
        [(m, d, t, limit) for (m, d), (t, limit) in THRESHOLD_PCT.items()],
        schema={"metric": pl.String, "direction": pl.String, "anomaly_type": pl.String, "limit": pl.Float64},
        orient="row",
    )
    tests = tests.join(limits, on=["metric", "direction"], how="inner")
    change = pl.when(pl.col("direction") == "up").then(pl.col("delta_pct")).otherwise(-pl.col("delta_pct"))
    return _described(discoveries(tests.with_columns((change >= pl.col("limit")).alias("large"))), features, known)


def _cost_tests(rows: pl.DataFrame) -> pl.DataFrame:
    """Test results for the spend: `cpr` where there are results, `results` (zero_results) where there are none.

    A dearer result counts by itself where fewer clicks became results; where fewer impressions or clicks were bought,
    the tests of those are the proof, and the cost is tested below them (`discoveries`).
    """
    judged = seen_so_far(expect(rows, COST).filter(pl.col("points") >= MIN_WEEKS)).filter(
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


def _spend_tests(rows: pl.DataFrame) -> pl.DataFrame:
    """Test spend by day, which must have changed, and changed beside its budget too."""
    tests, of_budget = _ratio_tests(rows, SPEND), _ratio_tests(rows, SPEND_OF_BUDGET)
    return tests.with_columns(pl.max_horizontal("p_value", of_budget["p_value"]).alias("p_value"))


def _reach_tests(rows: pl.DataFrame) -> pl.DataFrame:
    """Test people reached for the impressions, where there are more impressions than usual."""
    usual = rows.group_by("account_id", "entity_id", "judged").agg(
        pl.col("impressions").filter(pl.col("time") < WINDOW_WEEKS).median().alias("usual_impressions")
    )
    tests = _ratio_tests(rows, REACH).filter(pl.col("direction") == "down")
    judged = rows.filter(pl.col("time") == WINDOW_WEEKS).join(usual, on=["account_id", "entity_id", "judged"])
    more = judged.filter(pl.col("impressions") >= MORE_IMPRESSIONS * pl.col("usual_impressions"))
    return tests.join(more, on=KEY, how="semi")


def _ratio_tests(rows: pl.DataFrame, metric: Metric) -> pl.DataFrame:
    judged = expect(rows, metric).filter(pl.col("points") >= MIN_WEEKS)
    judged = judged.with_columns(
        (metric.value() / pl.col("expected")).alias("ratio"),
        pl.col(metric.name).cast(pl.Float64).alias("current_value"),
        pl.lit(None, dtype=pl.Float64).alias("counted"),
        (pl.col("level_variance") + pl.col("scatter_variance") + pl.col("noise")).alias("variance"),
    ).with_columns((pl.col("current_value") / pl.col("ratio")).alias("baseline_value"))
    ratio, variance, degrees = (judged[c].to_numpy() for c in ("ratio", "variance", "degrees"))
    margin = _margin(metric.name)
    low, _ = ratio_p_values(ratio * margin, variance, degrees)
    _, high = ratio_p_values(ratio / margin, variance, degrees)
    return _both_sides(judged, metric.name, low, high)


def _count_tests(judged: pl.DataFrame, metric: str) -> tuple[np.ndarray, np.ndarray]:
    counted, expected, variance, degrees = (judged[c].to_numpy() for c in COUNTED)
    margin = _margin(metric)
    few, _ = count_p_values(counted, expected / margin, variance, degrees)
    _, many = count_p_values(counted, expected * margin, variance, degrees)
    return few, many


def _margin(metric: str) -> float:
    """The factor a change must be shown to exceed (an interval null: McCarthy & Smyth 2009)."""
    least = min(limit for (name, _), (_, limit) in THRESHOLD_PCT.items() if name == metric)
    return float((1 + least / 100) ** PROVEN_SHARE.get(metric, 1.0))


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


def _described(found: pl.DataFrame, features: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Add family, score, severity, triggers and preceding deviations to the tests that became findings."""
    deltas = ["frequency_delta_pct", "ctr_delta_pct", "cpm_delta_pct"]
    context = features.select(*KEY, "level", "result_family", "weeks_with_data", *deltas)
    ratio = pl.col("current_value") / pl.col("baseline_value")
    # A halving is as large as a doubling: both are a change by the factor 2, size 1.
    size = pl.when(ratio > 0).then(pl.max_horizontal(ratio, 1 / ratio) - 1).otherwise(1.0).clip(0, 1)
    seen = (pl.col("weeks_with_data") / FULL_HISTORY_WEEKS).clip(upper_bound=1.0)
    empty = pl.lit([], dtype=ANOMALIES_AD.schema["preceding_deviations"])
    frame = (
        found.join(context, on=KEY, how="left")
        .join(preceding_deviations(found, known), on=KEY, how="left")
        .with_columns(((1 - pl.col("q_value")) * seen).alias("confidence"))
        .with_columns((size * pl.col("confidence")).alias("anomaly_score"))
        .with_columns(
            pl.when(pl.col("anomaly_type").is_in(GOOD_NEWS))
            .then(pl.lit("low"))
            .otherwise(severity())
            .alias("severity"),
            pl.when(pl.col("anomaly_type").is_in(BAD_FOR_COST))
            .then(likely_triggers())
            .otherwise(pl.lit([], dtype=pl.List(pl.String)))
            .alias("likely_triggers"),
            pl.col("preceding_deviations").fill_null(empty),
            pl.lit("new").alias("status"),
        )
    )
    frame = with_finding_id(frame).with_columns(
        pl.lit("week").alias("granularity"), pl.lit(None, dtype=pl.Date).alias("date")
    )
    frame = frame.select(list(ANOMALIES_AD.schema))
    return ANOMALIES_AD.conform(frame.sort("account_id", "week", "entity_id", "anomaly_type"))
