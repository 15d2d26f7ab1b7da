"""Rows of an account's edges, whatever a single row does to its page.

Meta answers 100/2446211 or 100/1443048 for a whole page of creatives when the story of one cannot be rendered.
API page: https://developers.facebook.com/docs/marketing-api/reference/ad-account
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from insights_assets.graph_api.creatives import DROPPED
from insights_assets.graph_api.errors import GraphApiError
from insights_assets.graph_api.paging import Row, iterate_pages
from insights_assets.graph_api.transport import Transport

logger = logging.getLogger(__name__)

_BROKEN: Final = frozenset({(100, 2446211), (100, 1443048)})
_STORY: Final = "object_story_spec"


def edge_rows(
    transport: Transport, path: str, fields: Sequence[str], *, filtering: str | None, page: int
) -> Iterator[Row]:
    """Every row of an edge, once.

    Args:
        transport: Where to ask.
        path: The edge, such as ``act_1/ads``.
        fields: Fields of a row.
        filtering: The ``filtering`` parameter, or None.
        page: Rows of a page.

    Yields:
        Raw rows in the API's order.

    Raises:
        GraphApiError: A page could not be read.
    """
    params = {"fields": ",".join(fields), "limit": str(page)}
    if filtering is not None:
        params["filtering"] = filtering
    fetch = _creative_page if path.endswith("/adcreatives") else _page
    pages = iterate_pages(partial(fetch, transport, path), params, host=transport.host)
    for rows in pages:
        yield from rows
    if pages.duplicates:
        logger.info("%s: %d rows came twice and were left out once", path, pages.duplicates)


def _page(transport: Transport, path: str, asked: Mapping[str, str]) -> Mapping[str, Any]:
    return transport.get(path, asked, needs="data", shrinkable=int(asked["limit"]) > 1)


def _creative_page(transport: Transport, path: str, asked: Mapping[str, str]) -> Mapping[str, Any]:
    """One page of creatives.

    A page with a broken creative is refused as too large, so that the caller halves it down to that creative alone:
    at the same place (24 calls for a page of 100), and the neighbours keep every field. Alone, it is read without
    its story and marked.
    """
    alone = int(asked["limit"]) <= 1
    try:
        return _page(transport, path, asked)
    except GraphApiError as error:
        if (error.code, error.subcode) not in _BROKEN:
            raise
        if not alone:
            error.shrink = True
            raise
        logger.warning("%s; reading that creative without its story", error)
    fields = [name for name in asked["fields"].split(",") if name != _STORY]
    page = transport.get(path, {**asked, "fields": ",".join(fields)}, needs="data")
    return {**page, "data": [{**row, DROPPED: [_STORY]} for row in page.get("data", [])]}
