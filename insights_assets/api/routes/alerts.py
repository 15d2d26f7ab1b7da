"""Routes of alerts: the list, and what a person decides about one."""

import asyncio
from datetime import timedelta
from typing import Annotated, Any, Final

import polars as pl
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from insights_assets.api.access import Caller, allowed
from insights_assets.api.answers import plain, with_rows
from insights_assets.api.documents import answer, listed, problems, thing
from insights_assets.api.listing import Filter
from insights_assets.api.paging import Rules, cut, matching
from insights_assets.api.parameters import Strict, list_parameters
from insights_assets.api.problems import not_found
from insights_assets.api.served_views import ALERT_LIST
from insights_assets.api.shelf import Shelf
from insights_assets.automation.alerts import engine
from insights_assets.automation.alerts.life_cycle import acknowledge, snooze
from insights_assets.lake.store import Lake
from insights_assets.tables.alerts import ALERTS, KINDS, SEVERITIES, STATUSES

router = APIRouter(tags=["operations"])
Reader = Annotated[Caller, Depends(allowed("analytics:read"))]
Manager = Annotated[Caller, Depends(allowed("operations:write"))]
AlertId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", description="Alert", examples=["0123456789abcdef"])]
FILTERS: Final[dict[str, Filter]] = {"status": STATUSES, "kind": KINDS, "severity": SEVERITIES, "account_id": str}
RULES: Final = Rules(
    ("alert_id",),
    ("opened_at", "last_seen_at", "kind", "severity", "account_id", "alert_id"),
    "-opened_at",
    tuple(ALERT_LIST.columns),
    time="week",
)
Parameters: Any = list_parameters("Alerts", FILTERS, RULES.sorts, RULES.usual, None)
_SCHEMA, _EXAMPLE = listed(ALERT_LIST)
_ONE: Final = {"alert_id": "0123456789abcdef", "status": "acknowledged"}


class Snooze(Strict):
    """How long."""

    hours: float = Field(24, gt=0, le=24 * 366, description="Silent for so long")


@router.get(
    "/alerts",
    operation_id="list_alerts",
    summary="Alerts",
    responses=answer("A page of the view alerts", _SCHEMA, _EXAMPLE, 422),
    response_class=Response,
)
async def alerts(request: Request, caller: Reader, given: Annotated[Parameters, Query()]) -> Response:
    """Alerts about no account (the whole instance) are for keys that see all accounts."""
    shelf: Shelf = request.app.state.shelf
    whole = await shelf.whole(ALERT_LIST)
    ask = given.ask(equal={name: getattr(given, name) for name in FILTERS})

    def body() -> bytes:
        page = cut(matching(caller.filter(whole.rows), ask, RULES), ask, RULES)
        return with_rows("items", page.rows, page.told())

    sent: Response = request.app.state.answers.send(request, caller, whole.mark, body)
    return sent


@router.post(
    "/alerts/{alert_id}/ack",
    operation_id="acknowledge_alert",
    summary="Acknowledge an alert: silent until its cause is gone",
    responses={
        200: {
            "description": "The alert",
            "content": {"application/json": {"schema": thing("The alert", list(_ONE)), "example": _ONE}},
        },
        **problems(404, 422),
    },
    response_class=Response,
)
async def ack(request: Request, alert_id: AlertId, caller: Manager) -> Response:
    """`acknowledged_by` is the key or the token's subject."""
    now = request.app.state.settings.now()
    return await _change(request, caller, alert_id, "ack", lambda alert: acknowledge(alert, caller.name, now))


@router.post(
    "/alerts/{alert_id}/snooze",
    operation_id="snooze_alert",
    summary="Snooze an alert: told again when the time is over and its cause still there",
    responses={
        200: {
            "description": "The alert",
            "content": {"application/json": {"schema": thing("The alert", list(_ONE)), "example": _ONE}},
        },
        **problems(404, 422),
    },
    response_class=Response,
)
async def snooze_(request: Request, alert_id: AlertId, caller: Manager, given: Annotated[Snooze, Query()]) -> Response:
    """A day when no hours are given."""
    now = request.app.state.settings.now()
    until = now + timedelta(hours=given.hours)
    return await _change(request, caller, alert_id, "snooze", lambda alert: snooze(alert, until, now))


async def _change(request: Request, caller: Caller, alert_id: str, action: str, change: engine.Change) -> Response:
    state = request.app.state
    lake: Lake = state.shelf.snapshots.lake
    # Read anew: one that was opened a moment ago is there, and nobody changes what is out of scope.
    rows = await asyncio.to_thread(lambda: lake.read(ALERTS).filter(pl.col("alert_id") == alert_id))
    if rows.is_empty() or not caller.sees(rows["account_id"][0]):
        raise not_found(f"alert {alert_id}")
    changed = await asyncio.to_thread(engine.change_one, lake, alert_id, change)
    state.audit.write(
        state.settings.now(), caller.name, caller.role, action, account_id=changed.account_id, alert_id=alert_id
    )
    told = {name: getattr(changed, name) for name in ALERTS.schema}
    return plain(told)
