"""What every test shares: Dagster's own notices by name, its log kept quiet, and no setting from outside."""

import logging
import os

import pytest
from hypothesis import settings

# Features used on purpose, pinned by the Dagster minor version; anything else that Dagster deprecates is an error.
DAGSTER_NOTICES = (
    "ignore:Class `MultiPartitionMapping`:dagster.BetaWarning",
    "ignore:Parameter `allow_nonexistent_upstream_partitions`:dagster.BetaWarning",
    "ignore:Parameter `backfill_policy`:dagster.BetaWarning",
    "ignore:Specifying a partitions_def on an AssetCheckSpec:dagster.PreviewWarning",
)

# Modules of half a minute and more begin first, so that no worker is left alone with one at the end.
LONG = ("assets/test_sandbox_graph.py", "test_cli.py", "analytics/test_burnout.py", "tables/test_tables.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.split("::")[0].endswith(LONG))


def pytest_configure(config: pytest.Config) -> None:
    for line in DAGSTER_NOTICES:
        config.addinivalue_line("filterwarnings", line)
    # The same examples in each run, and no example is timed: a busy machine is no failure.
    settings.register_profile("suite", deadline=None, derandomize=True)
    settings.load_profile("suite")
    # As in our own processes (`instance_home.FRUGAL`): workers whose trees take all cores wait for each other.
    os.environ["OMP_NUM_THREADS"] = "1"
    # Settings are read where modules are imported; a developer's own environment must not reach a test.
    for name in [n for n in os.environ if n.startswith(("INSIGHTS_", "META_", "DAGSTER_PG_"))]:
        del os.environ[name]


@pytest.fixture(autouse=True, scope="session")
def _quiet_dagster() -> None:
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
