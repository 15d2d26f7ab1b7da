"""Faults that tests plant in the server."""

import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.types import Receive, Scope, Send


@dataclass(frozen=True)
class Fault:
    """Spoils the first requests that match.

    Attributes:
        path_pattern: A regular expression searched in the path.
        times: How many matching requests it spoils.
        status: HTTP status of an "error" or "not_json" answer.
        body: JSON body of an "error" answer.
        headers: Extra headers; they replace the usual ones of the same name.
        kind: "error" answers with `body`; "disconnect" closes the connection before any answer; "truncate" closes it
            in the middle of one; "not_json" answers with a page that is not JSON.
        method: Only requests of this method; both when empty.
    """

    path_pattern: str
    times: int = 1
    status: int = 500
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: Literal["error", "disconnect", "truncate", "not_json"] = "error"
    method: str = ""


class FaultBox:
    """Counts down the faults of one server."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._faults = tuple(faults)
        self._left = [fault.times for fault in faults]
        self._lock = threading.Lock()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault to play for this request, if any; the first in order that still has times left."""
        with self._lock:
            for index, fault in enumerate(self._faults):
                matches = re.search(fault.path_pattern, path) and fault.method in {"", method}
                if matches and self._left[index] > 0:
                    self._left[index] -= 1
                    return fault
        return None


async def play(fault: Fault, headers: Mapping[str, str], scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a spoilt answer."""
    del scope
    more = True
    while more:
        message = await receive()
        more = message["type"] == "http.request" and message.get("more_body", False)
    if fault.kind == "disconnect":
        _abort(send)
        return
    body = b"<html><body>Sorry, something went wrong.</body></html>"
    kind, status = "text/html", fault.status
    if fault.kind != "not_json":
        body, kind = json.dumps(dict(fault.body)).encode(), "application/json; charset=UTF-8"
    if fault.kind == "truncate":
        body, status = b'{"data":[{"impressions":"12', 200
    length = len(body) + (1000 if fault.kind == "truncate" else 0)
    merged = {name.lower(): value for name, value in {**headers, **fault.headers}.items()}
    merged |= {"content-type": kind, "content-length": str(length)}
    raw = [(name.encode(), value.encode()) for name, value in merged.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    # A truncated answer promises more and returns; the server closes the connection on that.
    await send({"type": "http.response.body", "body": body, "more_body": fault.kind == "truncate"})


def _abort(send: Send) -> None:
    # ASGI has no word for closing a connection without an answer, so reach for the server's transport.
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("the sandbox closed the connection")
    transport.abort()
