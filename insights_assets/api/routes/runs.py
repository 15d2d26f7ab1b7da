"""Routes of runs: what they are, and their progress as server-sent events.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from insights_assets.api.access import Caller, allowed
from insights_assets.api.answers import NOT_STORED, encode, plain
from insights_assets.api.documents import answer, problems, thing
from insights_assets.api.parameters import Strict
from insights_assets.api.problems import ProblemError, not_found
from insights_assets.api.runs import ENDED, Runs

router = APIRouter(tags=["operations"])
Reader = Annotated[Caller, Depends(allowed("analytics:read"))]
RunId = Annotated[
    str, Path(pattern=r"^[0-9a-f-]{36}$", description="Run", examples=["6f1f5f1e-9d0f-4a43-9d39-2f6a3f0c3b7a"])
]
POLL_S: Final = 1.0
LONGEST_STREAM_S: Final = 3600
HEARTBEAT: Final = 15  # polls
MOST_STREAMS: Final = 100
EXAMPLE: Final = {"run_id": "6f1f5f1e-9d0f-4a43-9d39-2f6a3f0c3b7a", "account_id": "act_1001", "status": "SUCCESS"}
SCHEMA: Final = thing("A run of the Dagster instance", ["run_id", "account_id", "status"])


class RunsParameters(Strict):
    """Which runs."""

    account_id: str | None = Field(None, pattern=r"^act_[0-9]{1,25}$", description="Only runs of this account")
    size: int = Field(50, ge=1, le=200, description="How many of the newest")


@router.get(
    "/runs",
    operation_id="list_runs",
    summary="The newest runs",
    responses=answer("Newest first", thing("Runs", ["items"]), {"items": [EXAMPLE]}, 422),
    response_class=Response,
)
async def newest(request: Request, caller: Reader, given: Annotated[RunsParameters, Query()]) -> Response:
    """A key with an account scope sees runs of its accounts alone, among the newest of all."""
    runs: Runs = request.app.state.runs
    found = await asyncio.to_thread(runs.newest, given.account_id, given.size)
    return plain({"items": [run for run in found if caller.sees(run["account_id"])]})


@router.get(
    "/runs/{run_id}",
    operation_id="get_run",
    summary="One run",
    responses=answer("The run", SCHEMA, EXAMPLE, 404, 422),
    response_class=Response,
)
async def one(request: Request, run_id: RunId, caller: Reader) -> Response:
    """Status is Dagster's, or STARTING until the run is in the instance."""
    return plain(await _find(request, caller, run_id))


@router.get(
    "/runs/{run_id}/events",
    operation_id="follow_run",
    summary="Progress of a run as server-sent events, until it ends",
    responses={
        200: {
            "description": "Events step_started, step_succeeded, step_failed, run_started, ...; the last is `ended`. "
            "An event's id can be sent back as Last-Event-ID to go on from there.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **problems(404, 422, 503),
    },
    response_class=Response,
)
async def follow(request: Request, run_id: RunId, caller: Reader) -> Response:
    """The stream of an ended run tells all of it and ends."""
    await _find(request, caller, run_id)
    state = request.app.state
    if state.streams >= MOST_STREAMS:
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE, "Too many streams are open; ask again later.", headers={"Retry-After": "30"}
        )
    events = _events(state, run_id, request.headers.get("last-event-id"))
    return StreamingResponse(events, media_type="text/event-stream", headers=NOT_STORED)


async def _find(request: Request, caller: Caller, run_id: str) -> dict[str, Any]:
    runs: Runs = request.app.state.runs
    found = await asyncio.to_thread(runs.find, run_id)
    if found is None or not caller.sees(found["account_id"]):
        raise not_found(f"run {run_id}")
    return found


async def _events(state: Any, run_id: str, cursor: str | None) -> AsyncIterator[bytes]:
    runs: Runs = state.runs
    state.streams += 1
    try:
        for poll in range(int(LONGEST_STREAM_S / POLL_S)):
            # The status first: what happened before the end is told before it.
            found = await asyncio.to_thread(runs.find, run_id) or {"status": "FAILURE"}
            told, cursor = await asyncio.to_thread(runs.events, run_id, cursor)
            for event in told:
                yield _event(event["event"], {"step": event["step"], "at": event["at"]}, cursor)
            if found["status"] in ENDED:
                if told:
                    continue
                yield _event("ended", found, cursor)
                return
            if poll % HEARTBEAT == 0:
                yield _event("status", {"status": found["status"]}, cursor)
            await state.sleep(POLL_S)
    finally:
        state.streams -= 1


def _event(name: str, data: dict[str, Any], cursor: str | None) -> bytes:
    # The id is Dagster's cursor: base64, one line.
    told = f"id: {cursor}\n" if cursor else ""
    return f"event: {name}\n{told}data: ".encode() + encode(data) + b"\n\n"
