"""What earlier reports of a process taught: how long one takes, what an account cannot report, what fits a page."""

import threading
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Final

# The most rows asked for in a page; a server that serves fewer caps it by itself.
RESULT_PAGE: Final = 2000

_WEIGHT_OF_NEWEST: Final = 0.5
# Asking a little early keeps the estimate honest: it falls until a poll comes too soon.
_EARLY: Final = 0.9


@dataclass
class ReportMemory:
    """Shared by the clients of one process; safe to use from many threads. Losing it costs calls, never rows."""

    _latency_s: dict[Hashable, float] = field(default_factory=dict)
    _unreportable: dict[Hashable, frozenset[str]] = field(default_factory=dict)
    _page_rows: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def first_poll_s(self, kind: Hashable) -> float | None:
        """Seconds after which a report of this kind is worth a look; None when none was seen yet.

        Args:
            kind: What makes reports alike, such as (level, days of a row).
        """
        with self._lock:
            known = self._latency_s.get(kind, min(self._latency_s.values(), default=None))
        return None if known is None else _EARLY * known

    def took(self, kind: Hashable, seconds: float) -> None:
        """Learns from a report that was seen completed after so many seconds."""
        with self._lock:
            old = self._latency_s.get(kind, seconds)
            self._latency_s[kind] = old + _WEIGHT_OF_NEWEST * (seconds - old)

    def unreportable(self, account: str, level: str) -> frozenset[str]:
        """Fields that the account cannot report at a level."""
        with self._lock:
            return self._unreportable.get((account, level), frozenset())

    def cannot_report(self, account: str, level: str, names: Iterable[str]) -> None:
        """Remembers fields that were refused."""
        with self._lock:
            known = self._unreportable.get((account, level), frozenset())
            self._unreportable[account, level] = known | frozenset(names)

    def page_rows(self, account: str) -> int:
        """Rows that a page of the account's results may have."""
        with self._lock:
            return self._page_rows.get(account, RESULT_PAGE)

    def page_fits(self, account: str, rows: int) -> None:
        """Remembers the largest page that the account was not refused."""
        with self._lock:
            self._page_rows[account] = max(1, rows)
