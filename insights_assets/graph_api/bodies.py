"""Telling a sound response body from an error and from a corrupt page.

API page: https://developers.facebook.com/docs/graph-api/results
"""

from typing import Any

import httpx

from insights_assets.graph_api.errors import GraphApiError, classify


def sound_body(response: httpx.Response) -> dict[str, Any] | GraphApiError:
    """The JSON object of a response, or the error it is. HTTP 200 alone proves nothing.

    Args:
        response: A complete response.

    Returns:
        The object, or an error that is not raised yet.
    """
    try:
        body = response.json()
    except ValueError:
        body = None
    if not response.is_success or (isinstance(body, dict) and "error" in body):
        return classify(response.status_code, body)
    problem = _corruption(body)
    if problem is None and isinstance(body, dict):
        return body
    return GraphApiError(
        f"the answer is corrupt: {problem}",
        error_type="data",
        http_status=response.status_code,
        action="retry",
        advice="Nothing to change: run it again later; if it stays, report it to Meta.",
    )


def _corruption(body: object) -> str | None:
    if not isinstance(body, dict):
        return "it is not a JSON object"
    data = body.get("data", [])
    if not isinstance(data, list):
        return "data is not an array"
    if not all(isinstance(row, dict) for row in data):
        return "data holds something that is not an object"
    if not isinstance(body.get("paging", {}), dict):
        return "paging is not an object"
    return None
