"""Tiers, advice and its outcomes through the graph: from stored features to the views, users' word included."""

from datetime import timedelta

import dagster as dg
import pytest

from insights_assets import feedback
from insights_assets.assets import classifications as tiers
from insights_assets.assets import recommendations as advice
from insights_assets.definitions import build_defs
from insights_assets.lake.catalog import query
from insights_assets.lake.store import Lake
from insights_assets.partitions import range_tags
from insights_assets.settings import load_settings
from insights_assets.tables.entities import ADS
from insights_assets.tables.features import FEATURES
from insights_assets_tests.tables.rows import OBSERVED, WEEK, frame_of, valid_row

WEEKS = [WEEK + timedelta(weeks=n) for n in range(5)]
ASSETS = (
    *(tiers.classifications_campaign, tiers.classifications_adset, tiers.classifications_ad),
    *(advice.recommendations_campaign, advice.recommendations_adset, advice.recommendations_ad),
    advice.recommendation_outcomes,
)


def feature(level, entity, week, results):
    figures = {
        "spend": 500.0,
        "spend_7d": 500.0,
        "spend_prev_7d": 500.0,
        "baseline_spend": 2000.0,
        "impressions": 50_000,
        "impressions_7d": 50_000,
        "impressions_prev_7d": 50_000,
        "days_active_30d": 28,
        "results": results,
        "results_7d": results,
        "results_prev_7d": results,
        "baseline_results": 4 * results,
        "expected_results_7d": 50.0,
        "performance_vs_siblings_pct": (results / 50 - 1) * 100,
        "siblings": 3,
        "days_with_results_7d": 7,
        "as_of": week + timedelta(days=6),
    }
    return valid_row(FEATURES[level], level=level, entity_id=entity, parent_id="set1", week=week, **figures)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """Four entities at each level: one wastes its money and stops after three weeks, the others are alike."""
    made = Lake(str(tmp_path_factory.mktemp("advice")))
    for level, table in FEATURES.items():
        rows = [feature(level, f"{n}", w, 50.0) for n in range(3) for w in WEEKS]
        rows += [feature(level, "9", w, 0.0) for w in WEEKS[:3]]
        made.append(table, frame_of(table, *rows))
    made.replace(ADS, frame_of(ADS, valid_row(ADS, ad_id="1")), [("act_1", WEEK)])
    feedback.add(made, feedback.Subject("act_1", "ad", "1"), "HIGH_PERFORMER", WEEKS[3], OBSERVED)
    settings = load_settings({"INSIGHTS_HOME": made.root})
    defs = build_defs(settings, overrides={"lake": made, "clock": lambda: OBSERVED})
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("account", ["act_1"])
        job = defs.resolve_implicit_global_asset_job_def().get_subset(asset_selection={a.key for a in ASSETS})
        result = job.execute_in_process(instance=instance, tags=range_tags(["act_1"], WEEKS))
        assert result.success
        assert all(e.passed for e in result.get_asset_check_evaluations()), "a table refused a row"
    return made


def test_every_level_has_its_tiers(lake):
    found = query(lake, "SELECT level, tier, count(*) AS n FROM classifications WHERE entity_id = '9' GROUP BY ALL")
    assert sorted(found.rows()) == [(level, "UNDERPERFORMER", 3) for level in ("ad", "adset", "campaign")]


def test_a_users_word_goes_through_the_graph(lake):
    found = query(lake, "SELECT week, tier FROM classifications WHERE source = 'feedback' ORDER BY week")
    assert found.rows() == [(week, "HIGH_PERFORMER") for week in WEEKS[3:]]


def test_what_wastes_its_money_is_to_be_paused_once(lake):
    found = query(lake, "SELECT level, week, is_new FROM recommendations WHERE recommendation_type = 'PAUSE'")
    expected = [(level, w, w == WEEKS[0]) for level in ("ad", "adset", "campaign") for w in WEEKS[:3]]
    assert sorted(found.rows()) == expected


def test_what_became_of_it_is_told_two_and_four_weeks_later(lake):
    found = query(
        lake,
        "SELECT level, week, horizon_weeks, followed, spend_after FROM recommendation_outcomes "
        "WHERE recommendation_type = 'PAUSE'",
    )
    expected = [
        (level, WEEKS[h], h, stopped, 1000.0)
        for level in ("ad", "adset", "campaign")
        for h, stopped in ((2, False), (4, True))
    ]
    assert sorted(found.rows()) == expected
