"""The fault campaign: what passes leaves no trace. The lake equals the clean run, to the cent and the row."""

from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest

from insights_assets.assets.insights import insights_daily, insights_weekly_campaign
from insights_assets.definitions import DERIVED_ASSETS, RAW_ASSETS
from insights_assets.partitions import weeks_covering
from insights_assets.sandbox import CATALOG, World, fault
from insights_assets_tests.assets.pipeline import pipeline
from insights_assets_tests.recovery.contents import contents

NOW = datetime(2026, 3, 30, 3, tzinfo=UTC)
WEEKS = weeks_covering(date(2026, 2, 16), date(2026, 3, 29))
pytestmark = pytest.mark.slow

# Faults that end, and that a client can see and do something about.
PASSING = sorted(
    {kind.name for kind in CATALOG.values() if kind.in_storm}
    | {"account_block", "reduce_entities", "reduce_insights", "job_too_large", "duplicate_rows", "job_never_starts"}
    | {"job_stuck", "job_lingers", "unreadable", "poll_race", "summary_race"}
)
OPTIONS = {
    "timeout": {"hang_s": 0.2},
    "job_too_large": {"max_rows": 40},
    "reduce_insights": {"max_cells": 2000},
    "reduce_entities": {"max_rows": 2},
    "account_block": {"block_s": 120.0},
}


class Clock:
    """Seconds that pass when somebody sleeps."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@contextmanager
def stormy(folder, world, **sandbox):
    """A pipeline whose clients and server share one clock that only sleeping moves."""
    clock = Clock()
    instant = {"instant": lambda: NOW.timestamp() + clock.now}
    options = {"sleep": clock.sleep, "clock": clock, **instant}
    with pipeline(folder, world, NOW, options=options, monotonic=clock, **sandbox) as made:
        yield made


@pytest.fixture(scope="module")
def world():
    return World(accounts=3, ads_per_account=(3, 5))


@pytest.fixture(scope="module")
def clean(tmp_path_factory, world):
    with pipeline(tmp_path_factory.mktemp("clean"), world, NOW) as made:
        made.refresh(WEEKS)
        return contents(made.lake)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_a_storm_of_all_faults_the_lake_equals_the_clean_one(tmp_path, world, clean, seed):
    with stormy(tmp_path, world, scenario="storm", fault_seed=seed, report_latency_s=1.0) as made:
        made.refresh(WEEKS)
        met = {played.fault for played in made.sandbox.played}
        assert len(met) >= 4, met
        found = contents(made.lake)
    assert found.keys() == clean.keys()
    for name, rows in clean.items():
        assert found[name] == rows, name


@pytest.mark.parametrize("name", PASSING)
def test_a_fault_alone_leaves_no_trace(tmp_path, world, clean, name):
    steps = [*RAW_ASSETS[:4], insights_daily, insights_weekly_campaign]
    faults = [fault(name, **OPTIONS.get(name, {}))]
    with stormy(tmp_path, world, faults=faults, report_latency_s=1.0) as made:
        made.run(steps, made.accounts[0], WEEKS)
        made.run(steps, made.accounts[1], WEEKS)
        assert name in {played.fault for played in made.sandbox.played}
        found, two = contents(made.lake), set(made.accounts[:2])
    for table in ("campaigns", "adsets", "ads", "creatives", "insights_daily", "insights_weekly_campaign"):
        assert found[table] == [row for row in clean[table] if row[0] in two], table


def test_the_clean_run_is_worth_comparing_with(clean):
    assert len(clean["insights_daily"]) > 200
    assert {a.key.path[-1] for a in DERIVED_ASSETS} <= clean.keys()
