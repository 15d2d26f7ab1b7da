"""The jobs: one for each stage and level of the timetable, over the whole fleet, and the refresh of one account.

Belongs here: which assets a job runs. They are found by name, so a stage or level that joins the graph joins its job.
Does not belong here: when (`schedules.py`, `timetable.py`).
https://docs.dagster.io/guides/build/jobs/asset-jobs
"""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from insights_assets.timetable import REFRESH, SLOTS, Slot, Timetable

# What `define_asset_job` returns; Dagster does not export its name.
Job = Any


def name_of(asset: dg.AssetsDefinition) -> str:
    """The asset's table."""
    return asset.key.path[-1]


def steps_of(slot: Slot, assets: Sequence[dg.AssetsDefinition]) -> tuple[str, ...]:
    """Assets of a slot that are in the graph."""
    return tuple(name_of(a) for a in assets if slot.covers(name_of(a)))


def fleet_jobs(assets: Sequence[dg.AssetsDefinition]) -> dict[Slot, Job]:
    """One job for each slot that has assets.

    Args:
        assets: the partitioned assets.
    """
    return {
        slot: dg.define_asset_job(
            slot.name,
            selection=_selection(assets, steps),
            description=f"{', '.join(steps)} of all active accounts in one run, the last {slot.weeks} weeks.",
        )
        for slot in SLOTS
        if (steps := steps_of(slot, assets))
    }


def refresh_steps(assets: Sequence[dg.AssetsDefinition], timetable: Timetable, *, mode: str) -> tuple[str, ...]:
    """Assets of an account's refresh: all but those that the fleet's own schedules bring up to date after it."""
    later = {step for slot in SLOTS if timetable.runs(slot.name, mode=mode) for step in steps_of(slot, assets)}
    return tuple(name for a in assets if (name := name_of(a)) not in later)


def refresh_job(assets: Sequence[dg.AssetsDefinition], steps: Sequence[str]) -> Job:
    """The job that reads weeks of one account again and computes what follows from them."""
    return dg.define_asset_job(
        REFRESH,
        selection=_selection(assets, steps),
        description="Raw assets of one account and what follows from them, but what the fleet's own jobs do after it.",
    )


def _selection(assets: Sequence[dg.AssetsDefinition], steps: Sequence[str]) -> dg.AssetSelection:
    return dg.AssetSelection.assets(*[a.key for a in assets if name_of(a) in set(steps)])
