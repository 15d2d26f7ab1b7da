"""Routes of the sync: how each account's reading stands, and whether the server lives."""

from typing import Annotated, Any, Final

import polars as pl
from fastapi import APIRouter, Depends, Query, Request, Response

from insights_assets.api.access import Caller, allowed
from insights_assets.api.answers import plain, with_rows
from insights_assets.api.documents import answer, page_of
from insights_assets.api.fleet import syncs_told
from insights_assets.api.paging import Rules, cut, matching
from insights_assets.api.parameters import list_parameters
from insights_assets.api.served_views import REGISTRY
from insights_assets.api.shelf import Shelf

router = APIRouter(tags=["operations"])
Reader = Annotated[Caller, Depends(allowed("analytics:read"))]
SHOWN: Final = ("account_id", "name", "status", "last_sync", "last_failure", "is_failing")
RULES: Final = Rules(
    ("account_id",), ("account_id", "name", "last_sync", "last_failure"), "last_sync", SHOWN, time=None
)
Parameters: Any = list_parameters("SyncStatus", {"is_failing": bool}, RULES.sorts, RULES.usual, None)
_SCHEMA, _EXAMPLE = page_of(
    {"type": "object"},
    {
        "account_id": "act_1001",
        "name": "Shop",
        "status": "ACTIVE",
        "last_sync": "2026-11-16T05:12:09Z",
        "is_failing": False,
    },
)


@router.get(
    "/health", operation_id="get_health", summary="Whether the server lives; needs no key", response_class=Response
)
async def health() -> Response:
    """Nothing is read."""
    return plain({"status": "ok"})


@router.get(
    "/sync-status",
    operation_id="get_sync_status",
    summary="When each account was last read, and whose newest step failed; the longest unread first",
    responses=answer("A page", _SCHEMA, _EXAMPLE, 422),
    response_class=Response,
)
async def sync_status(request: Request, caller: Reader, given: Annotated[Parameters, Query()]) -> Response:
    """`/accounts/{account_id}/sync` has the single steps, `/runs` what is at work."""
    shelf: Shelf = request.app.state.shelf
    rollup, registry = await shelf.rollup(), await shelf.whole(REGISTRY)
    ask = given.ask(equal={"is_failing": given.is_failing})

    def body() -> bytes:
        syncs = caller.filter(rollup.syncs)
        rows = caller.filter(registry.rows).join(syncs, on="account_id", how="left")
        rows = rows.rename({"ok": "last_sync", "failed": "last_failure"}).with_columns(
            (
                pl.col("last_failure").is_not_null()
                & ~(pl.col("last_sync") >= pl.col("last_failure")).fill_null(value=False)
            ).alias("is_failing")
        )
        page = cut(matching(rows, ask, RULES), ask, RULES)
        return with_rows("items", page.rows, {**page.told(), "summary": syncs_told(syncs)})

    sent: Response = request.app.state.answers.send(request, caller, f"{rollup.mark} {registry.mark}", body)
    return sent
