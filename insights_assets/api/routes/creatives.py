"""Routes of creatives (`creatives.py`)."""

from typing import Annotated, Any, Final

import polars as pl
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from insights_assets.analytics.creative_figures import ADDITIVE, RATIOS
from insights_assets.api.access import Caller, allowed
from insights_assets.api.answers import encode, with_rows
from insights_assets.api.creatives import Choice, chosen, of_period, totals
from insights_assets.api.documents import answer, page_of, thing
from insights_assets.api.freshness import freshness
from insights_assets.api.listing import Filter
from insights_assets.api.paging import Rules, cut, matching
from insights_assets.api.parameters import NAME_CONTAINS, AccountId, list_parameters, one_of, period_parameters
from insights_assets.api.reading import look_at
from insights_assets.api.served_views import CREATIVE_DAYS, CREATIVES, LOOKS
from insights_assets.api.shelf import Look
from insights_assets.tables.creative_figures import CREATIVE_STATUSES as STATUSES
from insights_assets.tables.entities import CREATIVE_TYPES

router = APIRouter(tags=["creatives"])
Reader = Annotated[Caller, Depends(allowed("analytics:read"))]
FILTERS: Final[dict[str, Filter]] = {"creative_type": CREATIVE_TYPES, "status": STATUSES, "creative_id": str}
FIGURES: Final = (*ADDITIVE, *RATIOS)
SHOWN: Final = (
    "account_id",
    "creative_id",
    "creative_type",
    "status",
    "currency",
    "ads",
    *FIGURES,
    "result_family",
    *LOOKS,
)
RULES: Final = Rules(("creative_id",), ("creative_id", "name", "ads", *FIGURES), "-spend", SHOWN, time=None)
WANTED: Final = ((CREATIVE_DAYS, None), (CREATIVES, None))
_ITEM: Final = {"creative_id": "1202", "creative_type": "video", "spend": 120.5, "hook_rate": 28.1, "roas": 2.4}
_SCHEMA, _EXAMPLE = page_of(
    {
        "type": "object",
        "description": "Sums over the period and ratios of sums; rates in percent, of the video's plays",
    },
    _ITEM,
)
CreativesParameters: Any = list_parameters(
    "Creatives",
    FILTERS,
    RULES.sorts,
    RULES.usual,
    None,
    min_spend=(float | None, Field(None, ge=0, description="Only those that spent so much in the period")),
    name_contains=NAME_CONTAINS,
)
AggregateParameters: Any = period_parameters(
    "Aggregate",
    creative_type=one_of(CREATIVE_TYPES, "Only this type"),
    status=one_of(STATUSES, "Only days of this status"),
)


@router.get(
    "/accounts/{account_id}/creatives",
    operation_id="list_creatives",
    summary="Creatives of a period with exact figures, and totals over all that the filters leave",
    responses=answer(
        "A page, and `aggregates` of the whole filtered set", _SCHEMA, {**_EXAMPLE, "aggregates": [_ITEM]}, 404, 422
    ),
    response_class=Response,
)
async def creatives(
    request: Request, account_id: AccountId, caller: Reader, given: Annotated[CreativesParameters, Query()]
) -> Response:
    """Several creatives of an ad share nothing: each ad's day counts for the creative it showed."""
    look = await look_at(request, caller, account_id, *WANTED)
    days, about = await look.frames(*WANTED)
    choice = chosen(days, given.since, given.until, given.creative_type, given.status)
    ask = given.ask(equal={"creative_id": given.creative_id}, contains={"name": given.name_contains})

    async def body() -> bytes:
        rows = await _rows(look, days, about, choice)
        kept = matching(rows, ask, RULES)
        kept = kept if given.min_spend is None else kept.filter(pl.col("spend") >= given.min_spend)
        page = cut(kept, ask, RULES)
        filtered = (given.creative_id, given.name_contains, given.min_spend)
        key = ("creatives in all", account_id, choice, filtered)
        added = await look.shelf.thing(key, look.mark, lambda: totals(days, choice, kept["creative_id"]))
        told = {"since": choice.since, "until": choice.until, "aggregates": added}
        fresh = freshness(_within(days, choice), look.ends)
        return with_rows("items", page.rows, {**page.told(), **told, "freshness": fresh})

    sent: Response = await request.app.state.answers.send_later(request, caller, look.mark, body)
    return sent


@router.get(
    "/accounts/{account_id}/creatives/aggregates",
    operation_id="get_creative_aggregates",
    summary="Creatives of a period added up by type and status, and in total",
    responses=answer("Totals", thing("Totals", ["items", "totals"]), {"items": [_ITEM], "totals": [_ITEM]}, 404, 422),
    response_class=Response,
)
async def aggregates(
    request: Request, account_id: AccountId, caller: Reader, given: Annotated[AggregateParameters, Query()]
) -> Response:
    """Ratios are of sums; avg_ figures are plain averages over the creatives, for reference."""
    look = await look_at(request, caller, account_id, *WANTED)
    days, _ = await look.frames(*WANTED)
    choice = chosen(days, given.since, given.until, given.creative_type, given.status)

    def make() -> bytes:
        told = {
            "account_id": account_id,
            "since": choice.since,
            "until": choice.until,
            "items": choice.aggregate(days, ("creative_type", "status")).to_dicts(),
            "totals": choice.aggregate(days, ()).to_dicts(),
        }
        return encode({**told, "freshness": freshness(_within(days, choice), look.ends)})

    sent: Response = await request.app.state.answers.send_later(
        request, caller, look.mark, lambda: look.shelf.in_thread(make)
    )
    return sent


async def _rows(look: Look, days: pl.DataFrame, about: pl.DataFrame, choice: Choice) -> pl.DataFrame:
    """The rows of a choice; pages and orders of the same choice are cut from the same."""
    key = ("creatives of", look.account_id, choice)
    return await look.shelf.made(key, look.mark, lambda: of_period(days, about, choice))


def _within(days: pl.DataFrame, choice: Choice) -> pl.DataFrame:
    return days.filter(pl.col("date").is_between(choice.since, choice.until))
