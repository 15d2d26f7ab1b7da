"""The route of timelines (`timelines.py`)."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from insights_assets.api.access import Caller, allowed
from insights_assets.api.answers import with_rows
from insights_assets.api.documents import answer
from insights_assets.api.freshness import freshness
from insights_assets.api.parameters import AccountId, EntityId, one_of, period_parameters
from insights_assets.api.problems import not_found
from insights_assets.api.reading import look_at
from insights_assets.api.served_views import DAYS, RESULTS_BY_DAY, RESULTS_BY_WEEK, WEEKS
from insights_assets.api.timelines import TIME, Series, timeline
from insights_assets.tables.columns import FAMILIES

router = APIRouter(tags=["analytics"])
Reader = Annotated[Caller, Depends(allowed("analytics:read"))]
SCHEMA = {
    "type": "object",
    "required": ["account_id", "level", "entity_id", "grain", "items", "totals", "since", "until", "freshness"],
    "properties": {
        "items": {
            "type": "array",
            "items": {"type": "object"},
            "description": "A row for each day or week with delivery; reach and frequency only where Meta served them",
        },
        "totals": {"type": "object", "description": "Sums, and ratios of sums; results by family"},
    },
}
EXAMPLE = {
    "items": [{"week": "2026-11-09", "spend": 120.5, "results": 10.0, "result_family": "purchase", "cpr": 12.05}],
    "account_id": "act_1001",
    "level": "campaign",
    "entity_id": "120210000000010001",
    "grain": "week",
    "since": "2026-11-09",
    "until": "2026-11-15",
    "totals": {"spend": 120.5, "families": [{"result_family": "purchase", "results": 10.0, "cpr": 12.05}]},
    "freshness": {"last_sync": "2026-11-16T05:12:09Z", "is_partial": False, "is_settled": False},
}
TimelineParameters: Any = period_parameters(
    "Timeline",
    grain=one_of(tuple(TIME), "A row a day or a week (Monday)", "day"),
    result_family=one_of(FAMILIES, "Family of the results; the primary one when not given"),
)


@router.get(
    "/accounts/{account_id}/timeline/{level}/{entity_id}",
    name="timeline",
    operation_id="get_timeline",
    summary="Timeline of an account, campaign, ad set or ad, by day or week",
    responses=answer("The timeline", SCHEMA, EXAMPLE, 404, 422),
    response_class=Response,
)
async def read(
    request: Request,
    account_id: AccountId,
    level: Annotated[Literal["account", "campaign", "adset", "ad"], Path(description="Level of the entity")],
    entity_id: EntityId,
    caller: Reader,
    given: Annotated[TimelineParameters, Query()],
) -> Response:
    """The newest 90 days or 26 weeks when no period is given. Of level `account` the entity is the account itself."""
    weekly = "campaign" if level == "account" else level
    facts, results = ((DAYS, None), RESULTS_BY_DAY) if given.grain == "day" else ((WEEKS, weekly), RESULTS_BY_WEEK)
    look = await look_at(request, caller, account_id, facts, (results, None))
    delivered, bought = await look.frames(facts, (results, None))
    if level == "account" and entity_id != account_id:
        raise not_found(f"account {entity_id} in {account_id}")
    series = Series(level, entity_id, given.grain, given.since, given.until, given.result_family)

    def body() -> bytes:
        made = timeline(delivered, bought, series)
        if made is None:
            raise not_found(f"delivery of {level} {entity_id}")
        rows = made.pop("rows")
        named = {"account_id": account_id, "level": level, "entity_id": entity_id, "grain": given.grain}
        fresh = freshness(rows, look.ends, time=TIME[given.grain])
        return with_rows("items", rows, {**named, **made, "freshness": fresh})

    sent: Response = request.app.state.answers.send(request, caller, look.mark, body)
    return sent
