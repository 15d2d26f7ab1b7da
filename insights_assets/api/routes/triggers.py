"""Routes that start runs by hand (`triggers.py`): they answer at once with the run's id."""

from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from insights_assets.api.access import Caller, allowed
from insights_assets.api.answers import plain
from insights_assets.api.documents import problems, thing
from insights_assets.api.parameters import AccountId, EntityLevel, Strict
from insights_assets.api.problems import ProblemError
from insights_assets.api.reading import look_at
from insights_assets.api.runs import BusyAccountError, TooManyRunsError
from insights_assets.api.starting import start
from insights_assets.api.triggers import TRIGGERS

router = APIRouter(tags=["operations"])
Manager = Annotated[Caller, Depends(allowed("operations:write"))]
RETRY_AFTER_S: Final = 30
ABOUT: Final = {
    "sync-now": "Read the last days of the account again, and compute what follows for it",
    "refresh": "Read all weeks that can still change again, and compute what follows for the account",
    "classify": "Classify the entities of a level anew",
    "detect": "Look for anomalies of a level anew",
    "generate-recommendations": "Give advice on the entities of a level anew",
    "generate-forecasts": "Forecast the entities of a level anew",
}
EXAMPLE: Final = {"run_id": "6f1f5f1e-9d0f-4a43-9d39-2f6a3f0c3b7a", "account_id": "act_1001", "status": "STARTING"}


class Weeks(Strict):
    """Days whose weeks the run covers."""

    since: date | None = Field(None, description="First day; the trigger's own lookback when not given")
    until: date | None = Field(None, description="Last day; today when not given")


class LevelledWeeks(Weeks):
    """The same, and a level."""

    level: EntityLevel = Field("campaign", description="Level of the entities")


def _add(name: str) -> None:
    path, stage = TRIGGERS[name]
    parameters: Any = Weeks if stage is None else LevelledWeeks

    async def trigger(request: Request, account_id: AccountId, caller: Manager, given: Any) -> Response:
        look = await look_at(request, caller, account_id)
        level: EntityLevel = getattr(given, "level", "campaign")
        try:
            run_id = await start(request, caller, look, name, level=level, since=given.since, until=given.until)
        except BusyAccountError as busy:
            raise ProblemError(HTTPStatus.CONFLICT, str(busy), run_id=busy.run_id) from busy
        except TooManyRunsError as error:
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "As many runs as this server starts at once are at work; ask again later.",
                headers={"Retry-After": str(RETRY_AFTER_S)},
            ) from error
        told = {"run_id": run_id, "account_id": account_id, "status": "STARTING"}
        return plain(told, HTTPStatus.ACCEPTED, {"Location": f"/runs/{run_id}"})

    trigger.__annotations__["given"] = Annotated[parameters, Query()]
    accepted = {
        "description": "Started; Location is where to follow it",
        "content": {"application/json": {"schema": thing("The run", list(EXAMPLE)), "example": EXAMPLE}},
    }
    router.add_api_route(
        f"/accounts/{{account_id}}/{path}",
        trigger,
        methods=["POST"],
        operation_id=name.replace("-", "_"),
        summary=ABOUT[name],
        status_code=HTTPStatus.ACCEPTED,
        responses={202: accepted, **problems(404, 409, 422, 503)},
        response_class=Response,
    )


for _name in TRIGGERS:
    _add(_name)
