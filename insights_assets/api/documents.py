"""What OpenAPI says of the answers: schemas from the views' own column documentation, and an example of each.

Responses are written as bytes and never validated (that would cost more than reading them); tests hold them to this.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

from insights_assets.api.problems import MEDIA_TYPE, SCHEMA
from insights_assets.api.served_views import View

_FRESHNESS: Final[dict[str, Any]] = {
    "type": "object",
    "description": "How far to trust the rows of this answer",
    "properties": {
        "last_sync": {"type": ["string", "null"], "format": "date-time", "description": "Newest step that succeeded"},
        "last_failure": {"type": ["string", "null"], "format": "date-time", "description": "Newest step that failed"},
        "newest_week": {"type": ["string", "null"], "format": "date", "description": "Newest week in the answer"},
        "is_partial": {"type": ["boolean", "null"], "description": "Some week in the answer was still running"},
        "is_settled": {"type": ["boolean", "null"], "description": "Nothing in the answer can still be restated"},
    },
}
_EXAMPLES: Final[Mapping[str, Any]] = {
    "account_id": "act_1001",
    "week": "2026-11-09",
    "date": "2026-11-12",
    "level": "campaign",
    "entity_id": "120210000000010001",
    "currency": "EUR",
    "result_family": "purchase",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Documentation of the errors of a route."""
    told = {
        401: "No good key or token",
        403: "The role may not do this",
        404: "Not there, or not in the key's scope",
        409: "It is at work already",
        422: "A parameter is wrong",
        429: "Too many requests; Retry-After says when",
        503: "Not possible just now",
    }
    content = {MEDIA_TYPE: {"schema": SCHEMA}}
    return {s: {"description": told[s], "content": content} for s in sorted({401, 403, 429, *statuses})}


def answer(description: str, schema: Mapping[str, Any], example: Any, *others: int) -> dict[int | str, dict[str, Any]]:
    """Documentation of a route that answers 200 with JSON, or 304."""
    content = {"application/json": {"schema": schema, "example": example}}
    headers = {"ETag": {"schema": {"type": "string"}, "description": "Send it back as If-None-Match"}}
    return {
        200: {"description": description, "content": content, "headers": headers},
        304: {"description": "What was sent before still holds (If-None-Match)"},
        **problems(*others),
    }


def listed(view: View) -> tuple[dict[str, Any], dict[str, Any]]:
    """Schema and example of a page of a view's rows."""
    columns = {
        name: {**_type(view.types[name]), "description": _described(unit, meaning)}
        for name, unit, meaning in view.documentation
    }
    item = {"type": "object", "properties": columns}
    example = {name: _example(name, view.types[name]) for name in view.columns}
    return page_of(item, example)


def page_of(item: Mapping[str, Any], example: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Schema and example of a page of items."""
    count = {"type": "integer"}
    schema = {
        "type": "object",
        "required": ["items", "page", "size", "total", "pages"],
        "properties": {
            "items": {"type": "array", "items": item},
            "page": count,
            "size": count,
            "total": {**count, "description": "Rows on all pages"},
            "pages": count,
            "freshness": _FRESHNESS,
        },
    }
    fresh: dict[str, Any] = {"last_sync": "2026-11-16T05:12:09Z", "last_failure": None, "newest_week": "2026-11-09"}
    fresh |= {"is_partial": False, "is_settled": False}
    return schema, {"items": [example], "page": 1, "size": 50, "total": 1, "pages": 1, "freshness": fresh}


def thing(description: str, members: Sequence[str]) -> dict[str, Any]:
    """Schema of an object with these members."""
    return {"type": "object", "description": description, "required": list(members)}


def _described(unit: str, meaning: str) -> str:
    return meaning if unit.isupper() or "(" in unit else f"{meaning} [{unit}]"


def _type(kind: pl.DataType) -> dict[str, Any]:
    if isinstance(kind, (pl.List, pl.Struct)):
        return {"type": ["array", "object", "null"]}
    name, form = {
        pl.Int64: ("integer", None),
        pl.Float64: ("number", None),
        pl.Boolean: ("boolean", None),
        pl.Date: ("string", "date"),
        pl.Datetime: ("string", "date-time"),
    }.get(kind.base_type(), ("string", None))
    return {"type": [name, "null"]} | ({"format": form} if form else {})


def _example(name: str, kind: pl.DataType) -> Any:
    if name in _EXAMPLES:
        return _EXAMPLES[name]
    if isinstance(kind, pl.List):
        return []
    values: dict[Any, Any] = {
        pl.Int64: 12,
        pl.Float64: 12.5,
        pl.Boolean: True,
        pl.Date: "2026-11-09",
        pl.Datetime: "2026-11-16T05:12:09+00:00",
    }
    return values.get(kind.base_type(), "120210000000010001" if name.endswith("_id") else "text")
