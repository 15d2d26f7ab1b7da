"""Answers: bytes with an ETag; the same state asked the same thing by the same scope is answered from memory.

The ETag is of what was read (the marks of the files), the path, the query and the caller's scope, so a browser that has
it gets 304 until a commit changes one of these rows. https://www.rfc-editor.org/rfc/rfc9110#name-etag
"""

from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final

import polars as pl
from fastapi import Request, Response
from pydantic_core import to_json

from insights_assets.api.access import Caller
from insights_assets.api.shelf import Bounded

JSON: Final = "application/json"
# Another shape of the answers is another answer.
FORMAT: Final = "1"
# Private: a shared cache would not know scopes. Asked again each time, answered by 304 while nothing changed.
FRESH: Final = {"Cache-Control": "private, no-cache", "Vary": "Authorization, X-API-Key"}
NOT_STORED: Final = {"Cache-Control": "no-store"}
_BODY_OVERHEAD: Final = 200


class Answers:
    """Makes responses, and keeps the newest bodies up to a number of bytes."""

    def __init__(self, most_bytes: int) -> None:
        self.bodies = Bounded[bytes](most_bytes)

    def send(self, request: Request, caller: Caller, mark: str, body: Callable[[], bytes]) -> Response:
        """Answer a GET.

        Args:
            request: what was asked.
            caller: who asks.
            mark: the state of all that the body is made from.
            body: makes it; not called when it is at hand, here or there.
        """
        etag = self.etag(request, caller, mark)
        return self._at_hand(request, etag) or self._new(etag, body())

    async def send_later(
        self, request: Request, caller: Caller, mark: str, body: Callable[[], Awaitable[bytes]]
    ) -> Response:
        """Answer a GET with what takes a while to make."""
        etag = self.etag(request, caller, mark)
        return self._at_hand(request, etag) or self._new(etag, await body())

    def _at_hand(self, request: Request, etag: str) -> Response | None:
        if etag in _known(request):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={**FRESH, "ETag": etag})
        made = self.bodies.get(etag, "")
        return None if made is None else Response(made, headers={**FRESH, "ETag": etag}, media_type=JSON)

    def _new(self, etag: str, made: bytes) -> Response:
        self.bodies.put(etag, "", made, len(made) + _BODY_OVERHEAD)
        return Response(made, headers={**FRESH, "ETag": etag}, media_type=JSON)

    @staticmethod
    def etag(request: Request, caller: Caller, mark: str) -> str:
        """The name of an answer."""
        asked = (FORMAT, request.url.path, request.scope["query_string"].decode("latin-1"), caller.scope, mark)
        return f'"{sha256(chr(0).join(asked).encode()).hexdigest()[:32]}"'


def _known(request: Request) -> list[str]:
    given = request.headers.get("if-none-match")
    return [name.strip().removeprefix("W/") for name in given.split(",")] if given else []


def plain(content: Any, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> Response:
    """An answer that is not to be kept."""
    return Response(encode(content), status, {**NOT_STORED, **(headers or {})}, JSON)


def encode(content: Any) -> bytes:
    """Plain values as JSON; instants and dates in ISO form, what is not a number as null."""
    return to_json(content, inf_nan_mode="null")


def with_rows(name: str, rows: pl.DataFrame, more: Mapping[str, Any]) -> bytes:
    """An object with a list of rows, then further members; polars writes the rows, in a tenth of the time."""
    return b'{"%s":%s,%s' % (name.encode(), rows.write_json().encode(), encode(more)[1:])
