"""Reading every page of an edge once, in order.

API page: https://developers.facebook.com/docs/graph-api/results
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from insights_assets.graph_api.errors import GraphApiError

logger = logging.getLogger(__name__)

Row = dict[str, Any]
Fetch = Callable[[Mapping[str, str]], Mapping[str, Any]]

# Never taken over from a `next` address: the transport authenticates by itself.
_CREDENTIALS: Final = frozenset({"access_token", "appsecret_proof"})

# A filtered edge can have many empty pages in a row; one that has only empty pages would never end.
MAX_EMPTY_PAGES: Final = 1000

# One heavy row makes its page too large once; without this, a page size above the server's own would cost a refusal
# for each page that it serves.
MAX_REFUSALS_OF_A_SIZE: Final = 2


def row_id(row: Row) -> object:
    """The key of entity rows."""
    return row.get("id")


class PageIterator(Iterator[list[Row]]):
    """Pages of one edge. Made by ``iterate_pages``.

    Attributes:
        duplicates: Rows that had come on an earlier page and were left out.
        pages: Pages read.
        largest: Rows of the largest page that was asked for and came; 0 before the first.
    """

    def __init__(
        self,
        fetch: Fetch,
        params: Mapping[str, str],
        *,
        host: str | None = None,
        key: Callable[[Row], object] = row_id,
        seen: set[object] | None = None,
    ) -> None:
        self.duplicates = 0
        self.pages = 0
        self._fetch = fetch
        self._params = dict(params)
        self._host = host
        self._key = key
        self.largest = 0
        self._full_limit = int(params["limit"]) if "limit" in params else None
        self._limit = self._full_limit
        self._refused: Counter[int] = Counter()
        self._next: dict[str, str] | None = {}
        self._places: set[tuple[tuple[str, str], ...]] = set()
        self._keys: set[object] = set() if seen is None else seen
        self._empty = 0

    def __iter__(self) -> "PageIterator":
        """Itself: a page is handed out once."""
        return self

    def __next__(self) -> list[Row]:
        """The next page's rows, without those seen before.

        Raises:
            StopIteration: The last page said that there is no next one.
            GraphApiError: The page could not be read, or the pages go in a circle.
        """
        if self._next is None:
            raise StopIteration
        body = self._ask(self._next)
        # Only now does the position move: a page that failed is asked for again from the same place.
        self._next = self._following(body)
        self.pages += 1
        rows: list[Row] = body.get("data") or []
        self._empty = 0 if rows else self._empty + 1
        if self._empty > MAX_EMPTY_PAGES and self._next is not None:
            raise _broken(f"more than {MAX_EMPTY_PAGES} empty pages in a row, each naming another")
        return self._fresh(rows)

    def _ask(self, place: Mapping[str, str]) -> Mapping[str, Any]:
        while True:
            size = {} if self._limit is None else {"limit": str(self._limit)}
            try:
                body = self._fetch({**self._params, **place, **size})
            except GraphApiError as error:
                if self._limit is None or self._limit <= 1 or not (error.action == "split" or error.shrink):
                    raise
                self._shrink(self._limit)
                logger.info("%s; asking for %d rows", error, self._limit)
                continue
            if self._limit is not None and self._full_limit is not None:
                self.largest = max(self.largest, self._limit)
                self._limit = min(self._full_limit, self._limit * 2)
            return body

    def _shrink(self, limit: int) -> None:
        """Halves the page; a size that never came and was refused twice is not tried again."""
        self._limit = max(1, limit // 2)
        if limit > self.largest:
            self._refused[limit] += 1
            if self._refused[limit] >= MAX_REFUSALS_OF_A_SIZE:
                self._full_limit = max(self.largest, self._limit)

    def _following(self, body: Mapping[str, Any]) -> dict[str, str] | None:
        paging = body.get("paging") or {}
        address = paging.get("next")
        if not address:
            return None
        cursors = paging.get("cursors")
        after = cursors.get("after") if isinstance(cursors, Mapping) else None
        place = {"after": str(after)} if after else self._from_address(str(address))
        mark = tuple(sorted(place.items()))
        if mark in self._places:
            raise _broken("paging loop: the same page is named as the next one twice")
        self._places.add(mark)
        return place

    def _from_address(self, address: str) -> dict[str, str]:
        """The position that a `next` address names; only its query is used, on our own host and path."""
        parts = urlsplit(address)
        if self._host is not None and parts.netloc != self._host:
            raise _broken(f"the next page is on another host: {parts.hostname}")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        place = {name: value for name, value in query.items() if name not in _CREDENTIALS and name != "limit"}
        return {name: value for name, value in place.items() if self._params.get(name) != value}

    def _fresh(self, rows: list[Row]) -> list[Row]:
        fresh = []
        for row in rows:
            key = self._key(row)
            if key is not None and key in self._keys:
                self.duplicates += 1
                continue
            self._keys.add(key)
            fresh.append(row)
        return fresh


def iterate_pages(
    fetch: Fetch,
    params: Mapping[str, str],
    *,
    host: str | None = None,
    key: Callable[[Row], object] = row_id,
    seen: set[object] | None = None,
) -> PageIterator:
    """Reads an edge to its end, losing and repeating nothing.

    An empty page that names a next one is not the end. A page that is too big is asked for in halves from the same
    position; the size recovers after a success.

    Args:
        fetch: Reads one page for the given parameters.
        params: Parameters of the first page; ``limit`` is the page size in rows.
        host: The only host that a ``next`` address may name; None skips the check.
        key: What makes two rows the same one; None for "cannot tell".
        seen: Keys of rows that were handed out before this edge was read; those read now are added.

    Returns:
        An iterator of pages.
    """
    return PageIterator(fetch, params, host=host, key=key, seen=seen)


def _broken(problem: str) -> GraphApiError:
    return GraphApiError(
        problem,
        error_type="data",
        attempted="Reading the pages of an edge",
        advice="Run it again; nothing of this edge was kept.",
    )
