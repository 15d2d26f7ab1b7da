"""Histories of an event log: what runs, wipes and failures leave, as events that any storage can be given."""

from dataclasses import dataclass

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationPlanned
from dagster._core.definitions.data_version import DATA_VERSION_TAG
from dagster._core.events import AssetMaterializationPlannedData, DagsterEvent, StepMaterializationData
from dagster._core.storage.dagster_run import DagsterRun, DagsterRunStatus
from dagster._core.storage.tags import MULTIDIMENSIONAL_PARTITION_PREFIX
from hypothesis import strategies as st

KEYS = ["a", "b", "c", "d"]
PARTITIONS = dg.StaticPartitionsDefinition(KEYS)
ASSETS = [dg.AssetKey(["raw", "one"]), dg.AssetKey(["derived", "two"])]
JOB = "job"
BEFORE_WIPES, AFTER_WIPES = 1.7e9, 4.0e9  # an event counts after a wipe when its time is later than the wipe's


@dataclass(frozen=True)
class Run:
    """A run over some partitions of some assets: how far it came, and how it ended."""

    assets: list[dg.AssetKey]
    partitions: list[str]
    done: list[tuple[dg.AssetKey, str]]
    ended: DagsterRunStatus
    checked: bool


@dataclass(frozen=True)
class Wipe:
    asset: dg.AssetKey


@st.composite
def runs(draw):
    assets = draw(st.lists(st.sampled_from(ASSETS), min_size=1, unique=True))
    partitions = draw(st.lists(st.sampled_from(KEYS), min_size=1, unique=True))
    pairs = [(a, p) for a in assets for p in partitions]
    ended = draw(st.sampled_from([DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.STARTED]))
    done = pairs if ended == DagsterRunStatus.SUCCESS else draw(st.lists(st.sampled_from(pairs), unique=True))
    return Run(assets, partitions, done, ended, draw(st.booleans()))


histories = st.lists(
    st.one_of(runs(), runs(), runs(), st.builds(Wipe, st.sampled_from(ASSETS))), min_size=1, max_size=4
)


def replay(history, instance, store):
    """Give an instance the events of a history.

    Args:
        history: runs and wipes in order.
        instance: gets the runs and the wipes.
        store: takes a list of events that arrive together.

    Returns:
        The ids of its runs.
    """
    start, run_ids = BEFORE_WIPES, []
    for number, step in enumerate(history):
        if isinstance(step, Wipe):
            instance.event_log_storage.wipe_asset(step.asset)
            start = AFTER_WIPES
            continue
        run_id = f"run-{number}"
        run_ids.append(run_id)
        instance.add_run(DagsterRun(job_name=JOB, run_id=run_id, status=step.ended))
        clock = iter(range(1000))

        def entry(kind, data, step_key=None, run_id=run_id, clock=clock, at=start + 1000 * number):
            event = DagsterEvent(event_type_value=kind.value, job_name=JOB, step_key=step_key, event_specific_data=data)
            return dg.EventLogEntry(None, "debug", "", run_id, at + next(clock), step_key, JOB, event)

        planned = [
            entry(dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED, AssetMaterializationPlannedData(a, p), "step")
            for a in step.assets
            for p in step.partitions
        ]
        if step.checked:
            subset = PARTITIONS.subset_with_partition_keys(step.partitions)
            check = AssetCheckEvaluationPlanned(asset_key=step.assets[0], check_name="schema", partitions_subset=subset)
            planned.insert(1, entry(dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED, check, "step"))
        store(planned)
        store(
            [
                entry(
                    dg.DagsterEventType.ASSET_MATERIALIZATION,
                    StepMaterializationData(dg.AssetMaterialization(a, partition=p, tags=_tags(p, number))),
                    "step",
                )
                for a, p in step.done
            ]
        )
        if step.checked and step.done:
            verdict = dg.AssetCheckEvaluation(
                asset_key=step.assets[0], check_name="schema", passed=len(step.done) > 1, partition=step.partitions[0]
            )
            store([entry(dg.DagsterEventType.ASSET_CHECK_EVALUATION, verdict, "step")])
        if step.ended == DagsterRunStatus.FAILURE:
            store([entry(dg.DagsterEventType.RUN_FAILURE, None)])
    return run_ids


def _tags(partition, number):
    return {
        DATA_VERSION_TAG: f"v{number}",
        f"{MULTIDIMENSIONAL_PARTITION_PREFIX}letter": partition,
        "not/indexed": "x",
    }


def planned_batch(run_id):
    """The plans of a run over every partition of two assets."""
    return [
        dg.EventLogEntry(None, "debug", "", run_id, BEFORE_WIPES + n, "step", JOB, event)
        for n, event in enumerate(
            DagsterEvent.build_asset_materialization_planned_event(JOB, "step", AssetMaterializationPlannedData(a, p))
            for a in ASSETS
            for p in KEYS
        )
    ]
