"""Where the videos that creatives show can be watched.

API pages: https://developers.facebook.com/docs/marketing-api/reference/ad-account/advideos/ and
https://developers.facebook.com/docs/graph-api/reference/video/
"""

import logging
import re
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from insights_assets.graph_api.edges import edge_rows
from insights_assets.graph_api.errors import GraphApiError
from insights_assets.graph_api.transport import Transport

logger = logging.getLogger(__name__)

FIELDS: Final = ("id", "source", "picture")
PAGE: Final = 100
# As many as one `?ids=` may name.
IDS: Final = 50
# A refused id fails its whole request. Halving finds one among 50 in 6; an account with many of them costs no more.
MAX_REFUSALS: Final = 8
# What is about some video rather than about the token, the app or the service.
_OF_A_VIDEO: Final = frozenset({"permission", "data", "unknown"})
_NUMBERS: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class VideoUrls:
    """Addresses of a video's file and of its thumbnail, signed for a time; None where the token may not read one."""

    source: str | None
    picture: str | None


def video_urls(transport: Transport, account_id: str, wanted: Collection[str]) -> dict[str, VideoUrls]:
    """Urls of videos: of the account's library, a request a hundred, then by id, a request fifty.

    Videos of asset feeds and of pages are not in the library, so those that it lacks are asked for by id. A video that
    is deleted or may not be read is left out, whatever else was asked for with it.

    Args:
        transport: Where to ask.
        account_id: The id with its prefix.
        wanted: Ids of the videos; nothing is asked when there are none.

    Returns:
        Urls by video id, of those that may be read. Nothing at all where the token may not read the library: pictures
        and figures do not need it.

    Raises:
        GraphApiError: A request failed for a reason that is not about videos, such as the token.
    """
    # Ids come from specs that others wrote, and a comma in one would ask for more.
    missing = {one for one in wanted if one.isascii() and one.isdigit()}
    found: dict[str, VideoUrls] = {}
    if not missing:
        return found
    try:
        for row in edge_rows(transport, f"{account_id}/advideos", FIELDS, filtering=None, page=PAGE):
            name = str(row.get("id"))
            if name in missing:
                found[name] = _urls(row)
                missing.discard(name)
            if not missing:
                return found
    except GraphApiError as error:
        if error.error_type != "permission":
            raise
        logger.warning("%s; creatives have no video urls", error)
        return found
    return found | _by_ids(transport, account_id, sorted(missing))


def _by_ids(transport: Transport, account_id: str, ids: Sequence[str]) -> dict[str, VideoUrls]:
    found: dict[str, VideoUrls] = {}
    asks = deque(ids[start : start + IDS] for start in range(0, len(ids), IDS))
    refusals = 0
    while asks and refusals < MAX_REFUSALS:
        asked = asks.popleft()
        params = {"ids": ",".join(asked), "fields": ",".join(FIELDS)}
        try:
            answer = transport.get("", params, account=account_id, shrinkable=len(asked) > 1)
        except GraphApiError as error:
            if not (error.error_type in _OF_A_VIDEO or error.shrink):
                raise
            refusals += 1
            # Whole requests first, their remains after: the limit shall cost as few videos as it can.
            asks.extend(_remains(asked, error))
            continue
        found.update({name: _urls(row) for name, row in answer.items() if name in asked and isinstance(row, Mapping)})
    if unread := len(ids) - len(found):
        logger.info("%s: %d of %d videos outside the library may not be read", account_id, unread, len(ids))
    return found


def _remains(asked: Sequence[str], error: GraphApiError) -> list[Sequence[str]]:
    """What to ask for instead of a refused request: without the ids that the refusal names, or in halves."""
    named = set(_NUMBERS.findall(error.message))
    kept = [one for one in asked if one not in named]
    if len(kept) < len(asked):
        return [kept] if kept else []
    half = len(asked) // 2
    return [asked[:half], asked[half:]] if half else []


def _urls(row: Mapping[str, Any]) -> VideoUrls:
    source, picture = (
        str(value) if isinstance(value := row.get(name), str) and value else None for name in ("source", "picture")
    )
    return VideoUrls(source, picture)
