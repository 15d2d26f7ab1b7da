"""What goes back over the wire: a whole answer, a spoilt one, or none."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from starlette.types import Receive, Send

JSON = "application/json; charset=UTF-8"
HTML = b"<html><body>Sorry, something went wrong.</body></html>"


@dataclass(frozen=True)
class Reply:
    """One answer.

    Attributes:
        body: What is sent.
        status: HTTP status.
        media: Content type.
        headers: Further headers.
        how: "whole"; "truncate" promises more than it sends; "reset" and "hang" send nothing and close, the second
            after `hang_s` seconds or when the client has gone.
        hang_s: Seconds of a "hang".
    """

    body: bytes = b""
    status: int = 200
    media: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    how: Literal["whole", "truncate", "reset", "hang"] = "whole"
    hang_s: float = 0.0

    def under(self, headers: Mapping[str, str]) -> "Reply":
        """With further headers; its own win."""
        own = {name.lower(): value for name, value in self.headers.items()}
        return replace(self, headers={**{name.lower(): value for name, value in headers.items()}, **own})


async def send_reply(reply: Reply, receive: Receive, send: Send) -> None:
    """Sends an answer."""
    if reply.how == "hang":
        await _wait_for_the_client_to_go(receive, reply.hang_s)
    if reply.how in {"reset", "hang"}:
        _abort(send)
        return
    cut = reply.how == "truncate"
    length = len(reply.body) + (1000 if cut else 0)
    headers = {**reply.headers, "content-type": reply.media, "content-length": str(length)}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    # A truncated answer promises more and returns; the server closes the connection on that.
    await send({"type": "http.response.body", "body": reply.body, "more_body": cut})


async def _wait_for_the_client_to_go(receive: Receive, longest_s: float) -> None:
    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    try:
        await asyncio.wait_for(gone(), longest_s)
    except TimeoutError:
        return


def _abort(send: Send) -> None:
    # ASGI has no word for closing a connection without an answer, so reach for the server's transport.
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("the sandbox closed the connection")
    transport.abort()
