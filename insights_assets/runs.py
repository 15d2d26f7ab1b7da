"""One Dagster run over a rectangle of partitions, inside a worker process; failures come back as plain rows."""

import atexit
import gc
import logging
import multiprocessing
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

import dagster as dg

from insights_assets import logs, partitions
from insights_assets.definitions import PARTITIONED_ASSETS, build_defs
from insights_assets.graph_api.redaction import redact
from insights_assets.instance.owners import owner_tags
from insights_assets.instance.quiet_runs import QUIET, run_nothing
from insights_assets.instance_home import open_instance


@dataclass(frozen=True)
class Failure:
    """One account's failed step: a line of the table that ends a backfill with exit code 3."""

    account_id: str
    weeks: tuple[date, ...]
    step: str
    error_type: str
    message: str


@cache
def _session() -> tuple[dg.DagsterInstance, dg.JobDefinition]:
    instance = open_instance({})
    return instance, build_defs().resolve_implicit_global_asset_job_def()


def start_worker(environment: dict[str, str]) -> None:
    """Prepare a worker process: its variables, its logs, its instance, no life without its parent."""
    logs.configure({**os.environ, **environment})
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    threading.Thread(target=_end_with_parent, name="parent watch", daemon=True).start()
    open_instance(environment)
    _session()
    run_nothing()
    # The graph stays as long as the process: the collector need not walk it after each run (22 % of a refresh's time).
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # what is frozen at the end, libraries report as leaked


def _end_with_parent() -> None:
    # A pool's worker keeps its own queue open, so it would wait for ever after `kill -9` of the backfill.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def run_partitions(
    steps: Sequence[str],
    accounts: Sequence[str],
    weeks: Sequence[date],
    business_id: str | None,
    *,
    run_id: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> list[Failure]:
    """Run steps on every partition between the corners; return one failure for each account and failed step.

    `run_id` and further `tags` are the run's, where whoever asked for it wants to know it by them.
    """
    try:
        return _run(steps, accounts, weeks, business_id, run_id, tags or {})
    finally:
        # A result holds the frames of all its steps, in cycles that would wait for the collector.
        gc.collect()


def _run(
    steps: Sequence[str],
    accounts: Sequence[str],
    weeks: Sequence[date],
    business_id: str | None,
    run_id: str | None,
    tags: Mapping[str, str],
) -> list[Failure]:
    instance, job = _session()
    wanted = {a.key for a in PARTITIONED_ASSETS if a.key.path[-1] in set(steps)}
    owner = owner_tags(accounts[0], business_id) if len(accounts) == 1 else {}
    result = job.get_subset(asset_selection=wanted).execute_in_process(
        instance=instance,
        tags={**partitions.range_tags(accounts, weeks), **owner, **tags},
        raise_on_error=False,
        run_config=QUIET,
        run_id=run_id,
    )
    if result.success:
        return []
    problems = [_problem(e) for e in result.all_events if e.is_step_failure] + [
        (c.asset_key.path[-1], "data", f"The {c.check_name} check found rows that do not fit; see `quarantine`.")
        for c in result.get_asset_check_evaluations()
        if not c.passed
    ]
    return [
        Failure(account_id, tuple(weeks), step, kind, message)
        for account_id in accounts
        for step, kind, message in dict.fromkeys(
            problems or [("run", "unknown", "The run failed; see the Dagster UI.")]
        )
    ]


def _problem(event: dg.DagsterEvent) -> tuple[str, str, str]:
    """Step, error type and one redacted sentence of a step failure."""
    data = event.step_failure_data
    told = data.user_failure_data
    step = (event.step_key or "run").split("__")[-1]
    if told is not None and told.description:
        kind = told.metadata.get("error_type") if told.metadata else None
        return step, str(getattr(kind, "value", None) or "unknown"), redact(told.description)
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    first_line = (error.message if error else "unknown error").strip().splitlines()[0]
    return step, "unknown", redact(first_line)
