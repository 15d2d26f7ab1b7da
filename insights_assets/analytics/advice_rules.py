"""The eleven types of advice: when each is given, how important it is, and what it says (seed 002, corrected).

A threshold says how large a difference must be to matter, `certainty` how sure it must be that there is one. The seed
compared with one average of the whole account, took no lead for a cost of zero, and read percents as fractions.
"""

from dataclasses import dataclass

import polars as pl

from insights_assets.analytics.advice_evidence import SIBLINGS, chance, sibling_chance
from insights_assets.analytics.advice_thresholds import AdviceThresholds
from insights_assets.tables.classifications import TIER_BOUNDS
from insights_assets.tables.recommendations import TYPE_LEVELS

BEST, _, WORST = TIER_BOUNDS
DEARER, CHEAPER, NO_WORSE, FAR_DEARER, AVERAGE, SIBLING_BETTER, SIBLING_WORSE = (
    f"chance_{name}"
    for name in ("dearer", "cheaper", "no_worse", "far_dearer", "average", "sibling_better", "sibling_worse")
)
CLEARLY = 1.2
"""Seven days beside a few siblings: they must surely differ by this factor. Among forty alike, two seem to differ."""

GROWTH = ("SCALE_UP", "BUDGET_INCREASE", "AUDIENCE_EXPANSION", "CREATIVE_WINNER")
EXCLUDED_BY_PAUSE = (*GROWTH, "BUDGET_DECREASE", "CREATIVE_TEST", "CREATIVE_REFRESH", "AUDIENCE_NARROWING")
HARSH = ("PAUSE", "BUDGET_DECREASE")

ratio, trend = pl.col("cost_ratio"), pl.col("cost_trend_pct").fill_null(0.0)
results, days = pl.col("results_7d").fill_null(0.0), pl.col("days_with_results_7d").fill_null(0)


@dataclass(frozen=True)
class Rule:
    """One way to come to a type of advice: an earlier one of the same type goes first."""

    kind: str
    when: pl.Expr
    priority: pl.Expr
    confidence: pl.Expr
    action: str
    reason: str
    change_pct: pl.Expr | None = None


def with_chances(rows: pl.DataFrame, limits: AdviceThresholds) -> pl.DataFrame:
    """Add the probabilities that the rules ask for."""
    cheaper, no_worse = chance(rows, 1.0), chance(rows, limits.budget_increase_no_worse_ratio)
    below_worst, below_best = chance(rows, WORST), chance(rows, BEST)
    return rows.with_columns(
        cheaper.alias(CHEAPER),
        (1 - cheaper).alias(DEARER),
        no_worse.alias(NO_WORSE),
        (1 - below_worst).alias(FAR_DEARER),
        (below_worst - below_best).alias(AVERAGE),
        sibling_chance(rows, 1 / CLEARLY).alias(SIBLING_BETTER),
        (1 - sibling_chance(rows, CLEARLY)).alias(SIBLING_WORSE),
    )


def rules(level: str, limits: AdviceThresholds) -> list[Rule]:
    """Rules of one level over rows with `with_advice_evidence` and `with_chances`."""
    made = [*_budget(limits), *_pause(limits), *_creative(limits), *_audience(limits)]
    return [rule for rule in made if level in TYPE_LEVELS[rule.kind]]


def _sure(name: str, limits: AdviceThresholds) -> pl.Expr:
    return pl.col(name) >= limits.certainty


def _budget(limits: AdviceThresholds) -> list[Rule]:
    rising = (trend > limits.scale_up_rise_pct) & (pl.col("chance_rising") >= limits.certainty)
    steady = trend.abs() <= limits.budget_increase_trend_pct
    return [
        Rule(
            "SCALE_UP",
            (ratio <= limits.scale_up_ratio)
            & (results >= limits.scale_up_results)
            & (days >= limits.scale_up_result_days)
            & ~rising
            & _sure(CHEAPER, limits),
            pl.when(ratio <= 0.5).then(9).when(ratio <= 0.6).then(8).otherwise(7),  # noqa: PLR2004 - seed 002
            pl.col(CHEAPER),
            "Raise the budget",
            "Its results cost far less than its peers', and not more than before",
            pl.when(ratio <= 0.5).then(100.0).when(ratio <= 0.6).then(75.0).otherwise(50.0),  # noqa: PLR2004
        ),
        Rule(
            "BUDGET_DECREASE",
            (ratio >= limits.budget_decrease_ratio)
            & (pl.col("reference_expected_7d").fill_null(0.0) >= limits.budget_decrease_expected)
            & (trend > 0)
            & _sure(DEARER, limits),
            pl.when(ratio >= 2).then(8).otherwise(6),  # noqa: PLR2004 - seed 002
            pl.col(DEARER),
            "Lower the budget",
            "Its results cost far more than its peers', and more than before",
            pl.when(ratio >= 2).then(-50.0).otherwise(-30.0),  # noqa: PLR2004
        ),
        Rule(
            "BUDGET_INCREASE",
            (ratio > limits.scale_up_ratio)
            & (ratio <= limits.budget_increase_ratio)
            & (results >= limits.budget_increase_results)
            & (days >= limits.budget_increase_result_days)
            & steady
            & _sure(NO_WORSE, limits),
            pl.lit(4),
            pl.col(NO_WORSE),
            "Raise the budget a little",
            "Its results cost less than its peers', steadily",
            pl.when(ratio <= 0.85).then(25.0).otherwise(15.0),  # noqa: PLR2004 - seed 002
        ),
    ]


