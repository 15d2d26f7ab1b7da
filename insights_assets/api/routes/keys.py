"""Routes of an admin: keys and the audit log."""

import asyncio
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response
from pydantic import Field

from insights_assets.api.access import Caller, allowed
from insights_assets.api.answers import plain
from insights_assets.api.documents import answer, page_of, problems, thing
from insights_assets.api.parameters import Strict
from insights_assets.api.problems import ProblemError, not_found

router = APIRouter(tags=["administration"])
Admin = Annotated[Caller, Depends(allowed("keys:write"))]
KeyId = Annotated[str, Path(pattern=r"^[0-9a-f]{8}$", description="Key", examples=["0a1b2c3d"])]
SHOWN: Final = ["key_id", "name", "role", "accounts", "created_at", "revoked_at", "requests_per_minute"]
EXAMPLE: Final = {"key_id": "0a1b2c3d", "name": "dashboard", "role": "viewer", "accounts": ["act_1001"]}
MOST_LINES: Final = 10_000


class NewKey(Strict):
    """A key to make."""

    name: str = Field(min_length=1, max_length=100, description="What it is for", examples=["dashboard"])
    role: Literal["viewer", "manager", "admin"] = Field("viewer", description="What it may do")
    accounts: list[Annotated[str, Field(pattern=r"^act_[0-9]{1,25}$")]] | None = Field(
        None, max_length=10_000, description="Accounts that it may see; all when not given"
    )
    requests_per_minute: int | None = Field(None, ge=1, le=1_000_000, description="Its own limit")


class AuditParameters(Strict):
    """Which page of the log."""

    page: int = Field(1, ge=1, le=MOST_LINES, description="Page, from 1")
    size: int = Field(50, ge=1, le=500, description="Lines on a page")


@router.get(
    "/keys",
    operation_id="list_keys",
    summary="API keys, revoked ones too; never their secrets",
    responses=answer("The keys", thing("Keys", ["items"]), {"items": [EXAMPLE]}),
    response_class=Response,
)
async def keys(request: Request, caller: Admin) -> Response:
    """An admin with an account scope sees the keys of no more than its accounts."""
    found = [key for key in request.app.state.keys.list() if _within(caller, key.accounts)]
    return plain({"items": [key.told() for key in found]})


@router.post(
    "/keys",
    operation_id="add_key",
    summary="Make an API key; its secret is in this answer and nowhere else",
    status_code=HTTPStatus.CREATED,
    responses={
        201: {
            "description": "The key and its secret",
            "content": {
                "application/json": {
                    "schema": thing("The key", [*SHOWN, "secret"]),
                    "example": {**EXAMPLE, "secret": "ik_0a1b2c3d_..."},
                }
            },
        },
        **problems(422),
    },
    response_class=Response,
)
async def add(request: Request, caller: Admin, given: Annotated[NewKey, Body()]) -> Response:
    """Nobody can give a scope that is wider than their own."""
    if not _within(caller, given.accounts):
        raise ProblemError(HTTPStatus.FORBIDDEN, "A key cannot see more accounts than the one that makes it.")
    state = request.app.state
    now = state.settings.now()
    key, secret = await asyncio.to_thread(
        state.keys.add, given.name, given.role, given.accounts, now, requests_per_minute=given.requests_per_minute
    )
    state.audit.write(
        now, caller.name, caller.role, "key added", account_id=None, key_id=key.key_id, given_role=key.role
    )
    return plain({**key.told(), "secret": secret}, HTTPStatus.CREATED)


@router.delete(
    "/keys/{key_id}",
    operation_id="revoke_key",
    summary="Revoke an API key, at once and for good",
    responses={
        200: {
            "description": "The key",
            "content": {"application/json": {"schema": thing("The key", SHOWN), "example": EXAMPLE}},
        },
        **problems(404, 422),
    },
    response_class=Response,
)
async def revoke(request: Request, key_id: KeyId, caller: Admin) -> Response:
    """A revoked key stays in the list."""
    state = request.app.state
    now = state.settings.now()
    found = next((key for key in state.keys.list() if key.key_id == key_id), None)
    if found is None or not _within(caller, found.accounts):
        raise not_found(f"key {key_id}")
    key = await asyncio.to_thread(state.keys.revoke, key_id, now)
    state.audit.write(now, caller.name, caller.role, "key revoked", account_id=None, key_id=key_id)
    return plain(key.told())


_LINE: Final = {"at": "2026-11-16T05:12:09+00:00", "actor": "key:0a1b2c3d", "role": "manager", "action": "sync-now"}
_SCHEMA, _EXAMPLE = page_of(thing("A line", [*_LINE, "account_id", "details"]), _LINE)


@router.get(
    "/audit",
    operation_id="list_audit",
    summary="Who changed, started or deleted what, newest first",
    responses=answer("A page of the log", _SCHEMA, _EXAMPLE, 422),
    response_class=Response,
)
async def audit(request: Request, caller: Admin, given: Annotated[AuditParameters, Query()]) -> Response:
    """An admin with an account scope sees the lines of its accounts."""
    lines = [x for x in await asyncio.to_thread(request.app.state.audit.newest) if caller.sees(x["account_id"])]
    first = (given.page - 1) * given.size
    shown: list[Any] = lines[first : first + given.size]
    pages = -(-len(lines) // given.size)
    return plain({"items": shown, "page": given.page, "size": given.size, "total": len(lines), "pages": pages})


def _within(caller: Caller, accounts: Any) -> bool:
    """Whether a scope is no wider than the caller's."""
    return caller.accounts is None or (accounts is not None and set(accounts) <= caller.accounts)
