"""Routes of return on ad spend over any days, and over all accounts (`roas.py`); weeks of one account are a list."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import polars as pl
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from insights_assets.analytics.currency import CurrencyError, Rates
from insights_assets.api.access import Caller, allowed
from insights_assets.api.answers import encode, with_rows
from insights_assets.api.documents import answer, listed, page_of, thing
from insights_assets.api.freshness import freshness
from insights_assets.api.paging import Rules, cut, matching
from insights_assets.api.parameters import AccountId, list_parameters, one_of, period_parameters
from insights_assets.api.problems import ProblemError
from insights_assets.api.reading import look_at
from insights_assets.api.roas import FIGURES, LEVELS, Days, blended, of_entities
from insights_assets.api.served_views import BLENDED_RETURNS, RETURNS_BY_DAY
from insights_assets.api.shelf import Shelf
from insights_assets.currency_settings import CurrencySettings, read_rates
from insights_assets.problems import InputError
from insights_assets.settings import Settings
from insights_assets.tables.revenue_daily import WINDOWS

logger = logging.getLogger(__name__)
router = APIRouter(tags=["roas"])
Reader = Annotated[Caller, Depends(allowed("analytics:read"))]
T = TypeVar("T")
ASKED: Final[dict[str, tuple[Any, Any]]] = {
    "window": one_of(
        WINDOWS, "Attribution window; default is each ad set's own. Windows are cuts of the same purchases", "default"
    ),
    "offline": (bool, Field(default=False, description="Count what was sold outside Meta, too")),
    "to": (
        str | None,
        Field(
            None,
            pattern="^[A-Z]{3}$",
            description="Currency to convert to, day by day; refused without rates in the setting `currency`",
        ),
    ),
}
RULES: Final = Rules(
    ("entity_id",), ("entity_id", *FIGURES[1:]), "-spend", ("account_id", "level", "entity_id", *FIGURES), time=None
)
WEEK_RULES: Final = Rules(
    ("week", "currency"),
    ("week", "currency", "accounts", "spend", "purchases", "revenue", "roas", "roas_with_offline", "cost_per_purchase"),
    "-week,-spend",
    tuple(BLENDED_RETURNS.columns),
)
_ITEM: Final = {"currency": "EUR", "spend": 120.5, "purchases": 8.0, "revenue": 289.2, "roas": 2.4}
_ENTITY: Final = {"account_id": "act_1001", "level": "campaign", "entity_id": "120210000000010001", **_ITEM}
_SCHEMA, _EXAMPLE = page_of({"type": "object", "description": "Sums over the days, and ratios of sums"}, _ENTITY)
RoasParameters: Any = list_parameters("Roas", {}, RULES.sorts, RULES.usual, tuple(LEVELS), **ASKED)
BlendedParameters: Any = period_parameters("Blended", **ASKED)
WeeksParameters: Any = list_parameters(
    "BlendedWeeks", {"currency": str, "is_settled": bool}, WEEK_RULES.sorts, WEEK_RULES.usual, None
)


@router.get(
    "/accounts/{account_id}/roas/period",
    operation_id="list_roas_of_period",
    summary="Return on ad spend and cost per purchase of any days: a row for each entity of a level",
    responses=answer("A page", _SCHEMA, {**_EXAMPLE, "since": "2026-11-09", "until": "2026-11-15"}, 404, 422, 503),
    response_class=Response,
)
async def of_account(
    request: Request, account_id: AccountId, caller: Reader, given: Annotated[RoasParameters, Query()]
) -> Response:
    """Revenue of unknown value is left out, and its spend from the ratio; without spend the ratio is null."""
    look = await look_at(request, caller, account_id, (RETURNS_BY_DAY, None))
    facts = await look.frame(RETURNS_BY_DAY)
    days, settings = _days(given), _currency(request)
    ask = given.ask()

    def make() -> bytes:
        rows, since, until = _refused(lambda: of_entities(facts, given.level, days, _rates(settings, days)))
        named = rows.with_columns(pl.lit(account_id).alias("account_id"), pl.lit(given.level).alias("level"))
        page = cut(named, ask, RULES)
        within = facts.filter(pl.col("date").is_between(since, until))
        told = {**page.told(), "since": since, "until": until, "freshness": freshness(within, look.ends)}
        return with_rows("items", page.rows, told)

    mark = f"{look.mark} {_state(settings, days)}"
    sent: Response = await request.app.state.answers.send_later(
        request, caller, mark, lambda: look.shelf.in_thread(make)
    )
    return sent


@router.get(
    "/roas",
    operation_id="list_blended_roas",
    summary="Blended return on ad spend of all accounts, by week and currency",
    responses=answer("A page of the view roas_blended", *listed(BLENDED_RETURNS), 422),
    response_class=Response,
)
async def weeks(request: Request, caller: Reader, given: Annotated[WeeksParameters, Query()]) -> Response:
    """Of a key with an account scope, of those accounts alone. Currencies are never added."""
    shelf: Shelf = request.app.state.shelf
    mark = await _mark(shelf, caller)
    ask = given.ask(equal={"currency": given.currency, "is_settled": given.is_settled})

    async def body() -> bytes:
        rows = await shelf.made(
            ("blended weeks", caller.scope),
            mark,
            lambda: BLENDED_RETURNS.over(shelf.snapshots.lake, caller.accounts),
        )
        page = cut(matching(rows, ask, WEEK_RULES), ask, WEEK_RULES)
        return with_rows("items", page.rows, page.told())

    sent: Response = await request.app.state.answers.send_later(request, caller, mark, body)
    return sent


@router.get(
    "/roas/period",
    operation_id="get_blended_roas",
    summary="Blended return on ad spend of all accounts over any days, by currency or converted to one",
    responses=answer(
        "A row a currency",
        thing("Sums, and ratios of sums", ("items", "since", "until")),
        {"items": [_ITEM], "since": "2026-11-09", "until": "2026-11-15"},
        422,
        503,
    ),
    response_class=Response,
)
async def over_accounts(request: Request, caller: Reader, given: Annotated[BlendedParameters, Query()]) -> Response:
    """Of a key with an account scope, of those accounts alone."""
    shelf: Shelf = request.app.state.shelf
    days, settings, lake = _days(given), _currency(request), shelf.snapshots.lake

    def make() -> bytes:
        rows, since, until = _refused(lambda: blended(lake, caller.accounts, days, _rates(settings, days)))
        return encode({"items": rows.to_dicts(), "since": since, "until": until, "window": given.window})

    mark = f"{await _mark(shelf, caller)} {_state(settings, days)}"
    sent: Response = await request.app.state.answers.send_later(request, caller, mark, lambda: shelf.in_thread(make))
    return sent


def _days(given: Any) -> Days:
    return Days(given.since, given.until, given.window, given.offline, given.to)


def _currency(request: Request) -> CurrencySettings:
    settings: Settings = request.app.state.settings
    return settings.currency


def _rates(settings: CurrencySettings, days: Days) -> Rates | None:
    """The rates, where an answer needs them.

    Raises:
        ProblemError: 503: their file is this server's to mend. Why, with its path and rows, is for the log alone.
    """
    if days.to is None:
        return None
    try:
        return read_rates(settings)
    except InputError as error:
        logger.warning("%s", error)
        told = "The file of rates cannot be used just now; the log of this server says why."
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, told) from error


def _state(settings: CurrencySettings, days: Days) -> str:
    """What an answer depends on beside the lake: the file of rates, where one is used."""
    if days.to is None or settings.rates is None or not Path(settings.rates).is_file():
        return ""
    found = Path(settings.rates).stat()
    return f"{settings.base} {found.st_mtime_ns} {found.st_size}"


async def _mark(shelf: Shelf, caller: Caller) -> str:
    """The state of the facts of all accounts in scope."""
    snapshot = await shelf.snapshot(RETURNS_BY_DAY.table(None))
    seen = caller.accounts
    return str(snapshot.version) if seen is None else " ".join(snapshot.mark(name) for name in sorted(seen))


def _refused(work: Callable[[], T]) -> T:
    """Amounts that cannot be brought into one currency are the caller's to mend."""
    try:
        return work()
    except CurrencyError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
