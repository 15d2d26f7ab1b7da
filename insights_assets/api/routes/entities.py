"""Routes of campaigns, ad sets and ads (`entities.py`)."""

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from insights_assets.api.access import Caller, allowed
from insights_assets.api.answers import encode, with_rows
from insights_assets.api.documents import answer, page_of, thing
from insights_assets.api.entities import FIGURES, RESULTS, Facts, detail, of_week
from insights_assets.api.freshness import freshness
from insights_assets.api.live import first_answer
from insights_assets.api.paging import Rules, cut, matching
from insights_assets.api.parameters import NAME_CONTAINS, AccountId, EntityId, Paging, Period, list_parameters
from insights_assets.api.problems import not_found
from insights_assets.api.reading import look_at
from insights_assets.api.served_views import (
    ADVICE,
    BURNOUT,
    ENTITIES,
    FINDINGS,
    RESULTS_BY_WEEK,
    TIERS,
    WEEKS,
)
from insights_assets.partitions import monday

router = APIRouter(tags=["entities"])
Reader = Annotated[Caller, Depends(allowed("analytics:read"))]
SHOWN: Final = (*FIGURES, "ctr", "link_ctr", "cpm", "cpc", "is_complete", "is_settled", *RESULTS)
SORTS: Final = ("name", "spend", "impressions", "clicks", "ctr", "cpm", "cpc", "results", "cpr", "frequency")
PATHS: Final = {"campaign": "campaigns", "adset": "adsets", "ad": "ads"}
FILTERS: Final[dict[str, dict[str, Any]]] = {
    "campaign": {"objective": str},
    "adset": {"campaign_id": str, "optimization_goal": str},
    "ad": {"campaign_id": str, "adset_id": str, "creative_id": str},
}
MEMBERS: Final = ("entity", "since", "until", "figures", "peers", "classification", "recommendations", "anomalies")


def _list(level: str) -> None:
    view, path = ENTITIES[level], PATHS[level]
    filters = {"status": str, "effective_status": str, **FILTERS[level]}
    key = (f"{level}_id",)
    rules = Rules(key, (*SORTS, *key), "-spend", (*view.columns, *SHOWN), time=None)
    parameters: Any = list_parameters(
        path.capitalize(),
        filters,
        rules.sorts,
        rules.usual,
        None,
        week=(date | None, Field(None, description="A day of the week to show; the newest week when not given")),
        name_contains=NAME_CONTAINS,
    )

    async def read(request: Request, account_id: AccountId, caller: Reader, given: Any) -> Response:
        asked: Paging = given
        wanted = ((view, None), (WEEKS, level), (RESULTS_BY_WEEK, None))
        look = await look_at(request, caller, account_id, *wanted)
        if not look.has(view, None):
            return await first_answer(request, caller, look, level)
        entities, weekly, results = await look.frames(*wanted)
        ask = asked.ask(
            equal={column: getattr(asked, column) for column in filters},
            contains={"name": given.name_contains},
        )

        def body() -> bytes:
            week = monday(given.week) if given.week else _week(entities, asked)
            rows = of_week(entities, weekly, results, level, week)
            page = cut(matching(rows, ask, rules), ask, rules)
            fresh = freshness(page.whole, look.ends) | {"newest_week": week}
            return with_rows("items", page.rows, {**page.told(), "source": "lake", "freshness": fresh})

        sent: Response = request.app.state.answers.send(request, caller, look.mark, body)
        return sent

    read.__annotations__["given"] = Annotated[parameters, Query()]
    schema, example = page_of(
        {"type": "object", "description": f"Columns of the view {path}, then the figures of the week"},
        {
            "account_id": "act_1001",
            "week": "2026-11-09",
            f"{level}_id": "1",
            "name": "Autumn",
            "spend": 12.5,
            "cpr": 2.5,
        },
    )
    router.add_api_route(
        f"/accounts/{{account_id}}/{path}",
        read,
        methods=["GET"],
        operation_id=f"list_{path}",
        summary=f"The {path} of a week, with the figures of that week",
        description="Of an account that was never read, a few of them at once from the API (`source` is "
        "`live_limited`, without totals), and a full sync is started.",
        responses=answer("A page", schema, example, 404, 422),
        response_class=Response,
    )


def _week(entities: Any, asked: Paging) -> date:
    """The newest week of the account, within `until` where that is given."""
    weeks = entities["week"]
    if asked.until is not None:
        weeks = weeks.filter(weeks <= asked.until)
    newest: date = weeks.max() or entities["week"].max()
    return newest


def _detail(level: str) -> None:
    path = PATHS[level]

    async def read(
        request: Request,
        account_id: AccountId,
        entity_id: EntityId,
        caller: Reader,
        given: Annotated[Period, Query()],
    ) -> Response:
        wanted: list[Any] = [
            (ENTITIES[level], None),
            (WEEKS, level),
            (RESULTS_BY_WEEK, None),
            (TIERS, level),
            (ADVICE, level),
            (FINDINGS, level),
        ]
        wanted += [(BURNOUT, None)] if level == "ad" else []
        look = await look_at(request, caller, account_id, *wanted)
        facts = Facts(*await look.frames(*wanted))

        def body() -> bytes:
            made = detail(facts, level, entity_id, given.since, given.until)
            if made is None:
                raise not_found(f"{level} {entity_id}")
            return encode({**made, "freshness": freshness(facts.weekly.tail(0), look.ends)})

        sent: Response = request.app.state.answers.send(request, caller, look.mark, body)
        return sent

    example = {
        "entity": {f"{level}_id": "120210000000010001", "name": "Autumn", "status": "ACTIVE"},
        "figures": {"spend": 120.5, "families": [{"result_family": "purchase", "results": 10.0, "cpr": 12.05}]},
        "peers": {"count": 4, "rank_by_cpr": 2, "ranked": 5, "cpr": 14.1, "share_of_spend_pct": 21.0},
        "since": "2026-10-19",
        "until": "2026-11-09",
    }
    router.add_api_route(
        f"/accounts/{{account_id}}/{path}/{{entity_id}}",
        read,
        methods=["GET"],
        operation_id=f"get_{level}",
        summary=f"One {level}: as it stands, its figures, its peers, and what is said of it",
        responses=answer(f"The {level}", thing(f"One {level}", MEMBERS), example, 404, 422),
        response_class=Response,
    )


for _level in PATHS:
    _list(_level)
    _detail(_level)
