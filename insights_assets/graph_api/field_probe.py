"""Finding the fields that an account cannot report, without reading what the message says.

Code 100 without a subcode is one answer for a wrong parameter and for a field that the account may not read.
"""

from collections.abc import Callable, Sequence
from typing import Final

# Whom a row is about, what it cost and what it brought: without these there is no row, for a zero in their place would
# be taken for a fact.
CORE: Final = frozenset({
    "account_id", "campaign_id", "adset_id", "ad_id", "spend", "impressions", "clicks", "inline_link_clicks", "actions",
})  # fmt: skip
# One bad field among 25 takes 9 calls, two take 16; more than that is not about single fields.
MAX_CALLS: Final = 24


class ProbeLimitError(Exception):
    """The search was given up: too many calls."""


def unreportable(fields: Sequence[str], refused: Callable[[Sequence[str]], bool]) -> list[str]:
    """The fields without which a question is accepted, by binary search.

    Args:
        fields: Fields of a question that was refused.
        refused: Asks a small question with some fields; True when it is refused too.

    Returns:
        The fields at fault; empty when the fields are not what is wrong.

    Raises:
        ProbeLimitError: More than ``MAX_CALLS`` small questions were needed.
    """
    core = [name for name in fields if name in CORE]
    optional = [name for name in fields if name not in CORE]
    calls = 0

    def bad(group: Sequence[str]) -> bool:
        nonlocal calls
        calls += 1
        if calls > MAX_CALLS:
            raise ProbeLimitError
        return refused([*core, *group])

    def search(group: Sequence[str]) -> list[str]:
        """The bad ones of a group that is known to have some."""
        if len(group) == 1:
            return list(group)
        left, right = group[: len(group) // 2], group[len(group) // 2 :]
        found = search(left) if bad(left) else []
        # A left half without any leaves them all to the right one: no need to ask.
        return found + (search(right) if not found or bad(right) else [])

    if not optional or bad(()):
        return []
    return search(optional) if bad(optional) else []
