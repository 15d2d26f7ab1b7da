"""Routes over all accounts that a caller may see: the overview, the accounts, one account (`fleet.py`)."""

from datetime import date
from typing import Annotated, Any, Final

import polars as pl
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from insights_assets.api import fleet
from insights_assets.api.access import Caller, allowed
from insights_assets.api.answers import encode, with_rows
from insights_assets.api.documents import answer, page_of, thing
from insights_assets.api.figures import ADDITIVE, RATIOS, total
from insights_assets.api.fleet import TopBy
from insights_assets.api.freshness import freshness
from insights_assets.api.paging import Rules, cut, last_day, matching, period
from insights_assets.api.parameters import NAME_CONTAINS, AccountId, Period, list_parameters
from insights_assets.api.reading import look_at
from insights_assets.api.served_views import ALERT_LIST, ENTITIES, REGISTRY, RESULTS_BY_WEEK, WEEKS, read_files
from insights_assets.api.shelf import Shelf
from insights_assets.api.snapshots import Snapshot
from insights_assets.partitions import monday

router = APIRouter(tags=["overview"])
Reader = Annotated[Caller, Depends(allowed("analytics:read"))]
MEMBERS: Final = ("since", "until", "accounts", "totals", "top_campaigns", "sync", "alerts", "freshness")
EXAMPLE: Final = {
    "since": "2026-10-19",
    "until": "2026-11-09",
    "accounts": {"registered": 174, "with_delivery": 171},
    "totals": [
        {"currency": "EUR", "spend": 48210.2, "ctr": 1.31, "families": [{"result_family": "purchase", "cpr": 9.8}]}
    ],
    "top_campaigns": [{"account_id": "act_1001", "campaign_id": "1", "name": "Autumn", "spend": 812.0, "cpr": 8.1}],
    "sync": {"last_sync": "2026-11-16T05:12:09Z", "failing_accounts": 1},
    "alerts": {"open": 3, "by_severity": {"critical": 1, "high": 2, "medium": 0, "low": 0}, "newest": []},
    "freshness": {"is_partial": False, "is_settled": False},
}
FIGURES: Final = (*ADDITIVE, *RATIOS, "result_family", "family_spend", "results", "result_value", "cpr", "roas")
SHOWN: Final = (*FIGURES, "newest_week", "last_sync", "last_failure", "open_alerts")
FILTERS: Final[dict[str, Any]] = {"status": str, "currency": str, "business_id": str}
MOST_TOP: Final = 50
RULES: Final = Rules(
    ("account_id",),
    ("name", "account_id", *FIGURES, "last_sync", "open_alerts"),
    "name",
    (*REGISTRY.columns, *SHOWN),
    None,
)
AccountsParameters: Any = list_parameters(
    "Accounts", FILTERS, RULES.sorts, RULES.usual, None, name_contains=NAME_CONTAINS
)


class OverviewParameters(Period):
    """Weeks (the newest 4 when no period is given), a currency, and how the top campaigns are chosen."""

    currency: str | None = Field(None, pattern="^[A-Z]{3}$", description="Only accounts of this currency")
    top: int = Field(5, ge=1, le=MOST_TOP, description="Top campaigns of each currency")
    top_by: TopBy = Field("spend", description="cpr: the lowest, never one without results")


@router.get(
    "/overview",
    operation_id="get_overview",
    summary="All accounts at a glance: totals by currency, top campaigns, last sync, open alerts",
    responses=answer("The overview", thing("Sums by currency; ratios are ratios of sums", MEMBERS), EXAMPLE, 422),
    response_class=Response,
)
async def overview(request: Request, caller: Reader, given: Annotated[OverviewParameters, Query()]) -> Response:
    """Of a key with an account scope, totals are of those accounts alone."""
    period(None, given.since, given.until)
    shelf: Shelf = request.app.state.shelf
    rollup, alerts, registry = await shelf.rollup(), await shelf.whole(ALERT_LIST), await shelf.whole(REGISTRY)
    since, until = (monday(day) if day else None for day in (given.since, given.until))
    span = fleet.span(rollup, since, until)

    named = await shelf.snapshot(ENTITIES["campaign"].table(None))
    mark = f"{rollup.mark} {alerts.mark} {registry.mark} {named.version}"
    asked = (caller.scope, span, given.currency)

    def rows(of: fleet.Span) -> pl.DataFrame:
        found = caller.filter(rollup.between(of.since, of.until))
        return found.filter(pl.col("currency") == given.currency) if given.currency else found

    async def body() -> bytes:
        # The totals are the same however the top is chosen, and the top however much of it is shown.
        told = await shelf.thing(
            ("overview", *asked),
            mark,
            lambda: fleet.overview(
                rows(span), rows(span.before), caller.filter(rollup.syncs), caller.filter(alerts.rows)
            ),
        )
        best = await shelf.made(
            ("top", given.top_by, *asked),
            mark,
            lambda: _named(shelf, named, fleet.top_campaigns(rows(span), given.top_by, MOST_TOP)),
        )
        top = best.group_by("currency", maintain_order=True).head(given.top)
        registered = caller.filter(registry.rows).height
        period = {"since": span.since, "until": span.until}
        accounts = {"registered": registered, "with_delivery": told["with_delivery"]}
        return encode({**period, "accounts": accounts, **told["shown"], "top_campaigns": top.to_dicts()})

    sent: Response = await request.app.state.answers.send_later(request, caller, mark, body)
    return sent


