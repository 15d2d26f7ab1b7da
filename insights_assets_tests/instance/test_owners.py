"""Every run of one account tells its account and business, so that one business has one run at a time."""

from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.run_coordinator import SubmitRunContext

from insights_assets.instance import owners
from insights_assets.instance.owners import OwnerTaggingRunCoordinator, account_of
from insights_assets.lake.store import Lake
from insights_assets.partitions import range_tags
from insights_assets.settings import load_settings
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

CONFIG = yaml.safe_load((Path(__file__).parents[2] / "dagster.yaml").read_text(encoding="utf-8"))


def test_the_account_is_read_from_the_partition_or_the_corners_of_a_range():
    assert account_of({"dagster/partition": "act_1|2026-01-05"}) == "act_1"
    assert account_of(range_tags(["act_1"], [WEEK])) == "act_1"
    assert account_of(range_tags(["act_1", "act_2"], [WEEK])) is None
    assert account_of({"dagster/partition": "2026-01-05"}) is None
    assert account_of({}) is None


@pytest.fixture(scope="module")
def instance():
    """An instance by our own dagster.yaml."""
    named = ("concurrency", "run_coordinator")
    with dg.instance_for_test(overrides={k: CONFIG[k] for k in named}) as made:
        yield made


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("INSIGHTS_HOME", str(tmp_path))
    rows = [valid_row(ACCOUNTS, account_id=n, business_id=b) for n, b in (("act_1", "77"), ("act_2", None))]
    Lake(load_settings().lake).overwrite(ACCOUNTS, frame_of(ACCOUNTS, *rows))


@pytest.fixture
def submitted(instance, monkeypatch):
    """A function that queues a run as the UI does and returns its tags."""
    monkeypatch.setattr(instance.run_coordinator, "_owners", None)
    location = RegisteredCodeLocationOrigin("insights_assets")
    origin = RemoteJobOrigin(RemoteRepositoryOrigin(location, "__repository__"), "job")

    def submit(**tags):
        run = dg.DagsterRun("job", tags=tags, remote_job_origin=origin)
        instance.add_run(run)
        queued = instance.run_coordinator.submit_run(SubmitRunContext(run, None))
        assert queued.status == dg.DagsterRunStatus.QUEUED
        return {k: v for k, v in queued.tags.items() if k.startswith("insights/")}

    return submit


def test_the_queue_of_our_instance_keeps_the_limits(instance):
    assert isinstance(instance.run_coordinator, OwnerTaggingRunCoordinator)
    queue = instance.get_concurrency_config().run_queue_config
    assert queue.max_concurrent_runs == CONFIG["concurrency"]["runs"]["max_concurrent_runs"]
    assert [limit["key"] for limit in queue.tag_concurrency_limits] == [owners.BUSINESS_TAG]


@pytest.mark.usefixtures("home")
def test_a_run_from_the_ui_gets_its_account_and_business(submitted):
    assert submitted(**range_tags(["act_1"], [WEEK])) == {"insights/account_id": "act_1", "insights/business_id": "77"}
    assert submitted(**{"dagster/partition": f"act_2|{WEEK}"}) == {"insights/account_id": "act_2"}
    assert submitted(**range_tags(["act_1", "act_2"], [WEEK])) == {}


@pytest.mark.usefixtures("home")
def test_what_a_run_says_of_itself_stays(submitted):
    told = {**range_tags(["act_1"], [WEEK]), "insights/business_id": "5"}
    assert submitted(**told) == {"insights/account_id": "act_1", "insights/business_id": "5"}


def test_without_a_registry_the_run_is_queued_all_the_same(submitted, monkeypatch):
    monkeypatch.setenv("INSIGHTS_MODE", "no such mode")
    assert submitted(**range_tags(["act_1"], [WEEK])) == {"insights/account_id": "act_1"}
