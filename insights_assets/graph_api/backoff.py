"""Ladders of pauses between two tries of the same request."""

import random
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Backoff:
    """Before try n+1 wait up to ``min(cap_s, base_s * 2**(n-1))`` seconds, by a random share of it.

    Attributes:
        base_s: Longest pause after the first try, in seconds.
        cap_s: Longest pause of all, in seconds.
        tries: Tries in all, the first included; None leaves it to who asks.
        least: Smallest share of the pause: 0 is full jitter, 1 is none.
    """

    base_s: float
    cap_s: float
    tries: int | None = None
    least: float = 0.0

    def pause(self, attempt: int, rng: random.Random) -> float:
        """Seconds to wait after the given attempt, counted from 1."""
        longest = min(self.cap_s, self.base_s * 2 ** min(attempt - 1, 30))
        return rng.uniform(self.least * longest, longest)


TRANSIENT: Final = Backoff(base_s=0.5, cap_s=30)
# A finished report can stay unreadable for minutes: 5, 10, 20, 40, 60, 60, 60 s.
UNREADABLE: Final = Backoff(base_s=5, cap_s=60, tries=8, least=1.0)
