"""How often one caller may ask: a token bucket each.

https://en.wikipedia.org/wiki/Token_bucket
"""

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

# Buckets kept; an older one is full again by the time it is dropped, or its owner gains one burst.
MOST_BUCKETS: Final = 10_000
BURST: Final = 0.1  # of a minute's requests


class RateLimits:
    """Counts requests by caller.

    Args:
        seconds: a clock that only goes forward.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str, per_minute: int) -> int:
        """Count a request.

        Returns:
            0 when it may go on, else the whole seconds after which one may.
        """
        now, rate = self._seconds(), per_minute / 60
        size = max(1.0, per_minute * BURST)
        left, at = self._buckets.get(caller, (size, now))
        left = min(size, left + (now - at) * rate)
        wait = 0 if left >= 1 else max(1, math.ceil((1 - left) / rate))
        self._buckets[caller] = (left if wait else left - 1, now)
        self._buckets.move_to_end(caller)
        if len(self._buckets) > MOST_BUCKETS:
            self._buckets.popitem(last=False)
        return wait
