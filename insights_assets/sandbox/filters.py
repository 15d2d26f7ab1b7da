"""Reads `filtering` and its shorthands, and decides what is visible."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from insights_assets.sandbox.catalog import HIDDEN_STATUSES
from insights_assets.sandbox.errors import bad_parameter
from insights_assets.sandbox.objects import Ad, AdSet, Campaign
from insights_assets.sandbox.paging import read_json
from insights_assets.sandbox.status import effective_status, stamp, updated_day
from insights_assets.sandbox.world import AccountWorld

Entity = Campaign | AdSet | Ad
OPERATORS: Final = frozenset({"IN", "NOT_IN", "EQUAL", "NOT_EQUAL", "GREATER_THAN", "LESS_THAN", "CONTAIN", "ANY"})
METRICS: Final = frozenset({"impressions", "spend", "clicks", "reach"})


@dataclass(frozen=True, slots=True)
class Condition:
    """One element of `filtering`; `level` is empty where the field names none."""

    level: str
    field: str
    operator: str
    value: Any


def read_conditions(params: Mapping[str, str]) -> list[Condition]:
    """All conditions of a request."""
    raw = read_json(params, "filtering") or []
    if not isinstance(raw, list):
        raise bad_parameter("Param filtering must be an array")
    result = []
    for item in raw:
        if not isinstance(item, dict) or not {"field", "operator"} <= set(item):
            raise bad_parameter("Param filtering[0] must have field and operator")
        level, _, field = str(item["field"]).rpartition(".")
        if item["operator"] not in OPERATORS:
            raise bad_parameter(f"Param filtering: operator {item['operator']} is not one of {sorted(OPERATORS)}")
        result.append(Condition(level, field, str(item["operator"]), item.get("value")))
    statuses = read_json(params, "effective_status")
    if statuses is not None:
        result.append(Condition("", "effective_status", "IN", statuses))
    return result


def owner(entity: Entity, level: str) -> Entity | None:
    """The entity itself or its parent at a level; None when the level lies below it."""
    chain: dict[str, Entity] = {}
    if isinstance(entity, Ad):
        chain = {"ad": entity, "adset": entity.adset, "campaign": entity.adset.campaign}
    elif isinstance(entity, AdSet):
        chain = {"adset": entity, "campaign": entity.campaign}
    else:
        chain = {"campaign": entity}
    return chain.get(level)


def predicate(made: AccountWorld, conditions: list[Condition], level: str, today: int) -> Callable[[Entity], bool]:
    """A test for entities of a level; conditions about levels below it are left out."""
    tests = [(item, item.level or level) for item in conditions if item.field not in METRICS]

    def holds(entity: Entity) -> bool:
        for item, at in tests:
            subject = owner(entity, at)
            if subject is not None and not _holds(made, item, subject, today):
                return False
        return True

    return holds


def visible(conditions: list[Condition], level: str, today: int) -> Callable[[Entity], bool]:
    """Archived and deleted entities show only where a condition names their status."""
    named = any(item.field == "effective_status" and (item.level or level) == level for item in conditions)

    def shows(entity: Entity) -> bool:
        return named or effective_status(entity, today) not in HIDDEN_STATUSES

    return shows


def _holds(made: AccountWorld, item: Condition, subject: Entity, today: int) -> bool:
    if item.field == "updated_time":
        return _compare(datetime.fromisoformat(stamp(made, updated_day(subject, today))).timestamp(), item)
    actual = {
        "effective_status": lambda: effective_status(subject, today),
        "status": lambda: effective_status(subject, today),
        "id": lambda: subject.id,
        "name": lambda: subject.name,
    }.get(item.field)
    if actual is None:
        raise bad_parameter(f"Filtering field '{item.field}' with operation '{item.operator}' is not supported")
    text = actual()
    wanted = item.value if isinstance(item.value, list) else [item.value]
    if item.operator == "CONTAIN":
        return all(str(part) in text for part in wanted)
    inside = text in {str(part) for part in wanted}
    return inside if item.operator in {"IN", "EQUAL", "ANY"} else not inside


def _compare(actual: float, item: Condition) -> bool:
    try:
        limit = float(item.value)
    except (TypeError, ValueError):
        try:
            parsed = datetime.fromisoformat(str(item.value))
        except ValueError:
            raise bad_parameter("Param filtering: updated_time must be a time") from None
        limit = (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    return actual > limit if item.operator == "GREATER_THAN" else actual < limit
