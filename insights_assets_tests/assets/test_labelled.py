"""Planted anomalies come out of the graph as findings: most events are found, most findings are events."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import polars as pl
import pytest

from insights_assets.assets.anomalies import anomalies_ad, anomalies_adset, anomalies_campaign
from insights_assets.assets.entities import adsets
from insights_assets.assets.features import features_ad, features_adset, features_campaign
from insights_assets.assets.insights import (
    insights_daily,
    insights_weekly_ad,
    insights_weekly_adset,
    insights_weekly_campaign,
)
from insights_assets.assets.results import results_daily, results_weekly
from insights_assets.partitions import weeks_covering
from insights_assets.sandbox import World
from insights_assets_tests.assets.matching import Match, match
from insights_assets_tests.assets.pipeline import Pipeline, pipeline

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 30, 3, tzinfo=UTC)
# The running week and those before a baseline of eight weeks are left out.
FIRST_JUDGED = date(2025, 4, 7)
WEEKS = weeks_covering(date(2025, 1, 6), date(2026, 3, 22))
STEPS = (
    *(adsets, insights_daily, insights_weekly_campaign, insights_weekly_adset, insights_weekly_ad),
    *(results_daily, results_weekly, features_campaign, features_adset, features_ad),
    *(anomalies_campaign, anomalies_adset, anomalies_ad),
)
ENOUGH_BASELINE_RESULTS = 30


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    world = World(accounts=4, ads_per_account=(20, 30))
    with pipeline(tmp_path_factory.mktemp("labelled"), world, NOW) as made:
        for account_id in made.accounts:
            made.run(STEPS, account_id, WEEKS)
        yield made


@pytest.fixture(scope="module")
def matched(judged: Pipeline) -> Match:
    labels = pl.concat([judged.sandbox.world.labels(a) for a in judged.accounts])
    result = match(judged.rows("anomalies_ad"), judged.rows("features_ad"), labels, FIRST_JUDGED)
    print(result)  # noqa: T201  the figures are what a reader of a slow test is after
    return result


def test_most_planted_events_are_found(matched):
    assert matched.events >= 30, "too few labels to measure anything"
    assert matched.recall >= 0.7


def test_most_findings_are_about_a_planted_event(matched):
    # The rest are mostly ads that really became dear at once from fatigue, which carries no label.
    assert matched.precision >= 0.8


def test_most_planted_cost_spikes_are_found_as_such(judged):
    labels = pl.concat([judged.sandbox.world.labels(a) for a in judged.accounts])
    enough = judged.rows("features_ad").filter(
        pl.col("is_complete") & (pl.col("baseline_results") >= ENOUGH_BASELINE_RESULTS)
    )
    key = ["account_id", "week", "entity_id"]
    spikes = labels.filter(
        (pl.col("anomaly_type") == "cpr_spike") & (pl.col("level") == "ad") & (pl.col("week") >= FIRST_JUDGED)
    ).join(enough, on=key, how="semi")
    named = judged.rows("anomalies_ad").filter(pl.col("anomaly_type") == "cpr_spike")
    # Doubled costs of 30 results a week are within their noise: not all can be told from it.
    assert spikes.join(named, on=key, how="semi").height / spikes.height >= 0.6


def test_ad_sets_and_campaigns_tell_no_more_than_what_is_theirs(judged):
    late = pl.col("week") >= FIRST_JUDGED
    told = {level: judged.rows(f"anomalies_{level}").filter(late) for level in ("campaign", "adset", "ad")}
    # An ad that starts, ends or goes wrong is no news of what it is in: parents had seven times the ads' findings.
    assert told["campaign"].height + told["adset"].height <= 0.2 * told["ad"].height
    quiet = next(a.id for a in judged.sandbox.world.accounts if a.quiet)
    assert sum(f.filter(pl.col("account_id") == quiet).height for f in told.values()) <= 0.1 * len(WEEKS)


def test_the_quiet_account_has_hardly_any_findings(judged):
    quiet = next(a.id for a in judged.sandbox.world.accounts if a.quiet)
    weeks = len([w for w in WEEKS if w >= FIRST_JUDGED])
    found = judged.rows("anomalies_ad").filter((pl.col("account_id") == quiet) & (pl.col("week") >= FIRST_JUDGED))
    assert found.height / weeks <= 0.1
