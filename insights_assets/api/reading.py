"""Reading for a request: the caller's scope first, then the account, then what is asked of it."""

from fastapi import Request

from insights_assets.api.access import Caller
from insights_assets.api.problems import not_found
from insights_assets.api.served_views import View
from insights_assets.api.shelf import Look, Shelf


async def look_at(request: Request, caller: Caller, account_id: str, *wanted: tuple[View, str | None]) -> Look:
    """Pin what a request reads of an account.

    Raises:
        ProblemError: 404 for an account that is not known, or not in the caller's scope: the two look the same.
    """
    caller.require(account_id)
    shelf: Shelf = request.app.state.shelf
    look = await shelf.look(account_id, *wanted)
    if await look.account() is None and not any(look.has(*each) for each in wanted):
        raise not_found(f"account {account_id}")
    return look