def _named(shelf: Shelf, campaigns: Snapshot, best: pl.DataFrame) -> pl.DataFrame:
    """Campaigns with their newest names: of a few accounts, read at once."""
    files = tuple(path for name in best["account_id"].unique(maintain_order=True) for path in campaigns.of(name))
    rows = read_files(shelf.snapshots.lake, campaigns.table, files, columns={"week", "campaign_id", "name"})
    newest = rows.sort("week").unique("campaign_id", keep="last").select("campaign_id", "name")
    return best.join(newest, on="campaign_id", how="left", maintain_order="left")


_SCHEMA, _EXAMPLE = page_of(
    {"type": "object", "description": "Columns of the view accounts, then figures of the period (newest 4 weeks)"},
    {"account_id": "act_1001", "name": "Shop", "currency": "EUR", "spend": 812.0, "cpr": 8.1, "open_alerts": 1},
)


@router.get(
    "/accounts",
    operation_id="list_accounts",
    summary="The accounts, with their figures of a period, last sync and open alerts",
    responses=answer("A page", _SCHEMA, _EXAMPLE, 422),
    response_class=Response,
)
async def accounts(request: Request, caller: Reader, given: Annotated[AccountsParameters, Query()]) -> Response:
    """Costs are in each account's currency: an order by them is of use within one (`currency=EUR`)."""
    period(None, given.since, given.until)
    shelf: Shelf = request.app.state.shelf
    rollup, alerts, registry = await shelf.rollup(), await shelf.whole(ALERT_LIST), await shelf.whole(REGISTRY)
    since, until = (monday(day) if day else None for day in (given.since, given.until))
    span = fleet.span(rollup, since, until)
    equal = {name: getattr(given, name) for name in FILTERS}
    ask = given.ask(equal=equal, contains={"name": given.name_contains})

    mark = f"{rollup.mark} {alerts.mark} {registry.mark}"

    async def body() -> bytes:
        facts = rollup.between(span.since, span.until)
        rows = await shelf.made(
            ("accounts", span), mark, lambda: fleet.account_rows(registry.rows, facts, rollup.syncs, alerts.rows)
        )
        page = cut(matching(caller.filter(rows), ask, RULES), ask, RULES)
        return with_rows("items", page.rows, {**page.told(), "since": span.since, "until": span.until})

    sent: Response = await request.app.state.answers.send_later(request, caller, mark, body)
    return sent


@router.get(
    "/accounts/{account_id}",
    operation_id="get_account",
    summary="One account, with its figures of a period",
    responses=answer(
        "The account", thing("The account", ("account", "figures")), {"account": {}, "figures": {}}, 404, 422
    ),
    response_class=Response,
)
async def account(
    request: Request, account_id: AccountId, caller: Reader, given: Annotated[Period, Query()]
) -> Response:
    """The newest 4 weeks when no period is given."""
    wanted = ((WEEKS, "campaign"), (RESULTS_BY_WEEK, None))
    look = await look_at(request, caller, account_id, *wanted)
    weekly, results = await look.frames(*wanted)
    row = await look.account()

    def body() -> bytes:
        newest: date | None = weekly.select(pl.col("week").max()).item()
        until = last_day(given.since, given.until, newest) if newest else given.until
        since = given.since or (until - (fleet.USUAL_WEEKS - 1) * fleet.WEEK if until else None)
        within = period("week", since, until)
        rows = weekly.filter(*within)
        figures = total(rows, results.filter(pl.col("level") == "campaign", *within))
        told = {"since": since, "until": until, "newest_week": newest, "first_week": weekly["week"].min()}
        return encode({"account": row, **told, "figures": figures, "freshness": freshness(rows, look.ends)})

    sent: Response = request.app.state.answers.send(request, caller, look.mark, body)
    return sent
