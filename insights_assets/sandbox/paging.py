"""Cursor paging as the Graph API does it."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from insights_assets.sandbox.errors import bad_parameter

DEFAULT_LIMIT = 25
MAX_LIMIT = 5000
CURSOR_MARK = "c:"


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Where a page begins, how long it is, and the URL it was asked with."""

    offset: int
    limit: int
    url: str
    params: Mapping[str, str]


def cursor(position: int) -> str:
    """An opaque cursor for the row at `position`."""
    return base64.urlsafe_b64encode(f"{CURSOR_MARK}{position}".encode()).decode().rstrip("=")


def position_of(text: str) -> int:
    """The row that a cursor stands for."""
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        if plain.startswith(CURSOR_MARK):
            return int(plain.removeprefix(CURSOR_MARK))
    except (ValueError, binascii.Error):
        pass
    raise bad_parameter("Invalid cursors values: cursor is invalid or expired")


def page_request(url: str, params: Mapping[str, str]) -> PageRequest:
    """Reads `limit` and `after`.

    Args:
        url: The URL of the request without its query.
        params: The query parameters, the access token only if it came as one.
    """
    try:
        limit = int(params.get("limit", DEFAULT_LIMIT))
    except ValueError:
        raise bad_parameter("Param limit must be an integer") from None
    if limit < 1:
        raise bad_parameter("Param limit must be greater than 0")
    offset = position_of(params["after"]) + 1 if params.get("after") else 0
    return PageRequest(offset, min(limit, MAX_LIMIT), url, params)


def paged(request: PageRequest, total: int, rows: Callable[[int, int], list[dict[str, Any]]]) -> dict[str, Any]:
    """One page as the API's object.

    Args:
        request: The page asked for.
        total: Length of the whole list.
        rows: Gives the rows from one position up to another.
    """
    end = min(request.offset + request.limit, total)
    if request.offset >= end:
        return {"data": []}
    return {"data": rows(request.offset, end), "paging": _paging(request, end, total)}


def paged_text(request: PageRequest, total: int, rows: Callable[[int, int], list[str]]) -> str:
    """Like `paged` for rows that are JSON text already; gives the text of the whole object."""
    end = min(request.offset + request.limit, total)
    if request.offset >= end:
        return '{"data":[]}'
    paging = json.dumps(_paging(request, end, total), separators=(",", ":"))
    return f'{{"data":[{",".join(rows(request.offset, end))}],"paging":{paging}}}'


def _paging(request: PageRequest, end: int, total: int) -> dict[str, Any]:
    paging: dict[str, Any] = {"cursors": {"before": cursor(request.offset), "after": cursor(end - 1)}}
    if end < total:
        paging["next"] = f"{request.url}?{urlencode({**request.params, 'after': cursor(end - 1)})}"
    return paging


def read_json(params: Mapping[str, str], name: str) -> Any:
    """A parameter that holds JSON; None when it is not given."""
    if not params.get(name):
        return None
    try:
        return json.loads(params[name])
    except ValueError:
        raise bad_parameter(f"Param {name} must be valid JSON") from None
