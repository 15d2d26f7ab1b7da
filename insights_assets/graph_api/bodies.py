"""Telling a sound response body from an error and from a corrupt page.

API page: https://developers.facebook.com/docs/graph-api/results
"""

from typing import Any, Final

import httpx

from insights_assets.graph_api.errors import GraphApiError, classify

# Faults of the request itself: sending it again cannot help.
_OUR_FAULT: Final = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL)


def sound_body(response: httpx.Response, needs: str = "") -> dict[str, Any] | GraphApiError:
    """The JSON object of a response, or the error it is. HTTP 200 alone proves nothing.

    Args:
        response: A complete response.
        needs: A key that every sound answer has: an edge without ``data`` would look like an empty one.

    Returns:
        The object, or an error that is not raised yet.
    """
    try:
        body = response.json()
    except ValueError:
        body = None
    if not response.is_success or (isinstance(body, dict) and "error" in body):
        return classify(response.status_code, body)
    problem = _corruption(body, needs)
    if problem is None and isinstance(body, dict):
        return body
    return GraphApiError(
        f"the answer is corrupt: {problem}",
        error_type="data",
        http_status=response.status_code,
        action="retry",
        advice="Nothing to change: run it again later; if it stays, report it to Meta.",
    )


def unreachable(failure: Exception, base_url: str, attempted: str) -> GraphApiError:
    """The error of a request that got no complete response.

    Args:
        failure: What the HTTP library raised; its text may show a URL, which the error redacts.
        base_url: Scheme and host, for the advice.
        attempted: What was being done.
    """
    return GraphApiError(
        f"no usable answer from {base_url}: {str(failure) or type(failure).__name__}",
        error_type="network",
        action="stop" if isinstance(failure, _OUR_FAULT) else "retry",
        attempted=attempted,
        advice=f"Check that {base_url} is the right address and can be reached from here.",
    )


def _corruption(body: object, needs: str) -> str | None:
    if not isinstance(body, dict):
        return "it is not a JSON object"
    if needs and needs not in body:
        return f"it has no {needs}"
    data = body.get("data", [])
    if not isinstance(data, list):
        return "data is not an array"
    if not all(isinstance(row, dict) for row in data):
        return "data holds something that is not an object"
    if not isinstance(body.get("paging", {}), dict):
        return "paging is not an object"
    return None
