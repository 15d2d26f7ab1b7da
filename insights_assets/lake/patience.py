"""How often a commit that lost against other writers is tried again, and after which pauses."""

import random
from collections.abc import Callable, Iterator
from typing import Final

COMMIT_TRIES: Final = 12  # eight writers on one account lost at most 4 races in a row when measured
FIRST_PAUSE_S: Final = 0.05
_DOUBLINGS: Final = 6


def tries(
    sleep: Callable[[float], None], count: int = COMMIT_TRIES, first_pause_s: float = FIRST_PAUSE_S
) -> Iterator[int]:
    """Yield the number of each try, from 1; before each but the first, sleep for a random time, longer each time.

    Args:
        sleep: takes seconds.
        count: tries.
        first_pause_s: longest first pause in seconds; doubled from try to try, six times at most.
    """
    for done in range(count):
        if done:
            sleep(random.uniform(0, first_pause_s * 2 ** min(done - 1, _DOUBLINGS)))
        yield done + 1
