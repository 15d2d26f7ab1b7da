"""Findings on ads: a change beyond its threshold that the ad's own noise does not explain (seed 000, noise-aware)."""

import numpy as np
import polars as pl

from insights_assets.analytics.deviations import likely_triggers, preceding_deviations
from insights_assets.analytics.families import minimum_results
from insights_assets.analytics.findings import severity, with_finding_id
from insights_assets.analytics.noise import (
    FLOOR_SCATTER,
    PRIOR_DISPERSION,
    PRIOR_SCATTER,
    adjusted,
    count_p_values,
    dispersion,
    scatter,
    upper_p_value,
)
from insights_assets.tables.anomalies_ad import ANOMALIES_AD

KEY = ["account_id", "entity_id", "week"]
TEST = ("family", "metric", "direction", "side", "current_value", "baseline_value", "delta_pct", "p_up", "p_down")
FALSE_DISCOVERY_RATE = 0.10
"""Share of false findings tolerated among those of one account, week, metric and side. Each metric and side is its own
family of tests: a lone doubled CPR among 40 ads (p about 0.002) would drown among 400 tests of everything."""

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
}
"""(metric, direction) -> finding and least change in percent; cpr, ctr and frequency as in seed 000's configuration."""

GOOD_NEWS = ("cpr_drop", "ctr_spike")
BAD_FOR_COST = ("cpr_spike", "zero_results", "ctr_drop", "cpm_spike", "frequency_high")

EXPECTED_FOR_ZERO = 3.0
"""A week without results is judged once its spend should have bought three (the rule of three: P(0) < 5 %)."""

FULL_HISTORY_WEEKS = 8
WHOLE_WEEK_ONLY = ("spend", "frequency")
RATIO_METRICS = ("ctr", "cpm", "spend", "frequency")


def ad_anomalies(features: pl.DataFrame, history: pl.DataFrame) -> pl.DataFrame:
    """Compute the rows of `anomalies_ad` for the weeks in `features`.

    Args:
        features: rows of `features_ad`, the weeks to judge.
        history: rows of `features_ad` before them (12 weeks are used); it may overlap or reach further, later weeks
            never change a finding.

    Returns:
        Findings with status new. The tests of an account, week, metric and side share one false-discovery control. A
        running week has no findings on cpr, results, spend or frequency: it is not comparable with whole weeks yet.
    """
    known = pl.concat([features, history]).unique(KEY, keep="first", maintain_order=True)
    tests = pl.concat([_cost_tests(features, known), *_ratio_tests(features, known)])
    tests = tests.sort(*KEY, "metric")
    family = ["account_id", "week", "family"]
    up = pl.col("side") == "up"
    tests = tests.with_columns(
        adjusted(tests, family, "p_up").alias("q_up"), adjusted(tests, family, "p_down").alias("q_down")
    ).with_columns(
        pl.when(up).then("p_up").otherwise("p_down").alias("p_value"),
        pl.when(up).then("q_up").otherwise("q_down").alias("q_value"),
    )
    limits = pl.DataFrame(
        [(m, d, t, limit) for (m, d), (t, limit) in THRESHOLD_PCT.items()],
        schema={"metric": pl.String, "direction": pl.String, "anomaly_type": pl.String, "limit": pl.Float64},
        orient="row",
    )
    found = tests.join(limits, on=["metric", "direction"], how="inner").filter(
        (pl.col("q_value") <= FALSE_DISCOVERY_RATE) & (pl.col("delta_pct").abs() >= pl.col("limit"))
    )
    return _described(found, features, known)


