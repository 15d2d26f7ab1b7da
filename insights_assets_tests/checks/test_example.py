"""The check that docs/extending.md shows, run as it stands there."""

import re
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from insights_assets.assets.declare import table_asset
from insights_assets.lake.io_manager import LakeIOManager
from insights_assets.lake.store import Lake
from insights_assets.partitions import range_tags
from insights_assets.tables.operations import CHECK_RESULTS
from insights_assets.tables.registry import TABLES
from insights_assets.tables.results import RESULTS_WEEKLY
from insights_assets_tests.tables.rows import OBSERVED, WEEK, frame_of, valid_row

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"
NEXT = WEEK + timedelta(weeks=1)


@pytest.fixture(scope="module")
def example():
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)[0]
    names = {"__name__": "insights_assets.checks.affordable"}
    exec(compile(code, str(PAGE), "exec"), names)  # noqa: S102 - our own page
    return names


def row(week, spend, level="campaign"):
    told = {"cpr": spend / 2, "results": 2.0, "is_primary": True}
    return valid_row(RESULTS_WEEKLY, account_id="act_1", week=week, level=level, spend=spend, **told)


def test_it_warns_for_the_week_that_is_too_dear_and_blocks_nothing(tmp_path, example):
    rows = frame_of(RESULTS_WEEKLY, row(WEEK, 80.0), row(WEEK, 900.0, level="ad"), row(NEXT, 81.0))

    @table_asset(RESULTS_WEEKLY, "Given.", kinds={"python"})
    def given():
        return dg.MaterializeResult(value=rows)

    lake = Lake(str(tmp_path))
    check = example["affordable_check"](given, 40.0, lambda: OBSERVED)
    resources = {
        "lake": dg.ResourceDefinition.hardcoded_resource(lake),
        "lake_io": LakeIOManager(lake, TABLES, lambda: OBSERVED),
    }
    job = dg.Definitions([given], asset_checks=[check], resources=resources).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("account", ["act_1"])
        result = job.execute_in_process(instance=instance, tags=range_tags(["act_1"], [WEEK, NEXT]))
    assert result.success
    (evaluation,) = [e for e in result.get_asset_check_evaluations() if e.partition is None]
    assert (evaluation.passed, evaluation.severity) == (False, dg.AssetCheckSeverity.WARN)
    verdicts = {r["week"]: (r["passed"], r["reason"]) for r in lake.read(CHECK_RESULTS).to_dicts()}
    assert verdicts == {WEEK: (True, None), NEXT: (False, "cost per result above 40")}
