"""Turns the parameters of an insights request into a `Question`, with the API's own complaints."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from insights_assets.sandbox.action_rows import WINDOWS
from insights_assets.sandbox.entities import split_fields
from insights_assets.sandbox.errors import GraphError, bad_parameter, no_field
from insights_assets.sandbox.fatigue_labels import FATIGUE_FIELDS, serving
from insights_assets.sandbox.filters import Entity, owner, predicate, read_conditions, visible
from insights_assets.sandbox.insight_fields import FIELDS
from insights_assets.sandbox.insights import LEVELS, Question
from insights_assets.sandbox.objects import Ad, AdSet, Campaign
from insights_assets.sandbox.paging import read_json
from insights_assets.sandbox.world import AccountWorld

MAX_INCREMENT: Final = 90
MONTHS_KEPT: Final = 37
DEFAULT_DAYS: Final = 30
REMOVED_WINDOWS: Final = frozenset({"7d_view", "28d_view"})


@dataclass(frozen=True)
class Asked:
    """A parsed insights request."""

    question: Question
    fields: tuple[str, ...]


def ask(made: AccountWorld, scope: Entity | None, params: Mapping[str, str], today: int) -> Asked:
    """Parses an insights request.

    Args:
        made: The account.
        scope: The entity whose insights are asked; None for the whole account.
        params: Request parameters.
        today: Today's day number in the account's zone.
    """
    default = {Campaign: "campaign", AdSet: "adset", Ad: "ad"}.get(type(scope), "account")
    level = params.get("level") or default
    if level not in LEVELS or LEVELS.index(level) < LEVELS.index(default):
        raise bad_parameter(f"level must be one of the following values: {', '.join(LEVELS)}")
    fields = tuple(name for name, _ in split_fields(params.get("fields", "")))
    for name in fields:
        if name not in FIELDS:
            raise no_field(name, "AdsInsights")
    if not FATIGUE_FIELDS.isdisjoint(fields) and serving(made) == "refused":
        raise bad_parameter("The fields creative_fatigue_summary and creative_fatigued_ads are not available")
    since, until = _range(made, params, today)
    _breakdowns(params)
    conditions = read_conditions(params)
    filtered = predicate(made, conditions, level, today)
    shows = visible(conditions, level, today)

    def keep(ad: Ad) -> bool:
        return (scope is None or owner(ad, default) is scope) and filtered(ad)

    # Who asks for an entity by its own id sees it whatever its status.
    def show(entity: Entity) -> bool:
        return entity is scope or shows(entity)

    return Asked(Question(level, since, until, _increment(params), _windows(params), keep, show), fields)


def _range(made: AccountWorld, params: Mapping[str, str], today: int) -> tuple[int, int]:
    raw = read_json(params, "time_range")
    if raw is None:
        return today - DEFAULT_DAYS, today - 1
    try:
        since, until = date.fromisoformat(raw["since"]), date.fromisoformat(raw["until"])
    except (TypeError, KeyError, ValueError):
        raise bad_parameter("time_range must be {'since':YYYY-MM-DD,'until':YYYY-MM-DD}") from None
    if since > until:
        raise bad_parameter("time_range: since must not be after until")
    if since < oldest_start(made.date_of(today)):
        message = "(#3018) The start date of the time range cannot be beyond 37 months from the current date"
        raise GraphError(message, 3018)
    return made.day_of(since), made.day_of(until)


def oldest_start(today: date, kept: int = MONTHS_KEPT) -> date:
    """The earliest day that a range may begin on, in the account's zone."""
    months = today.year * 12 + today.month - 1 - kept
    first = date(months // 12, months % 12 + 1, 1)
    # The day after the last of a short month stands in for a day it does not have.
    return first + timedelta(days=today.day - 1)


def _increment(params: Mapping[str, str]) -> int:
    text = params.get("time_increment") or "all_days"
    if text == "all_days":
        return 0
    if not text.isdigit() or not 1 <= int(text) <= MAX_INCREMENT:
        raise bad_parameter(f"time_increment must be all_days or a number from 1 to {MAX_INCREMENT}")
    return int(text)


def _windows(params: Mapping[str, str]) -> tuple[str, ...]:
    raw = read_json(params, "action_attribution_windows") or []
    if not isinstance(raw, list) or not set(raw) <= set(WINDOWS) | {"default"} | REMOVED_WINDOWS:
        raise bad_parameter(f"action_attribution_windows must be some of {', '.join(WINDOWS)}")
    # The removed view windows are still accepted and have held nothing since January 2026.
    return tuple(name for name in raw if name in WINDOWS)


def _breakdowns(params: Mapping[str, str]) -> None:
    if (read_json(params, "action_breakdowns") or ["action_type"]) != ["action_type"]:
        raise bad_parameter("The sandbox knows the action breakdown action_type only")
    if params.get("breakdowns") and read_json(params, "breakdowns"):
        raise bad_parameter("The sandbox knows no breakdowns")