def _pause(limits: AdviceThresholds) -> list[Rule]:
    nothing = (pl.col("results") == 0) & (results == 0)
    worst_twice = (pl.col("tier") == "UNDERPERFORMER") & (pl.col("previous_tier") == "UNDERPERFORMER")
    # A dear ad that is the better one of a dear ad set: the ad set is the one to look at.
    ahead = pl.col("performance_vs_siblings_pct").fill_null(0.0) > 0
    behind = pl.col("performance_vs_siblings_pct").fill_null(0.0) <= -limits.pause_siblings_pct
    enough = pl.col("expected_results_7d").fill_null(0.0) >= limits.pause_expected
    return [
        Rule(
            "PAUSE",
            nothing & (pl.col("reference_expected_7d").fill_null(0.0) >= limits.pause_expected) & _sure(DEARER, limits),
            pl.lit(7),
            pl.col(DEARER),
            "Pause it",
            "It spends and brings nothing, where its peers have results for the same money",
        ),
        Rule(
            "PAUSE",
            (ratio >= limits.pause_ratio)
            & ~ahead
            & (pl.col("days_active_30d").fill_null(0) >= limits.pause_active_days)
            & _sure(FAR_DEARER, limits),
            pl.lit(6),
            pl.col(FAR_DEARER),
            "Pause it",
            "Its results cost a multiple of its peers'",
        ),
        Rule(
            "PAUSE",
            worst_twice & ~ahead & _sure(DEARER, limits),
            pl.lit(5),
            pl.col(DEARER),
            "Pause it",
            "It is an underperformer for the second time in a row",
        ),
        Rule(
            "PAUSE",
            behind & enough & _sure(SIBLING_WORSE, limits),
            pl.lit(5),
            pl.col(SIBLING_WORSE),
            "Pause it",
            "It brings far fewer results than its siblings do for the same money",
        ),
    ]


def _creative(limits: AdviceThresholds) -> list[Rule]:
    worn = pl.col("frequency").fill_null(0.0) >= limits.creative_refresh_frequency
    tired = _ctr_fell(limits.creative_refresh_ctr_fall_pct) & _sure("chance_ctr_falling", limits)
    dearer = (trend > limits.creative_refresh_cost_rise_pct) & _sure("chance_rising", limits)
    ahead = pl.col("performance_vs_siblings_pct").fill_null(0.0) >= limits.creative_winner_pct
    return [
        Rule(
            "CREATIVE_REFRESH",
            worn & (tired | dearer),
            pl.when(tired & dearer).then(6).otherwise(5),
            pl.max_horizontal(
                pl.when(tired).then("chance_ctr_falling"), pl.when(dearer).then("chance_rising")
            ).fill_null(0.5),
            "Replace the creative",
            "People see it often, and they click less or their results cost more",
        ),
        Rule(
            "CREATIVE_TEST",
            ratio.is_between(limits.creative_test_ratio_from, limits.creative_test_ratio_to)
            & (pl.col("impressions_7d").fill_null(0) >= limits.creative_test_impressions)
            & (pl.col("cpr_volatility_30d").fill_null(0.0) > 0)
            # One test an ad set is enough to look after: beside its ad with most spend.
            & (pl.col("spend_7d") == pl.col("spend_7d").max().over(SIBLINGS))
            & _sure(AVERAGE, limits),
            pl.lit(4),
            pl.col(AVERAGE),
            "Test a variant of it",
            "It is average, surely so, and its cost varies: there is room above it",
        ),
        Rule(
            "CREATIVE_WINNER",
            ahead & (results >= limits.creative_winner_results) & _sure(SIBLING_BETTER, limits),
            pl.lit(7),
            pl.col(SIBLING_BETTER),
            "Use this creative elsewhere too",
            "It brings more results than its siblings do for the same money",
        ),
    ]


def _audience(limits: AdviceThresholds) -> list[Rule]:
    fell = pl.col("results_trend_pct").fill_null(0.0) < -limits.audience_review_results_fall_pct
    small = (results >= 1) & (results <= limits.audience_expansion_results)
    converting = pl.col("conversion_to_peers").fill_null(100.0)
    return [
        Rule(
            "AUDIENCE_REVIEW",
            (results >= limits.audience_review_results)
            & (trend > limits.audience_review_cost_rise_pct)
            & _sure("chance_rising", limits)
            & fell
            & ~_ctr_fell(limits.audience_review_ctr_fall_pct),
            pl.lit(5),
            pl.col("chance_rising"),
            "Look at the audience",
            "Fewer results at a higher cost, with as many clicks: the people changed, not the creative",
        ),
        Rule(
            "AUDIENCE_EXPANSION",
            (ratio <= limits.audience_expansion_ratio)
            & small
            & (pl.col("share_of_parent_spend_pct").fill_null(100.0) < limits.audience_expansion_share_pct)
            & _sure(CHEAPER, limits),
            pl.lit(5),
            pl.col(CHEAPER),
            "Widen the audience",
            "Its results are cheap and few, on a small part of the campaign's money",
        ),
        Rule(
            "AUDIENCE_NARROWING",
            (ratio >= limits.audience_narrowing_ratio)
            & (pl.col("ctr_to_peers").fill_null(0.0) >= 100)  # noqa: PLR2004 - percent
            & (converting < limits.audience_narrowing_conversion_pct)
            & _sure(DEARER, limits),
            pl.lit(5),
            pl.col(DEARER),
            "Narrow the audience",
            "It is clicked as often as its peers, but too few of the clicks become results",
        ),
    ]


def _ctr_fell(by_pct: float) -> pl.Expr:
    return pl.col("ctr_trend_pct").fill_null(0.0) < -by_pct
