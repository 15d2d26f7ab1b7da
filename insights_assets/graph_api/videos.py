"""Where the videos of an account can be watched.

API page: https://developers.facebook.com/docs/marketing-api/reference/ad-account/advideos/
"""

import logging
from typing import Final

from insights_assets.graph_api.edges import edge_rows
from insights_assets.graph_api.errors import GraphApiError
from insights_assets.graph_api.transport import Transport

logger = logging.getLogger(__name__)

FIELDS: Final = ("id", "source")
PAGE: Final = 100


def video_sources(transport: Transport, account_id: str) -> dict[str, str]:
    """Source urls of the videos in an account's library, signed for a time as picture urls are.

    Args:
        transport: Where to ask.
        account_id: The id with its prefix.

    Returns:
        Url by video id; a video without one, such as one of a page that the token may not read, is left out. Nothing at
        all where the token may not read the library: pictures and figures do not need it.

    Raises:
        GraphApiError: A page could not be read for another reason.
    """
    rows = edge_rows(transport, f"{account_id}/advideos", FIELDS, filtering=None, page=PAGE)
    try:
        return {str(row["id"]): str(row["source"]) for row in rows if row.get("id") and row.get("source")}
    except GraphApiError as error:
        if error.error_type != "permission":
            raise
        logger.warning("%s; creatives have no video urls", error)
        return {}
