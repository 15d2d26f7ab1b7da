"""Creatives through the graph: equal to the ads' sums, stale with what they are made from, empty once deleted."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from insights_assets import deletions, planning
from insights_assets.assets.creative_performance import creative_aggregates, creative_performance
from insights_assets.assets.entities import ads, adsets, creatives
from insights_assets.assets.insights import insights_daily
from insights_assets.assets.results import results_daily
from insights_assets.backfill import GRAPH
from insights_assets.partitions import weeks_covering
from insights_assets.sandbox import World
from insights_assets_tests.assets.pipeline import pipeline

NOW = datetime(2026, 3, 17, 12, tzinfo=UTC)
WEEKS = weeks_covering(date(2026, 3, 2), date(2026, 3, 17))
STEPS = (adsets, ads, creatives, insights_daily, results_daily, creative_performance, creative_aggregates)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with pipeline(tmp_path_factory.mktemp("creatives"), World(accounts=1, ads_per_account=6), NOW) as graph:
        graph.run(STEPS, graph.accounts[0], WEEKS)
        yield graph


def test_creatives_add_up_to_the_ads_day_by_day_and_week_by_week(made):
    daily, facts, weeks = (made.rows(n) for n in ("insights_daily", "creative_performance", "creative_aggregates"))
    for name in ("impressions", "clicks", "inline_link_clicks", "video_plays", "video_thruplays", "video_p100"):
        ads_days, creative_days = (f.group_by("date").agg(pl.col(name).sum()).sort("date") for f in (daily, facts))
        assert creative_days.equals(ads_days), name
        assert weeks[name].sum() == daily[name].sum(), name
    assert facts["spend"].sum() == pytest.approx(daily["spend"].sum(), abs=1e-6)
    assert facts["ads"].sum() == daily.height
    assert {"video", "image"} <= set(facts["creative_type"])
    assert made.rows("quarantine").is_empty()


def test_new_insights_make_the_creatives_of_their_week_stale():
    steps = ["results_daily", "creative_performance", "creative_aggregates"]
    inputs = ["adsets", "ads", "creatives", "insights_daily"]
    done = {(s, "act_1", w): NOW for s in (*steps, *inputs) for w in WEEKS}
    assert planning.stale_weeks("act_1", WEEKS, steps, done, GRAPH, force=False) == []
    for source in ("insights_daily", "creatives", "ads"):
        newer = {**done, (source, "act_1", WEEKS[1]): NOW + timedelta(hours=1)}
        assert planning.stale_weeks("act_1", WEEKS, steps, newer, GRAPH, force=False) == [WEEKS[1]], source


def test_a_deleted_week_stays_empty_until_the_deletion_is_lifted(made):
    account, gone = made.accounts[0], WEEKS[0]
    chosen = deletions.plan(made.lake, account, gone, gone, GRAPH, WEEKS[-1])
    record = deletions.execute(made.lake, chosen, "kim", lambda: NOW)
    names = [a.key.path[-1] for a in STEPS]
    assert all(made.rows(n, week=gone).is_empty() for n in names)
    asked = len(made.sandbox.requests)
    made.run(STEPS, account, [gone])
    assert all(made.rows(n, week=gone).is_empty() for n in names)
    assert len(made.sandbox.requests) == asked
    # A run over a range with other weeks leaves the deleted one out, and reads the others.
    made.run(STEPS, account, WEEKS[:2])
    assert all(made.rows(n, week=gone).is_empty() for n in names)
    assert all(made.rows(n, week=WEEKS[1]).height for n in names)
    deletions.lift(made.lake, record["deletion_id"], "kim", NOW)
    made.run(STEPS, account, [gone])
    assert all(made.rows(n, week=gone).height for n in names)