def _cost_tests(features: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Test results for the spend: `cpr` where there are results, `results` (zero_results) where there are none."""
    rows = (
        features.filter(
            pl.col("is_complete")
            & (pl.col("spend") > 0)
            & (pl.col("baseline_results") > 0)
            & pl.col("cpr_baseline_pooled").is_not_null()
        )
        .with_columns((pl.col("spend") / pl.col("cpr_baseline_pooled")).alias("expected"))
        .filter(
            pl.when(pl.col("results") > 0)
            # Few results must not close the gate on the very weeks that collapsed: what was expected opens it too.
            .then(pl.max_horizontal("results", "expected") >= minimum_results())
            .otherwise(pl.col("expected") >= EXPECTED_FOR_ZERO)
        )
        .join(dispersion(known), on=["account_id", "result_family", "week"], how="left")
    )
    extra = rows["dispersion"].fill_null(PRIOR_DISPERSION).to_numpy()
    variance = extra * (1 + 1 / np.maximum(rows["baseline_weeks"].to_numpy(), 1))
    few, many = count_p_values(
        rows["results"].to_numpy(), rows["expected"].to_numpy(), rows["baseline_results"].to_numpy(), variance
    )
    none = pl.col("results") == 0
    base = pl.when(none).then("expected").otherwise(pl.coalesce("cpr_baseline", "cpr_baseline_pooled"))
    value = pl.when(none).then(0.0).otherwise("cpr")
    return (
        rows.with_columns(pl.Series("p_up", few), pl.Series("p_down", many))
        .with_columns(
            pl.when(none).then(pl.lit("results")).otherwise(pl.lit("cpr")).alias("metric"),
            value.alias("current_value"),
            base.alias("baseline_value"),
        )
        .with_columns(_delta())
        .with_columns(
            _direction(),
            pl.lit("cost").alias("family"),
            # No results is the dearest of outcomes: it is tested with the cost increases.
            pl.when(none | (pl.col("delta_pct") >= 0)).then(pl.lit("up")).otherwise(pl.lit("down")).alias("side"),
        )
        .select(*KEY, *TEST)
    )


def _ratio_tests(features: pl.DataFrame, known: pl.DataFrame) -> list[pl.DataFrame]:
    """Test ctr, cpm, spend and frequency as log ratios; a rate of few clicks gets its counting noise on top."""
    rows = features.join(
        scatter(known, {m: f"{m}_baseline" for m in RATIO_METRICS}), on=["account_id", "week"], how="left"
    ).with_columns(pl.col(f"{m}_scatter").fill_null(max(PRIOR_SCATTER[m], FLOOR_SCATTER[m])) for m in RATIO_METRICS)
    clicks = (pl.col("ctr") * pl.col("impressions") / 100).clip(0.5)
    out = []
    for m in RATIO_METRICS:
        usable = (pl.col(m) > 0) & (pl.col(f"{m}_baseline") > 0)
        if m in WHOLE_WEEK_ONLY:
            usable &= pl.col("is_complete")
        counting = 1 / clicks if m == "ctr" else pl.lit(0.0)
        part = rows.filter(usable).select(
            *KEY,
            pl.lit(m).alias("metric"),
            pl.col(m).alias("current_value"),
            pl.col(f"{m}_baseline").alias("baseline_value"),
            (pl.col(f"{m}_scatter") ** 2 + counting).sqrt().alias("sigma"),
        )
        ratio = np.log(part["current_value"].to_numpy() / part["baseline_value"].to_numpy())
        p_up = upper_p_value(ratio, part["sigma"].to_numpy())
        part = part.with_columns(
            _delta(), pl.lit(m).alias("family"), pl.Series("p_up", p_up), pl.Series("p_down", 1 - p_up)
        )
        part = part.with_columns(_direction()).with_columns(pl.col("direction").alias("side"))
        out.append(part.select(*KEY, *TEST))
    return out


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
    frame = with_finding_id(frame).select(list(ANOMALIES_AD.schema))
    return ANOMALIES_AD.conform(frame.sort("account_id", "week", "entity_id", "anomaly_type"))


def _delta() -> pl.Expr:
    change = (pl.col("current_value") - pl.col("baseline_value")) / pl.col("baseline_value") * 100
    return change.alias("delta_pct")


def _direction() -> pl.Expr:
    return pl.when(pl.col("delta_pct") >= 0).then(pl.lit("up")).otherwise(pl.lit("down")).alias("direction")
