"""Faults of rows and of report runs, turned into what writes the rows and keeps the runs."""

from collections.abc import Sequence

from insights_assets.sandbox.fault_player import FaultPlayer
from insights_assets.sandbox.insight_rows import RowChanges
from insights_assets.sandbox.insights import Answer
from insights_assets.sandbox.planting import PlantedFault, chance
from insights_assets.sandbox.reports import COMPLETED, Fate
from insights_assets.sandbox.request_places import INSIGHTS, Call, Place
from insights_assets.sandbox.world_changes import WorldChange

FAILED_AT_PERCENT = 60


def row_changes(
    player: FaultPlayer, call: Call, place: Place, told: Answer, changes: Sequence[WorldChange]
) -> RowChanges:
    """How the rows of an answer depart from the truth."""
    types: dict[str, tuple[str, ...]] = {}
    for change in changes:
        types |= change.action_types()
    keyless = player.of_rows("missing_key", call, place)
    repeats = place.kind == INSIGHTS and player.of_rows("duplicate_rows", call, place) is not None
    return RowChanges(_keyless(keyless, told) if keyless else frozenset(), types, repeats)


def _keyless(planted: PlantedFault, told: Answer) -> frozenset[int]:
    """Positions of the rows without a key: the same entity and window whatever the rest of the question is."""
    entities = [told.made.account.id if entity is None else entity.id for entity in told.entities]
    names = (entities[index] for index in told.entity.tolist())
    rows = zip(names, told.first.tolist(), told.last.tolist(), strict=True)
    every = planted.options["every"]
    return frozenset(
        at for at, (entity, first, last) in enumerate(rows) if chance(planted.seed, entity, first, last) * every < 1
    )


def fate_of(planted: PlantedFault | None) -> Fate:
    """What becomes of a run that met a fault; completed when it met none."""
    if planted is None:
        return Fate()
    ends = "Job Failed" if planted.kind.effect == "job_size" else planted.options.get("ends", COMPLETED)
    error = planted.kind.error
    told = {
        "error_code": error["code"],
        "error_subcode": error["error_subcode"],
        "error_message": "The async job failed",
        "error_user_title": "Report failed",
        "error_user_msg": planted.kind.message,
    } if error else None  # fmt: skip
    percent = planted.options.get("percent", FAILED_AT_PERCENT if ends != COMPLETED else 0)
    return Fate(ends, percent, planted.options.get("polls", 0), told)
