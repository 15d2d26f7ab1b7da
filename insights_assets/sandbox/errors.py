"""The error bodies of the Graph API."""

from typing import Any
from zlib import crc32


class GraphError(Exception):
    """An answer with an `error` object.

    Args:
        message: What Meta says.
        code: Meta's error code.
        subcode: Meta's error subcode.
        kind: Meta's exception type.
        status: HTTP status.
        transient: `is_transient`; left out when None.
    """

    def __init__(
        self,
        message: str,
        code: int,
        *,
        subcode: int | None = None,
        kind: str = "OAuthException",
        status: int = 400,
        transient: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: dict[str, Any] = {"message": message, "type": kind, "code": code}
        if subcode is not None:
            self.error["error_subcode"] = subcode
        if transient is not None:
            self.error["is_transient"] = transient
        self.error["fbtrace_id"] = f"A{crc32(f'{code}:{message}'.encode()):08x}"

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object of the answer."""
        return {"error": self.error}


def bad_token() -> GraphError:
    """The token is missing or wrong."""
    return GraphError("Invalid OAuth access token - Cannot parse access token", 190)


def no_object(object_id: str, method: str = "get") -> GraphError:
    """There is no such object, or the token may not see it."""
    return GraphError(
        f"Unsupported {method} request. Object with ID '{object_id}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation",
        100,
        subcode=33,
        kind="GraphMethodException",
    )


def no_field(field: str, node: str) -> GraphError:
    """A field that the node type does not have."""
    return GraphError(f"(#100) Tried accessing nonexisting field ({field}) on node type ({node})", 100)


def bad_parameter(message: str) -> GraphError:
    """A parameter that does not parse or is not allowed."""
    return GraphError(f"(#100) {message}", 100)


def no_alias(object_id: str) -> GraphError:
    """One of several ids does not exist; the whole request fails."""
    return GraphError(f"(#803) Some of the aliases you requested do not exist: {object_id}", 803, status=404)


def too_many_ids(count: int, most: int) -> GraphError:
    """More ids than one request may name."""
    return GraphError(f"(#100) Too many IDs. Maximum: {most}. Provided: {count}.", 100)
