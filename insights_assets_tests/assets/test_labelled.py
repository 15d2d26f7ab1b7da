"""Planted anomalies come out of the graph as findings: most cost spikes are found, a quiet account stays quiet."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import polars as pl
import pytest

from insights_assets.assets.entities import adsets
from insights_assets.assets.findings import anomalies_ad, features_ad
from insights_assets.assets.insights import insights_daily, insights_weekly_ad
from insights_assets.assets.results import results_daily, results_weekly
from insights_assets.partitions import weeks_covering
from insights_assets.sandbox import World
from insights_assets_tests.assets.pipeline import Pipeline, pipeline

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 30, 3, tzinfo=UTC)
# The running week and those before a baseline of eight weeks are left out.
FIRST_JUDGED = date(2025, 4, 7)
WEEKS = weeks_covering(date(2025, 1, 6), date(2026, 3, 22))
STEPS = (adsets, insights_daily, insights_weekly_ad, results_daily, results_weekly, features_ad, anomalies_ad)
ENOUGH_BASELINE_RESULTS = 30


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    world = World(accounts=4, ads_per_account=(20, 30))
    with pipeline(tmp_path_factory.mktemp("labelled"), world, NOW) as made:
        for account_id in made.accounts:
            made.run(STEPS, account_id, WEEKS)
        yield made


def found(made: Pipeline) -> pl.DataFrame:
    return made.rows("anomalies_ad").filter(pl.col("week") >= FIRST_JUDGED)


def complete_weeks(made: Pipeline) -> pl.DataFrame:
    """Ad-weeks that are over and whose baseline holds enough results to tell a spike from noise."""
    return made.rows("features_ad").filter(
        pl.col("is_complete") & (pl.col("baseline_results") >= ENOUGH_BASELINE_RESULTS)
    )


def labelled_spikes(made: Pipeline) -> pl.DataFrame:
    labels = pl.concat([made.sandbox.world.labels(a) for a in made.accounts])
    return labels.filter(
        (pl.col("anomaly_type") == "cpr_spike")
        & (pl.col("level") == "ad")
        & (pl.col("factor") >= 1.5)
        & (pl.col("week") >= FIRST_JUDGED)
    ).join(complete_weeks(made), on=["account_id", "week", "entity_id"], how="semi")


def test_most_planted_cost_spikes_are_found_with_direction_up(judged):
    spikes = labelled_spikes(judged)
    hits = spikes.join(
        found(judged).filter((pl.col("anomaly_type") == "cpr_spike") & (pl.col("direction") == "up")),
        on=["account_id", "week", "entity_id"],
        how="semi",
    )
    assert spikes.height >= 15, "too few labels to measure anything"
    assert hits.height / spikes.height >= 0.7


def test_most_found_cost_spikes_have_a_cause_in_the_world(judged):
    # A floor against regressions (measured: 0.45). Fatigue, and small ads of a group that moved, carry no label.
    # A level shift spoils every week until the baseline has caught up, so its four next weeks count as caused.
    labels = pl.concat([judged.sandbox.world.labels(a) for a in judged.accounts]).select(
        "account_id", "entity_id", pl.col("week").alias("planted")
    )
    spikes = found(judged).filter((pl.col("anomaly_type") == "cpr_spike") & (pl.col("severity") != "low"))
    caused = spikes.join(labels, on=["account_id", "entity_id"]).filter(
        (pl.col("week") - pl.col("planted")).dt.total_days().is_between(0, 28)
    )
    assert caused.unique("finding_id").height / spikes.height >= 0.35


def test_the_quiet_account_has_hardly_any_findings(judged):
    quiet = next(a.id for a in judged.sandbox.world.accounts if a.quiet)
    weeks = len([w for w in WEEKS if w >= FIRST_JUDGED])
    assert found(judged).filter(pl.col("account_id") == quiet).height / weeks <= 0.5
