"""The route of an admin that deletes weeks of an account for good."""

import asyncio
from datetime import date
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from insights_assets.api.access import Caller, allowed
from insights_assets.api.answers import plain
from insights_assets.api.documents import problems, thing
from insights_assets.api.parameters import AccountId, Strict
from insights_assets.api.problems import ProblemError
from insights_assets.api.reading import look_at
from insights_assets.graph_api.redaction import redact
from insights_assets.problems import USAGE

router = APIRouter(tags=["administration"])
Admin = Annotated[Caller, Depends(allowed("data:delete"))]
EXAMPLE: Final = {"account_id": "act_1001", "since": "2026-10-05", "until": "2026-10-11", "dry_run": False}


class Days(Strict):
    """Which weeks."""

    since: date = Field(description="First day; its whole week goes", examples=["2026-10-05"])
    until: date = Field(description="Last day; its whole week goes", examples=["2026-10-11"])
    dry_run: bool = Field(default=False, description="Tell what would go; delete nothing")


@router.delete(
    "/accounts/{account_id}/weeks",
    operation_id="delete_weeks",
    summary="Delete weeks of an account for good, with all that was made from them",
    responses={
        200: {
            "description": "What was deleted, or would be",
            "content": {"application/json": {"schema": thing("Deletion", [*EXAMPLE, "told"]), "example": EXAMPLE}},
        },
        **problems(404, 409, 422),
    },
    response_class=Response,
)
async def delete(request: Request, account_id: AccountId, caller: Admin, given: Annotated[Days, Query()]) -> Response:
    """The weeks stay empty until the deletion is lifted (`insights undelete`); the view deletions keeps who asked."""
    await look_at(request, caller, account_id)
    state = request.app.state
    asked = {"since": str(given.since), "until": str(given.until), "dry_run": given.dry_run}

    def write(outcome: str) -> None:
        state.audit.write(
            state.settings.now(), caller.name, caller.role, "delete", account_id=account_id, **asked, outcome=outcome
        )

    # Who asked is on the disk before anything goes, and how it ended after.
    write("asked")
    done = await asyncio.to_thread(state.erase, account_id, given.since, given.until, caller.name, given.dry_run)
    told = redact(done.told.strip())
    write("done" if done.code == 0 else "refused")
    if done.code:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if done.code == USAGE else HTTPStatus.CONFLICT
        lines = [line.removeprefix("Error: ") for line in told.splitlines() if line.strip()]
        raise ProblemError(status, lines[-1] if lines else "The deletion failed.")
    return plain({"account_id": account_id, **asked, "dry_run": given.dry_run, "told": told})
