"""What a test of a running fleet asks the instance about its runs."""

import dagster as dg
from dagster._core.storage.dagster_run import RunsFilter


def reading_a_report(instance, tags):
    """Run id and process of a run with these tags that is inside its first report."""
    for run in instance.get_runs(RunsFilter(tags=tags, statuses=[dg.DagsterRunStatus.STARTED])):
        logs = [e for e in instance.all_logs(run.run_id) if e.is_dagster_event]
        steps = [e for e in logs if (e.step_key or "").endswith("insights_daily")]
        kinds = {e.dagster_event_type for e in steps}
        if kinds & {dg.DagsterEventType.STEP_START} and not kinds & {dg.DagsterEventType.STEP_SUCCESS}:
            told = [e.dagster_event.engine_event_data.metadata for e in logs if _is_engine_event(e)]
            return run.run_id, next(int(m["pid"].value) for m in told if "pid" in m)
    return None


def _is_engine_event(entry):
    return entry.dagster_event_type == dg.DagsterEventType.ENGINE_EVENT


def run_in(instance, run_id, wanted):
    """The run, once it is in that status."""
    run = instance.get_run_by_id(run_id)
    return run if run.status == wanted else None


def retry_of(instance, run_id):
    """The run that was started in place of this one."""
    found = instance.get_runs(RunsFilter(tags={"dagster/parent_run_id": run_id}))
    return found[0] if found else None
