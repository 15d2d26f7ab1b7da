"""Findings on weeks of campaigns, ad sets or ads: what left its own level by more than its noise (docs/adr/0008).

Seed 000's rules, noise-aware.
"""

import polars as pl

from insights_assets.analytics.account_groups import by_account_group
from insights_assets.analytics.composition import Parts, at_their_level
from insights_assets.analytics.deviations import RANKINGS, SIGNIFICANT_PCT, preceding_deviations
from insights_assets.analytics.discoveries import discoveries
from insights_assets.analytics.expectations import KEY, windows
from insights_assets.analytics.findings import finding_rows
from insights_assets.analytics.maturity import NO_BUDGETS, with_budget, with_completeness
from insights_assets.analytics.weekly_metrics import THRESHOLD_PCT
from insights_assets.analytics.weekly_tests import week_tests
from insights_assets.tables.anomalies import ANOMALIES_AD

BAD_FOR_COST = ("cpr_spike", "zero_results", "ctr_drop", "cpm_spike", "frequency_high", "roas_drop")

FULL_HISTORY_WEEKS = 8
MOST_WEEKS = 25_000
"""Entity-weeks judged at once in each of two threads: each stands in thirteen windows."""
IN_WINDOWS = (
    *KEY,
    *("campaign_id", "result_family"),
    *("spend", "impressions", "reach", "frequency", "ctr", "link_ctr", "cpm", "cpr", "results", "roas", "active_days"),
    *("is_complete", "completeness", "completeness_known"),
)
FEATURE_COLUMNS = (
    *(c for c in IN_WINDOWS if not c.startswith("completeness")),
    *("level", "parent_id", "is_settled", "weeks_with_data"),
    *(f"{m}_delta_pct" for m in SIGNIFICANT_PCT),
    *(f"{r}_change" for r in RANKINGS),
)
"""What is read of the features: a third of them, and a fleet's year has 690,000 rows."""


def weekly_anomalies(
    features: pl.DataFrame,
    history: pl.DataFrame,
    budgets: pl.DataFrame | None = None,
    made_of: Parts | None = None,
) -> pl.DataFrame:
    """Compute the weekly findings of one level for the weeks in `features`.

    Args:
        features: rows of the level's features, the weeks to judge. An optional column `results_completeness` says which
            part of its results a week has seen so far (0 to 1; null where it is not known).
        history: rows of the same table before them (12 weeks are used); it may overlap or reach further, later weeks
            never change a finding.
        budgets: (account_id, week, entity_id, daily_budget), from `entity_budgets`; a change of spend that the budget
            explains is no finding, where the budget is known in every week of the window.
        made_of: the ads that the entities are made of (`composition`); what is not news of its level is left out.

    Returns:
        Findings with status new; false discoveries are controlled for each account and week. A running week has no
        findings on cpr, results, spend or frequency: it is not comparable with whole weeks yet.
    """

    def of_group(judged: pl.DataFrame, known: pl.DataFrame, owned: pl.DataFrame, *inside: pl.DataFrame) -> pl.DataFrame:
        return _findings(judged, known, owned, made_of and Parts(made_of.level, *inside))

    frames = [features, history, NO_BUDGETS if budgets is None else budgets]
    if made_of:
        frames += [made_of.days, made_of.results]
    found = by_account_group(frames, MOST_WEEKS, of_group)
    return pl.concat([ANOMALIES_AD.empty(), *found]).sort("account_id", "week", "entity_id", "anomaly_type")


def _findings(
    features: pl.DataFrame, history: pl.DataFrame, budgets: pl.DataFrame, made_of: Parts | None
) -> pl.DataFrame:
    known = pl.concat([features, history], how="diagonal").unique(KEY, keep="first", maintain_order=True)
    seen = with_budget(with_completeness(known).select(IN_WINDOWS), budgets)
    # Without a name, as one campaign.
    seen = seen.with_columns(pl.col("campaign_id").fill_null(""))
    tests = week_tests(windows(features, seen))
    limits = pl.DataFrame(
        [(m, d, t, limit) for (m, d), (t, limit) in THRESHOLD_PCT.items()],
        schema={"metric": pl.String, "direction": pl.String, "anomaly_type": pl.String, "limit": pl.Float64},
        orient="row",
    )
    tests = tests.join(limits, on=["metric", "direction"], how="inner")
    change = pl.when(pl.col("direction") == "up").then(pl.col("delta_pct")).otherwise(-pl.col("delta_pct"))
    found = discoveries(tests.with_columns((change >= pl.col("limit")).alias("large")))
    found = found.with_columns(seen.select(*KEY, "result_family")[found["row"]]).drop("row", "pool", "campaign_id")
    sunday = pl.col("week").dt.offset_by("6d")
    return _described(_named(at_their_level(found, made_of, pl.col("week"), sunday)), features, known)


def _named(found: pl.DataFrame) -> pl.DataFrame:
    """Tell a fall of the number of results of `results`, where its factors, cost and spend, do not tell it.

    Nor is it news that twice the money reaches few new people, where the money is: frequency is the same ratio, and
    stands among the week's deviations of the spend spike.
    """
    factors = found.filter(
        (pl.col("metric") == "results")
        | ((pl.col("metric") == "cpr") & (pl.col("direction") == "up"))
        | ((pl.col("metric") == "spend") & (pl.col("direction") == "down"))
    )
    more = found.filter((pl.col("direction") == "up") & pl.col("metric").is_in(["spend", "frequency"]))
    saturated = found.filter(pl.col("metric") == "reach").join(more, on=KEY, how="anti")
    found = pl.concat([found.filter(pl.col("metric") != "reach"), saturated])
    volume = pl.col("metric") == "volume"
    alone = found.filter(volume).join(factors, on=KEY, how="anti").with_columns(pl.lit("results").alias("metric"))
    return pl.concat([found.filter(~volume), alone])


def _described(found: pl.DataFrame, features: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Turn the tests that became findings into rows: what moved with them and before them, how bad they are."""
    deltas = ["frequency_delta_pct", "ctr_delta_pct", "cpm_delta_pct"]
    context = features.select(*KEY, "level", "weeks_with_data", *deltas)
    frame = (
        found.join(context, on=KEY, how="left")
        .join(preceding_deviations(found, known), on=KEY, how="left")
        .with_columns(
            (pl.col("weeks_with_data") / FULL_HISTORY_WEEKS).clip(upper_bound=1.0).alias("seen"),
            pl.lit("week").alias("granularity"),
        )
    )
    return finding_rows(frame, pl.col("anomaly_type").is_in(BAD_FOR_COST))
