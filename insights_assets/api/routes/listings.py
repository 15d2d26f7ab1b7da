"""Routes of the lists that are a view each (`listings.py`)."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from insights_assets.api.access import Caller, allowed
from insights_assets.api.answers import with_rows
from insights_assets.api.documents import answer, listed
from insights_assets.api.freshness import freshness
from insights_assets.api.listing import Listing
from insights_assets.api.listings import LISTINGS
from insights_assets.api.paging import cut, matching
from insights_assets.api.parameters import AccountId, Paging, list_parameters
from insights_assets.api.reading import look_at

router = APIRouter(tags=["analytics"])
Reader = Annotated[Caller, Depends(allowed("analytics:read"))]


def _add(listing: Listing) -> None:
    name = "".join(word.capitalize() for word in listing.path.replace("/", "-").split("-"))
    parameters = list_parameters(name, listing.filters, listing.rules.sorts, listing.usual, listing.levels)

    async def read(request: Request, account_id: AccountId, caller: Reader, given: Any) -> Response:
        asked: Paging = given
        level = getattr(asked, "level", None)
        look = await look_at(request, caller, account_id, (listing.view, level))
        rows = await look.frame(listing.view, level)
        ask = asked.ask(equal={column: getattr(asked, column) for column in listing.filters})

        def body() -> bytes:
            page = cut(matching(listing.of_level(rows, level), ask, listing.rules), ask, listing.rules)
            fresh = freshness(page.whole, look.ends, time=listing.time)
            return with_rows("items", page.rows, {**page.told(), "freshness": fresh})

        sent: Response = request.app.state.answers.send(request, caller, look.mark, body)
        return sent

    read.__annotations__["given"] = Annotated[parameters, Query()]
    schema, example = listed(listing.view)
    router.add_api_route(
        f"/accounts/{{account_id}}/{listing.path}",
        read,
        methods=["GET"],
        name=f"list {listing.path}",
        operation_id=f"list_{listing.path.replace('/', '_').replace('-', '_')}",
        summary=listing.summary,
        responses=answer(f"A page of the view {listing.view.name}", schema, example, 404, 422),
        response_class=Response,
    )


for _listing in LISTINGS:
    _add(_listing)
