"""A run of a process of its own, and the steps whose contexts are held after it."""

import gc

import dagster as dg
from dagster._core.execution.context.system import StepExecutionContext

from insights_assets.instance.quiet_runs import QUIET, run_nothing


def held_steps(*, prepared: bool) -> list[str]:
    """Keys of the run's steps that are still held when it has ended."""
    if prepared:
        run_nothing()

    @dg.asset
    def rows() -> int:
        return 1

    @dg.asset
    def sums(rows: int) -> int:
        return rows

    @dg.asset_check(asset=sums)
    def right() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=True)

    with dg.DagsterInstance.ephemeral() as instance:
        dg.materialize([rows, sums, right], instance=instance, run_config=QUIET)
    gc.collect()
    contexts = [o for o in gc.get_objects() if isinstance(o, StepExecutionContext)]
    return sorted({c.step.key for c in contexts} & {"rows", "sums", "sums_right"})
