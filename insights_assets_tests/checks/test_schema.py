"""A bad row turns its partition red, is told apart from its good neighbours, and blocks what is downstream."""

from datetime import timedelta

import dagster as dg
import pytest

from insights_assets.assets.declare import key_of, table_asset, upstream
from insights_assets.checks.schema import judge, schema_check
from insights_assets.checks.verdicts import record
from insights_assets.lake.io_manager import LakeIOManager
from insights_assets.lake.store import Lake
from insights_assets.partitions import key, range_tags
from insights_assets.tables.operations import CHECK_RESULTS, SCHEMA_CHECK
from insights_assets.tables.registry import TABLES
from insights_assets.tables.results import RESULTS_DAILY, RESULTS_WEEKLY
from insights_assets_tests.tables.rows import OBSERVED, WEEK, frame_of, valid_row

NEXT = WEEK + timedelta(weeks=1)
PARTITIONS = [("act_1", WEEK), ("act_1", NEXT)]


class Graph:
    """Two assets: the first returns `rows`, the second needs it and counts its runs."""

    def __init__(self, lake, instance):
        self.lake, self.instance = lake, instance
        self.rows = []
        self.downstream_runs = 0

        @table_asset(RESULTS_DAILY, "Given.", kinds={"python"})
        def first():
            return dg.MaterializeResult(value=frame_of(RESULTS_DAILY, *self.rows))

        @table_asset(RESULTS_WEEKLY, "Counted.", kinds={"python"}, ins={"daily": upstream(RESULTS_DAILY)})
        def second(daily):  # noqa: ARG001  the dependency is the point
            self.downstream_runs += 1
            return dg.MaterializeResult(value=RESULTS_WEEKLY.empty())

        assets = [(first, RESULTS_DAILY), (second, RESULTS_WEEKLY)]
        self.defs = dg.Definitions(
            assets=[a for a, _ in assets],
            asset_checks=[schema_check(a, t, lambda: OBSERVED) for a, t in assets],
            resources={
                "lake": dg.ResourceDefinition.hardcoded_resource(lake),
                "lake_io": LakeIOManager(lake, TABLES, lambda: OBSERVED),
            },
        )

    def run(self, *rows):
        self.rows = list(rows)
        job = self.defs.resolve_implicit_global_asset_job_def()
        tags = range_tags(["act_1"], [WEEK, NEXT])
        return job.execute_in_process(instance=self.instance, tags=tags, raise_on_error=False)

    def verdicts(self):
        rows = self.lake.read(CHECK_RESULTS).filter(table_name="results_daily")
        return {r["week"]: (r["passed"], r["failing_rows"]) for r in rows.to_dicts()}

    def reported(self):
        """Verdicts that Dagster holds for single partitions, oldest first."""
        records = self.instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(key_of(RESULTS_DAILY), SCHEMA_CHECK), limit=100
        )
        evaluations = [r.event.dagster_event.event_specific_data for r in reversed(records) if r.event]
        return [(e.partition, e.passed) for e in evaluations if getattr(e, "partition", None)]


def row(entity="1", week=WEEK, spend=1.0):
    return valid_row(RESULTS_DAILY, entity_id=entity, week=week, date=week, spend=spend)


GOOD = (row(), row(week=NEXT))
BAD = (row(), row(week=NEXT), row("2", NEXT, spend=-5.0))


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path))


@pytest.fixture
def graph(lake):
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("account", ["act_1"])
        yield Graph(lake, instance)


def evaluation(result):
    return next(e for e in result.get_asset_check_evaluations() if e.asset_key == key_of(RESULTS_DAILY))


def test_good_data_passes_and_every_partition_has_a_verdict(graph):
    result = graph.run(*GOOD)
    assert result.success
    assert evaluation(result).passed
    assert graph.verdicts() == {WEEK: (True, 0), NEXT: (True, 0)}
    assert graph.reported() == [], "a partition that was never red is not reported one by one"


def test_a_bad_row_fails_and_names_its_partition_and_reason(graph):
    told = evaluation(graph.run(*BAD))
    assert not told.passed
    assert told.severity == dg.AssetCheckSeverity.ERROR
    assert told.metadata["failing_rows"].value == 1
    assert told.metadata["failing_partitions"].value == [key("act_1", NEXT)]
    assert told.metadata["reasons"].value[0].startswith("spend: ")
    assert told.description.startswith("1 of 2 partitions of 1 accounts")


def test_only_the_red_partition_is_red(graph):
    graph.run(*BAD)
    assert graph.verdicts() == {WEEK: (True, 0), NEXT: (False, 1)}
    assert graph.reported() == [(key("act_1", NEXT), False)]


def test_what_is_downstream_of_a_bad_row_does_not_run(graph):
    assert not graph.run(*BAD).success
    assert graph.downstream_runs == 0


def test_a_good_row_before_stays_while_the_partition_is_red(graph, lake):
    graph.run(*GOOD)
    graph.run(row(), row(week=NEXT, spend=-5.0))
    assert lake.read(RESULTS_DAILY)["spend"].to_list() == [1.0, 1.0]
    assert graph.verdicts()[NEXT] == (False, 1)


def test_repaired_data_turns_the_partition_green_again_and_says_so(graph):
    graph.run(*BAD)
    assert graph.run(*GOOD).success
    assert graph.verdicts() == {WEEK: (True, 0), NEXT: (True, 0)}
    assert graph.reported() == [(key("act_1", NEXT), False), (key("act_1", NEXT), True)]
    assert graph.downstream_runs == 1


def test_a_partition_may_be_red_twice(graph):
    graph.run(*BAD)
    told = evaluation(graph.run(*BAD))
    assert not told.passed
    assert graph.verdicts()[NEXT] == (False, 1)


def test_judging_stored_rows_finds_what_was_written_past_the_io_manager(lake):
    lake.append(RESULTS_DAILY, frame_of(RESULTS_DAILY, *BAD))
    verdicts = judge(lake, RESULTS_DAILY, PARTITIONS)
    assert [(v.partition[1], v.failing_rows, v.passed) for v in verdicts] == [(WEEK, 0, True), (NEXT, 1, False)]


def test_a_key_that_is_stored_twice_turns_its_partition_red(lake):
    lake.append(RESULTS_DAILY, frame_of(RESULTS_DAILY, *GOOD, row(spend=2.0)))
    first, second = judge(lake, RESULTS_DAILY, PARTITIONS)
    assert (first.failing_rows, second.passed) == (1, True)
    assert first.reason.startswith("duplicate key (account_id, week, date")


def test_verdicts_of_other_tables_and_checks_stay(lake):
    others = [
        valid_row(CHECK_RESULTS, table_name="ads", check_name=SCHEMA_CHECK),
        valid_row(CHECK_RESULTS, table_name="results_daily", check_name="freshness"),
    ]
    lake.append(CHECK_RESULTS, frame_of(CHECK_RESULTS, *others))
    for _ in range(2):
        record(lake, RESULTS_DAILY, {SCHEMA_CHECK: judge(lake, RESULTS_DAILY, PARTITIONS)}, OBSERVED)
    names = lake.read(CHECK_RESULTS).filter(week=WEEK).select("table_name", "check_name").rows()
    assert names == [("ads", SCHEMA_CHECK), ("results_daily", "freshness"), ("results_daily", SCHEMA_CHECK)]
