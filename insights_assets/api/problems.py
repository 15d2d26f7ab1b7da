"""Errors as problem details (RFC 9457): one shape for whatever goes wrong.

Belongs here: the shape and the handlers. Does not belong here: what is an error of which route.
https://www.rfc-editor.org/rfc/rfc9457
"""

import logging
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from insights_assets.graph_api.redaction import redact
from insights_assets.problems import FailedError, InputError

MEDIA_TYPE = "application/problem+json"
logger = logging.getLogger(__name__)

SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "about:blank: the status says what kind of problem it is"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong and what to do, in a sentence"},
        "instance": {"type": "string", "description": "The path that was asked for"},
        "errors": {"type": "array", "items": {"type": "object"}, "description": "Parameters at fault (422)"},
        "run_id": {"type": "string", "description": "The run that is at work already (409)"},
    },
    "example": {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no account act_9 that this key may read.",
        "instance": "/accounts/act_9",
    },
}


class ProblemError(Exception):
    """Ends a request with a problem.

    Args:
        status: HTTP status.
        detail: one sentence for the user.
        headers: further headers (`Retry-After`, `WWW-Authenticate`).
        more: further members of the problem.
    """

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers, self.more = status, detail, dict(headers or {}), more


def not_found(what: str) -> ProblemError:
    """What is not there, or not for this caller: the two are never told apart."""
    return ProblemError(HTTPStatus.NOT_FOUND, f"There is no {what} that this key may read.")


def install(app: FastAPI) -> None:
    """Turn every error of the app into a problem."""

    @app.exception_handler(ProblemError)
    async def _problem(request: Request, error: ProblemError) -> Response:
        return problem(request, error.status, error.detail, headers=error.headers, **error.more)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return problem(request, error.status_code, str(error.detail), headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        # The value itself is not told back: it may be a secret that was put in the wrong place.
        places = [{"parameter": ".".join(str(p) for p in e["loc"][1:]), "message": e["msg"]} for e in error.errors()]
        detail = "; ".join(f"{p['parameter']}: {p['message']}" for p in places)
        return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail or "The request cannot be read.", errors=places)

    @app.exception_handler(InputError)
    async def _input(request: Request, error: InputError) -> Response:
        return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, redact(str(error)))

    @app.exception_handler(FailedError)
    async def _failed(request: Request, error: FailedError) -> Response:
        logger.warning("%s %s: %s", request.method, request.url.path, redact(str(error)))
        return problem(request, HTTPStatus.SERVICE_UNAVAILABLE, redact(str(error)), headers={"Retry-After": "5"})

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Response:
        name = secrets.token_hex(4)
        logger.error("%s %s failed (%s)", request.method, request.url.path, name, exc_info=error)
        return problem(
            request, HTTPStatus.INTERNAL_SERVER_ERROR, f"Something went wrong here; the log has it under {name}."
        )


def problem(
    request: Request, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """A response that is a problem."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "instance": request.url.path,
        **more,
    }
    return Response(to_json(body), status, {**(headers or {}), "Cache-Control": "no-store"}, MEDIA_TYPE)
