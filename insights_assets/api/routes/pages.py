"""The documentation as a page: made from the OpenAPI document, with nothing fetched from elsewhere.

The stock pages load scripts from a public server, which a machine without internet, or with data to guard, must not.
"""

from functools import cache
from importlib import resources
from typing import Any

from fastapi import APIRouter, Request, Response
from jinja2 import Environment, select_autoescape

router = APIRouter()
METHODS = ("get", "post", "put", "delete")


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """The guide to all routes; needs no key, for it shows no data."""
    return Response(_page(request.app), media_type="text/html", headers=_HEADERS)


@router.get("/", include_in_schema=False)
async def root() -> Response:
    """The documentation is the way in."""
    return Response(status_code=307, headers={"Location": "/docs"})


_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"}


@cache
def _page(app: Any) -> str:
    text = resources.files("insights_assets").joinpath("api/templates/docs.html").read_text(encoding="utf-8")
    template = Environment(
        autoescape=select_autoescape(default=True), trim_blocks=True, lstrip_blocks=True
    ).from_string(text)
    document = app.openapi()
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                operation = methods[method]
                groups.setdefault(operation.get("tags", ["other"])[0], []).append(
                    {"method": method.upper(), "path": path, **operation}
                )
    return template.render(info=document["info"], groups=groups)
